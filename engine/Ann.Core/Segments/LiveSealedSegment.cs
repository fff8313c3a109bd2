using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
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

    internal override SearchCosts CostsOf(int matches, int k, int ef) => segment.Searcher.CostsOf(matches, k, ef);

    /// <summary>
    /// Makes the table from key to node, unless it is there: <see cref="KeyTable.BytesOf"/> bytes, and a pass over all keys. The first
    /// lookup would make it otherwise; an index that is written to makes it when it opens the segment.
    /// </summary>
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

    internal override bool? Reaches(int node, in SearchBudget budget) => segment.Reaches(node, in budget);

    /// <remarks>
    /// Deaths up to the read point were counted before it was published, so a segment that counts none has none that this reader sees.
    /// </remarks>
    internal override int Search(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, NodeMask? mask,
        Span<Neighbor> results, out SearchStatistics statistics)
    {
        Debug.Assert(at.Rows >= Count, "a sealed segment is seen whole");
        if (Refuses(mask))
            return segment.Searcher.Search(query, row: 0, mask, LiveAt(at), in parameters, in budget, results, out statistics);
        return Dead.Count == 0
            ? segment.Searcher.Search(query, in parameters, in budget, results, out statistics)
            : segment.Searcher.Search(query, Dead.LiveAt(at), AmongDead(parameters), in budget, results, out statistics);
    }

    internal override void SearchMany(
        ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, NodeMask? mask,
        Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        Debug.Assert(at.Rows >= Count, "a sealed segment is seen whole");
        if (Refuses(mask))
            SearchMasked(queries, in parameters, in budget, at, mask, results, counts, statistics);
        else if (Dead.Count == 0)
            segment.Searcher.SearchMany(queries, in parameters, in budget, results, counts, statistics);
        else
            segment.Searcher.SearchMany(queries, Dead.LiveAt(at), AmongDead(parameters), in budget, results, counts, statistics);
    }

    private protected override long MaskCacheBytes => SegmentMasks.CacheBytesOf(Count);

    private protected override void Free()
    {
        segment.Dispose();
        Dead.Dispose();
        _table?.Dispose();
    }

    /// <summary>True when a mask lacks a node: one that has all costs nothing then.</summary>
    private bool Refuses([NotNullWhen(true)] NodeMask? mask) => mask is not null && mask.Count < Count;

    private LiveNodes? LiveAt(ReadPoint at) => Dead.Count == 0 ? null : Dead.LiveAt(at);

    /// <summary>One by one: each query has its own plan.</summary>
    private void SearchMasked(
        ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, NodeMask mask,
        Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        int k = parameters.K;
        if (queries.Length != (long)counts.Length * Dimension)
            throw AnnException.DimensionMismatch("queries", "The index", Dimension, queries.Length / Math.Max(counts.Length, 1));
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = segment.Searcher.Search(
                queries.Slice(i * Dimension, Dimension), i, mask, LiveAt(at), in parameters, in budget, results[(i * k)..],
                out statistics[i]);
        }
    }

    private SearchParameters AmongDead(SearchParameters parameters) =>
        Dead.LeaveFew(Count) ? parameters with { Exact = true } : parameters;

    private KeyTable Table()
    {
        if (_table is { } table)
            return table;
        lock (_making)
            return _table ??= new KeyTable(segment.Keys, segment.Count);
    }
}
