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

    private protected override SegmentSearcher Searcher => inner.Sealed.Searcher;

    internal override void Search(in SegmentQuery query, Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        Asked.AddRange(Enumerable.Repeat(query.Parameters, counts.Length));
        inner.Search(in query, results, counts, statistics);
    }

    private protected override SegmentSight SightAt(ReadPoint at) => throw new NotSupportedException("It asks the other.");

    private protected override void Free() => inner.Release();
}
