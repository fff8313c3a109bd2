using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Indexes;

/// <summary>A head without rows of its own that notes what is asked of it, and at which read point.</summary>
/// <param name="dimension">Of the index.</param>
/// <param name="keys">A segment to take metric and tombstones from.</param>
/// <param name="now">Its first read point.</param>
internal sealed class ScriptedHead(int dimension, LiveSealedSegment keys, ReadPoint now) : LiveSegment
{
    private int _freed;

    public LiveSealedSegment Keys { get; } = keys;

    public ReadPoint Now { get; set; } = now;

    public int PointsTaken { get; private set; }

    public ReadPoint SearchedAt { get; private set; }

    public int TimesFreed => Volatile.Read(ref _freed);

    public override Metric Metric => Keys.Metric;

    public override int Dimension => dimension;

    public override KeyKind KeyKind => Keys.KeyKind;

    public override int Count => Now.Rows;

    public override long MemoryBytes => 0;

    internal override Tombstones Dead { get; } = new(1);

    internal override ReadPoint Published
    {
        get
        {
            PointsTaken++;
            return Now;
        }
    }

    internal override int FindNewest(in ItemKey key) => -1;

    internal override int Find(in ItemKey key, ReadPoint at) => -1;

    internal override ItemKey KeyOf(int node) => throw new InvalidOperationException();

    internal override ReadOnlySpan<float> Row(int node) => throw new InvalidOperationException();

    private protected override SegmentSearcher Searcher => throw new NotSupportedException();

    internal override void Search(in SegmentQuery query, Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        SearchedAt = query.At;
        counts.Clear();
        statistics.Clear();
    }

    private protected override SegmentSight SightAt(ReadPoint at) => throw new NotSupportedException();

    private protected override void Free() => Interlocked.Increment(ref _freed);
}
