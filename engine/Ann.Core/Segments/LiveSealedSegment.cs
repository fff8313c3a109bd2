using System.Diagnostics;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>A sealed segment in an index: its file, the tombstones of its nodes, and a table from key to node.</summary>
/// <param name="segment">Owned from here on.</param>
internal sealed class LiveSealedSegment(SealedSegment segment) : LiveSegment
{
    private readonly Lock _making = new();
    private volatile KeyTable? _table;

    /// <summary>The file.</summary>
    public SealedSegment Sealed => segment;

    /// <inheritdoc/>
    public override Metric Metric => segment.Metric;

    /// <inheritdoc/>
    public override int Dimension => segment.Dimension;

    /// <inheritdoc/>
    public override KeyKind KeyKind => segment.Keys.Kind;

    /// <inheritdoc/>
    public override int Count => segment.Count;

    /// <inheritdoc/>
    public override long MemoryBytes => segment.LoadedBytes + Dead.SizeInBytes + (_table?.SizeInBytes ?? 0) + MaskBytes;

    internal override AttributeTable? Attributes => segment.Attributes;

    internal override RecallCurves? Recall { get; } = RecallCurves.Of(segment.Certificate);

    internal override Tombstones Dead { get; } = new(segment.Count);

    /// <summary>
    /// Makes the table from key to node, unless it is there: <see cref="KeyTable.BytesOf"/> bytes, and a pass over all keys. The first
    /// lookup would make it otherwise; an index that is written to makes it when it opens the segment.
    /// </summary>
    /// <exception cref="AnnException">Corrupt: two nodes have one key.</exception>
    internal void PrepareLookups() => _ = Table();

    internal override int FindNewest(in ItemKey key) => Table().Find(in key);

    internal override int Find(in ItemKey key, ReadPoint at)
    {
        int node = Table().Find(in key);
        return node >= 0 && Dead.IsDead(node, at.Sequence) ? -1 : node;
    }

    internal override int Locate(in ItemKey key, ReadPoint at) => Table().Find(in key);

    internal override void LocateMany(KeySpan keys, ReadPoint at, Span<int> nodes) => Table().FindMany(keys, nodes);

    internal override ItemKey KeyOf(int node) => segment.Keys.Of(node);

    internal override ReadOnlySpan<float> Row(int node) => segment.Row(node);

    internal override bool HasPayloads => segment.Payloads is not null;

    internal override ReadOnlySpan<byte> Payload(int node) => segment.Payloads is { } payloads ? payloads[node] : default;

    internal override bool? Reaches(int node, in SearchBudget budget) => segment.Reaches(node, in budget);

    private protected override SegmentSearcher Searcher => segment.Searcher;

    /// <remarks>
    /// Deaths up to the read point were counted before it was published, so a segment that counts none has none that this reader sees.
    /// </remarks>
    private protected override SegmentSight SightAt(ReadPoint at)
    {
        Debug.Assert(at.Rows >= Count, "a sealed segment is seen whole");
        int dead = Dead.Count;
        return dead == 0 ? SegmentSight.Whole(Count) : new SegmentSight(Count, Count - dead, Dead.LeaveFew(Count), Dead.LiveAt(at));
    }

    private protected override long MaskCacheBytes => SegmentMasks.CacheBytesOf(Count);

    private protected override void Free()
    {
        segment.Dispose();
        Dead.Dispose();
        _table?.Dispose();
    }

    private KeyTable MakeTable()
    {
        try
        {
            return new KeyTable(segment.Keys, segment.Count);
        }
        catch (AnnException e)
        {
            throw SegmentSections.EqualKeys(segment.Path, e);
        }
    }

    private KeyTable Table()
    {
        if (_table is { } table)
            return table;
        lock (_making)
            return _table ??= MakeTable();
    }
}
