using Ann.Core;
using Ann.Encoding;
using Ann.Tool.Items;

namespace Ann.Tool.Bulk;

/// <summary>
/// A first reading of a file, before anything is encoded: every item is read and its key compared, and texts in which the encoder finds no
/// token are counted, so that a run of hours does not end with any of that.
/// </summary>
internal sealed class ItemSurvey
{
    private const int Named = 5;
    private const int Between = 1024;

    private readonly List<string> _names = [];

    private ItemSurvey()
    {
    }

    /// <summary>Items of the file.</summary>
    public long Items { get; private set; }

    /// <summary>Texts without tokens among them: empty ones, and to some encoders signs only.</summary>
    public long Empty { get; private set; }

    /// <summary>Reads a file once, and again where it has more keys than are compared at once.</summary>
    /// <exception cref="AnnException">
    /// InvalidArgument: an item that cannot be read, a key that two items have, or no items; names file and place.
    /// </exception>
    public static ItemSurvey Of(ToolContext tool, ItemSource source, TextEncoder encoder, CancellationToken cancellation)
    {
        ItemSurvey found = new();
        DuplicateKeys keys = new();
        using (ItemReader items = source.Open(tool))
        using (ProgressMeter progress = new(tool, "read", "rows", total: null))
        {
            while (items.TryRead())
            {
                keys.Add(items.KeyHash);
                if (!encoder.HasTokens(items.Text))
                    found.AddEmpty(items);
                if (++found.Items % Between != 0)
                    continue;
                cancellation.ThrowIfCancellationRequested();
                items.TakeAttributes();
                progress.Report(found.Items, items.Fraction);
            }
        }
        if (found.Items == 0)
            throw AnnException.BadInput(source.Name, "", "it holds no items.");
        if (keys.Find(() => KeyHashes(tool, source, cancellation)) is (long first, long second))
            throw SharedKey(tool, source, first, second);
        return found;
    }

    /// <summary>Tells of texts without tokens, or refuses them.</summary>
    /// <exception cref="AnnException">InvalidArgument: there are some and the policy is to fail, or no text would be left.</exception>
    public void Tell(ToolContext tool, string input, EmptyTextPolicy policy)
    {
        if (Empty == 0)
            return;
        string which = $"{Empty:N0} of {Items:N0} texts have no tokens: {string.Join(", ", _names)}{(Empty > Named ? ", …" : "")}.";
        if (policy == EmptyTextPolicy.Fail)
            throw AnnException.BadInput(input, "", $"{which} {EmptyTextRule.Choices}");
        if (policy == EmptyTextPolicy.Skip && Empty == Items)
            throw AnnException.BadInput(input, "", which + " Nothing would be left.");
        tool.Notice($"{input}: {which} " + (policy == EmptyTextPolicy.Skip
            ? "They are left out."
            : "They get the row that the model makes of no tokens."));
    }

    private void AddEmpty(ItemReader items)
    {
        Empty++;
        if (_names.Count < Named)
            _names.Add($"'{PrintedText.Of(items.KeyText)}' ({items.Place})");
    }

    private static IEnumerable<UInt128> KeyHashes(ToolContext tool, ItemSource source, CancellationToken cancellation)
    {
        using ItemReader items = (source with { Attributes = null }).Open(tool);
        while (items.TryRead())
        {
            cancellation.ThrowIfCancellationRequested();
            yield return items.KeyHash;
        }
    }

    private static AnnException SharedKey(ToolContext tool, ItemSource source, long first, long second)
    {
        using ItemReader items = (source with { Attributes = null }).Open(tool);
        string place = "";
        for (long item = 0; item <= second && items.TryRead(); item++)
            if (item == first)
                place = items.Place;
        return items.Bad($"the key '{PrintedText.Of(items.KeyText)}' is already the key of {place}; keys must be unique.");
    }
}
