using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Tool.Items;

namespace Ann.Tool.Bulk;

/// <summary>The items of an input, block by block.</summary>
/// <param name="items">The items; owned from here on.</param>
/// <param name="limits">How many make a block.</param>
/// <param name="hasTokens">Looks at a text; null where all are taken as they are.</param>
/// <param name="leavesOut">What becomes of a text without tokens: true leaves it out, false refuses it.</param>
internal sealed class ItemBlocks(ItemReader items, BlockLimits limits, Func<string, bool>? hasTokens, bool leavesOut) : IDisposable
{
    private readonly ItemHash _hash = new();
    private long _read;
    private long _leftOut;

    /// <summary>How much of the input was read, 0 to 1; null where nobody knows.</summary>
    public double? Fraction => items.Fraction;

    /// <summary>True when reading may wait for ever for somebody who writes: whoever ends early does not wait for it.</summary>
    public bool MayHang => items.Source.IsStandardInput;

    /// <summary>Reads past items that were encoded before, and checks that they are what they were.</summary>
    /// <param name="count">How many, up to the end of a block.</param>
    /// <param name="hash">Their hash.</param>
    /// <param name="cancellation">Looked at now and then.</param>
    /// <exception cref="AnnException">InvalidArgument: others.</exception>
    public void Skip(long count, UInt128 hash, CancellationToken cancellation)
    {
        while (_read < count && TryRead(cancellation, count) is { } block)
            block.Dispose();
        if (_read != count || _hash.Current != hash)
        {
            string found = _read < count ? $"{_read:N0} items" : "others";
            throw AnnException.BadInput(
                items.Source.Name, "",
                $"the first {count:N0} items are not those that were encoded before; found {found}. "
                + "--resume goes on with the same input alone.");
        }
    }

    /// <summary>Reads the next block.</summary>
    /// <param name="cancellation">Looked at now and then.</param>
    /// <param name="end">Where reading ends at the latest, in items of the input.</param>
    /// <returns>Null at the end.</returns>
    /// <exception cref="AnnException">InvalidArgument: an item that cannot be encoded; names its place.</exception>
    public ItemBlock? TryRead(CancellationToken cancellation, long end = long.MaxValue)
    {
        List<string> texts = [];
        KeyColumn? keys = null;
        List<int> leftOut = [];
        long chars = 0;
        int count = 0;
        while (count < limits.Rows && chars < limits.Chars && _read < end && items.TryRead())
        {
            cancellation.ThrowIfCancellationRequested();
            _hash.Add(items);
            _read++;
            keys ??= new KeyColumn(items.KeyKind);
            chars += items.Text.Length;
            if (hasTokens is not null && !hasTokens(items.Text))
            {
                if (!leavesOut)
                    throw items.Bad($"the text of '{PrintedText.Of(items.KeyText)}' has no tokens. {EmptyTextRule.Choices}");
                leftOut.Add(count);
            }
            else
            {
                items.AddKeyTo(keys);
                texts.Add(items.Text);
            }
            count++;
        }
        if (count == 0)
            return null;
        AttributeBatch? attributes = items.TakeAttributes();
        if (attributes is not null)
            _hash.Add(attributes);
        _leftOut += leftOut.Count;
        return new ItemBlock
        {
            Texts = texts,
            Keys = keys!,
            Attributes = leftOut.Count == 0 || attributes is null ? attributes : Others(attributes, leftOut),
            ItemsRead = _read,
            Hash = _hash.Current,
            LeftOut = _leftOut,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => items.Dispose();

    private static AttributeBatch Others(AttributeBatch attributes, List<int> leftOut)
    {
        AttributeBatch others = new(attributes.Schema);
        HashSet<int> without = [.. leftOut];
        for (int item = 0; item < attributes.Count; item++)
            if (!without.Contains(item))
                others.AddFrom(attributes, item);
        return others;
    }
}
