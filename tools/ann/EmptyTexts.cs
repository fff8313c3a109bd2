using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Encoding;

namespace Ann.Tool;

/// <summary>What becomes of texts without tokens.</summary>
internal enum EmptyTextPolicy
{
    /// <summary>Nothing is encoded.</summary>
    Fail,

    /// <summary>They are left out, with their keys and attributes.</summary>
    Skip,

    /// <summary>They get the row that the model makes of no tokens.</summary>
    Keep,
}

/// <summary>
/// The texts of a file in which an encoder finds no token: empty ones, and signs only. They are looked for before anything is encoded, so
/// that a run of an hour does not end with them.
/// </summary>
internal sealed class EmptyTexts
{
    private const int Chunk = 2048;
    private const int Named = 5;

    private readonly HashSet<long> _rows = [];
    private readonly List<string> _names = [];
    private long _texts;

    /// <summary>How many there are.</summary>
    public long Count => _rows.Count;

    /// <summary>The policy that a word of <c>--empty</c> means.</summary>
    public static EmptyTextPolicy PolicyOf(string word) => word switch
    {
        "skip" => EmptyTextPolicy.Skip,
        "keep" => EmptyTextPolicy.Keep,
        _ => EmptyTextPolicy.Fail,
    };

    /// <summary>Reads a file once.</summary>
    /// <exception cref="AnnException">InvalidArgument: a line that is no item.</exception>
    public static EmptyTexts Find(ToolContext tool, string input, TextEncoder encoder, CancellationToken cancellation)
    {
        EmptyTexts found = new();
        using JsonlTextReader reader = new(tool.Files, input);
        List<string> texts = [];
        while (reader.ReadTexts(texts, Chunk) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (string text in texts)
            {
                if (!encoder.HasTokens(text))
                {
                    found._rows.Add(found._texts);
                    if (found._names.Count < Named)
                        found._names.Add($"'{reader.Keys.Format((int)found._texts)}' ({reader.Place(found._texts)})");
                }
                found._texts++;
            }
        }
        return found;
    }

    /// <summary>Tells of them, or refuses them.</summary>
    /// <exception cref="AnnException">InvalidArgument: there are some and the policy is to fail, or no text would be left.</exception>
    public void Tell(ToolContext tool, string input, EmptyTextPolicy policy)
    {
        if (Count == 0)
            return;
        string which = $"{Count:N0} of {_texts:N0} texts have no tokens: {string.Join(", ", _names)}{(Count > Named ? ", …" : "")}.";
        if (policy == EmptyTextPolicy.Fail)
        {
            throw AnnException.BadInput(
                input, "", which + " --empty skip leaves them out, --empty keep gives them the row that the model makes of no tokens.");
        }
        if (policy == EmptyTextPolicy.Skip && Count == _texts)
            throw AnnException.BadInput(input, "", which + " Nothing would be left.");
        tool.Notice($"{input}: {which} " + (policy == EmptyTextPolicy.Skip
            ? "They are left out."
            : "They get the row that the model makes of no tokens."));
    }

    /// <summary>Takes them out of what was read.</summary>
    /// <param name="texts">Texts from <paramref name="first"/> on; those that have tokens stay.</param>
    /// <param name="attributes">Their attributes; null for none.</param>
    /// <param name="first">Number of the first text in the file.</param>
    /// <param name="keys">Keys of the whole file up to here.</param>
    /// <param name="kept">Receives the keys of the texts that stay.</param>
    /// <returns>Attributes of the texts that stay.</returns>
    public AttributeBatch? TakeOut(List<string> texts, AttributeBatch? attributes, long first, KeyColumn keys, KeyColumn kept)
    {
        AttributeBatch? left = attributes is null ? null : new AttributeBatch(attributes.Schema);
        int count = 0;
        for (int i = 0; i < texts.Count; i++)
        {
            if (_rows.Contains(first + i))
                continue;
            kept.Add(keys.KeyAt((int)(first + i)));
            left?.AddFrom(attributes!, i);
            texts[count++] = texts[i];
        }
        texts.RemoveRange(count, texts.Count - count);
        return left;
    }
}
