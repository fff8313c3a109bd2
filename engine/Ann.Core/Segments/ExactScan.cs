using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>The answer without a graph: every row's distance.</summary>
internal static unsafe class ExactScan
{
    /// <summary>Components scanned between two looks at the budget: 512 kB, about 100 µs.</summary>
    private const int ComponentsPerCheck = 1 << 17;

    private const int MostRowsPerCheck = 1024;

    /// <summary>Rows scanned between two looks at the budget.</summary>
    /// <param name="stride">Components of a row, padded.</param>
    public static int RowsPerCheck(int stride) => Math.Clamp(ComponentsPerCheck / stride, 1, MostRowsPerCheck);

    /// <summary>The k nearest of all rows that a filter accepts, nearest first.</summary>
    public static Span<ulong> Run<TDistance, TFilter>(
        scoped in SegmentView segment, QueryContext context, scoped in TFilter filter, int k)
        where TDistance : struct, IDistance
        where TFilter : struct, INodeFilter
    {
        RowScorer<TDistance> scorer = new(segment.Rows, segment.RowStride, context.Query);
        TopK top = new(context.Ranked(k));
        ref SearchStatistics statistics = ref context.Walk.Statistics;
        int piece = RowsPerCheck(segment.RowStride);
        for (int from = 0; from < segment.Count; from += piece)
        {
            statistics.Stopped = context.Walk.Budget.Check();
            if (statistics.Stopped != StopReason.None)
                break;
            int to = Math.Min(from + piece, segment.Count);
            for (int node = filter.Next(from, to); node < to; node = filter.Next(node + 1, to))
            {
                statistics.Visited++;
                ulong entry = Beam.Pack(node, scorer.Score(node));
                if (entry < top.Threshold)
                    top.Add(entry);
            }
        }
        return top.Sorted();
    }
}
