using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Indexes;

/// <summary>A segment that notes what is asked of it, query by query, and answers as the one that it holds.</summary>
/// <param name="inner">Owned from here on.</param>
internal sealed class AskedSegment(LiveSealedSegment inner) : LiveSegment
{
    public List<SearchParameters> Asked { get; } = [];

    public override Metric Metric => inner.Metric;

    public override int Dimension => inner.Dimension;

    public override KeyKind KeyKind => inner.KeyKind;

    public override int Count => inner.Count;

    public override long MemoryBytes => inner.MemoryBytes;

    internal override Tombstones Dead => inner.Dead;

    internal override RecallCurves? Recall => inner.Recall;

    internal override int FindNewest(in ItemKey key) => inner.FindNewest(in key);

    internal override int Find(in ItemKey key, ReadPoint at) => inner.Find(in key, at);

    internal override ItemKey KeyOf(int node) => inner.KeyOf(node);

    internal override ReadOnlySpan<float> Row(int node) => inner.Row(node);

    internal override int Search(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, NodeMask? mask,
        Span<Neighbor> results, out SearchStatistics statistics)
    {
        Asked.Add(parameters);
        return inner.Search(query, in parameters, in budget, at, mask, results, out statistics);
    }

    internal override void SearchMany(
        ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, NodeMask? mask,
        Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        Asked.AddRange(Enumerable.Repeat(parameters, counts.Length));
        inner.SearchMany(queries, in parameters, in budget, at, mask, results, counts, statistics);
    }

    private protected override void Free() => inner.Release();
}
