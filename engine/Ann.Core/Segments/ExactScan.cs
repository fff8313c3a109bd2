using Ann.Core.Distances;
using Ann.Core.Hnsw;

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

    /// <summary>
    /// The nearest of the rows that a filter accepts, nearest first; the context says what it cost, and whether it was stopped.
    /// </summary>
    /// <param name="scorer">Distances to the query.</param>
    /// <param name="filter">Which rows.</param>
    /// <param name="rows">Rows that there are.</param>
    /// <param name="stride">Components of a row, padded.</param>
    /// <param name="context">Holds the budget.</param>
    /// <param name="kept">Room for as many as are wanted.</param>
    /// <returns>In <paramref name="kept"/>.</returns>
    public static Span<ulong> Run<TDistance, TFilter>(
        scoped in RowScorer<TDistance> scorer, scoped in TFilter filter, int rows, int stride, SearchContext context, Span<ulong> kept)
        where TDistance : struct, IDistance
        where TFilter : struct, INodeFilter
    {
        TopK top = new(kept);
        int visited = 0;
        int piece = RowsPerCheck(stride);
        for (int from = 0; from < rows && !context.Look(); from += piece)
        {
            int to = Math.Min(from + piece, rows);
            for (int node = filter.Next(from, to); node < to; node = filter.Next(node + 1, to))
            {
                visited++;
                ulong entry = Beam.Pack(node, scorer.Score(node));
                if (entry < top.Threshold)
                    top.Add(entry);
            }
        }
        context.Statistics.Visited += visited;
        return top.Sorted();
    }
}
