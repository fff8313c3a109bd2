using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>
/// Which items of a snapshot a search may return, as a mask a segment, evaluated once for all rows of a request. Made by
/// <see cref="IndexSnapshot.Select"/>; good while the snapshot is held.
/// </summary>
public sealed class ItemSelection : IDisposable
{
    private readonly NodeMask?[] _masks;
    private readonly Action? _letGo;

    /// <param name="at">What the reader sees: every search with this selection reads as of this write.</param>
    /// <param name="masks">One a segment; null lets all its nodes be returned.</param>
    /// <param name="matching">Items that may be returned.</param>
    /// <param name="items">Items there are.</param>
    /// <param name="letGo">Returns the masks to where they came from.</param>
    internal ItemSelection(ReadPoint at, NodeMask?[] masks, long matching, long items, Action? letGo)
    {
        At = at;
        _masks = masks;
        _letGo = letGo;
        Matching = matching;
        Items = items;
    }

    /// <summary>What the reader sees.</summary>
    public ReadPoint At { get; }

    /// <summary>Items that may be returned; rows of deleted items may be counted.</summary>
    public long Matching { get; }

    /// <summary>Items there are.</summary>
    public long Items { get; }

    /// <summary>Share of the items that may be returned, 0 to 1.</summary>
    public double Selectivity => Items == 0 ? 1 : Math.Min(1, (double)Matching / Items);

    /// <summary>The mask of a segment; null when all its nodes may be returned.</summary>
    internal NodeMask? MaskOf(int segment) => _masks[segment];

    /// <inheritdoc/>
    public void Dispose() => _letGo?.Invoke();
}
