using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>
/// Which of the items at the distance of the k-th nearest an exact scan returns: those with the smallest keys, so that an answer does not
/// depend on the order of rows. A scan by itself leaves those with the smallest nodes, which is the same where keys ascend with nodes.
/// </summary>
/// <param name="keys">Of the nodes.</param>
/// <param name="rows">Nodes of the segment.</param>
/// <param name="stride">Components of a row, padded.</param>
internal readonly struct BoundaryTies(INodeKeys keys, int rows, int stride)
{
    /// <summary>Entries that a scan for k must keep for it to be seen that there are more at the distance of the last.</summary>
    /// <param name="k">Results wanted.</param>
    /// <param name="keysAscend">True where keys ascend with nodes, or do not count.</param>
    public static int Kept(int k, bool keysAscend) => keysAscend ? k : k + 1;

    /// <summary>Looks at all rows once more, if there are more items at the distance of the last than there is room for.</summary>
    /// <param name="ranked">What a scan that kept <see cref="Kept"/> entries left, nearest first. Overwritten.</param>
    /// <param name="k">Results wanted.</param>
    /// <param name="scorer">As the scan had it.</param>
    /// <param name="filter">Which nodes the scan looked at.</param>
    /// <param name="context">Holds the budget: when it ends, what the scan left stays.</param>
    /// <returns>At most k entries; those of the last distance in any order.</returns>
    public Span<ulong> Resolve<TDistance, TFilter>(
        Span<ulong> ranked, int k, scoped in RowScorer<TDistance> scorer, scoped in TFilter filter, SearchContext context)
        where TDistance : struct, IDistance
        where TFilter : struct, INodeFilter
    {
        if (ranked.Length <= k)
            return ranked;
        ulong last = ranked[k - 1] >> 32;
        if (ranked[k] >> 32 != last || context.IsStopped)
            return ranked[..k];
        int nearer = k - 1;
        while (nearer > 0 && ranked[nearer - 1] >> 32 == last)
            nearer--;
        Span<ulong> tied = ranked[nearer..k]; // a heap whose root has the largest key
        KeyTies.MakeHeap(keys, tied);
        int piece = ExactScan.RowsPerCheck(stride);
        for (int from = Beam.NodeOf(ranked[k]); from < rows; from += piece)
        {
            if (context.Budget.Check() != StopReason.None)
                break; // the distances are right, whichever of these items have them
            int to = Math.Min(from + piece, rows);
            for (int node = filter.Next(from, to); node < to; node = filter.Next(node + 1, to))
            {
                ulong entry = Beam.Pack(node, scorer.Score(node));
                if (entry >> 32 == last && keys.Compare(node, Beam.NodeOf(tied[0])) < 0)
                {
                    tied[0] = entry;
                    KeyTies.Sift(keys, tied);
                }
            }
        }
        return ranked[..k];
    }
}
