using System.Diagnostics;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>
/// How a search among the nodes of a mask is done, by what it would cost: all of them looked at, or a walk of the graph.
/// </summary>
/// <remarks>
/// The costs are nanoseconds of one core as measured by <c>ann-bench filters</c> (ADR 0016). Only their ratios count: they decide between
/// plans, and are shown to nobody. Memory that is asked for ahead costs about as much as reading it in a row; the scores are therefore
/// charged by their bytes.
/// </remarks>
internal static class MaskedPlanner
{
    /// <summary>
    /// From this share of accepted nodes on the walk goes through those that are refused. Below, it would visit more of them than the walk
    /// of two hops looks at.
    /// </summary>
    public const float FilteredShare = 0.4f;

    /// <summary>A word of a mask without any node in it.</summary>
    private const double WordNs = 0.4;

    /// <summary>A row, whatever its length: found in the mask, scored, compared with the worst that is kept.</summary>
    private const double RowNs = 6;

    /// <summary>A byte of a row.</summary>
    private const double ByteNs = 0.045;

    /// <summary>What belongs to a node that is expanded: its own row of links, its place in the beam.</summary>
    private const double ExpandNs = 250;

    /// <summary>A row of links of a refused neighbour.</summary>
    private const double BridgeNs = 30;

    /// <summary>A node looked at over a refused one: its bit in the mask.</summary>
    private const double LookNs = 1;

    /// <summary>Before the walk: the query's codes, the greedy descent, the seeds.</summary>
    private const double StartNs = 12_000;

    /// <summary>A scan, or a walk of two hops.</summary>
    /// <param name="nodes">Nodes of the segment.</param>
    /// <param name="matches">Nodes of the mask, 1 or more.</param>
    /// <param name="ef">Beam width.</param>
    /// <param name="slots">Links of a node on level 0.</param>
    /// <param name="rowBytes">Bytes that one score reads.</param>
    public static SearchPlan Choose(int nodes, int matches, int ef, int slots, int rowBytes)
    {
        Debug.Assert(matches > 0 && nodes > 0);
        return matches <= ef || ScanNs(nodes, matches, rowBytes) <= TwoHopNs(nodes, matches, ef, slots, rowBytes)
            ? SearchPlan.Scan
            : SearchPlan.TwoHopWalk;
    }

    /// <summary>What a scan of the nodes of a mask costs.</summary>
    internal static double ScanNs(int nodes, int matches, int rowBytes) =>
        nodes / 64.0 * WordNs + matches * (RowNs + ByteNs * rowBytes);

    /// <summary>What a walk of two hops costs, were the nodes of the mask everywhere alike.</summary>
    internal static double TwoHopNs(int nodes, int matches, int ef, int slots, int rowBytes)
    {
        double share = Math.Min(1, (double)matches / nodes);
        double direct = slots * share;
        double missing = slots - direct;
        double bridges = Math.Min(slots - direct, missing / Math.Max(direct, 1e-9));
        double found = Math.Min(slots, direct + bridges * direct);
        double each = ExpandNs + bridges * (BridgeNs + slots * LookNs) + found * (RowNs + ByteNs * rowBytes);
        return StartNs + Math.Min(ef, matches) * each;
    }
}
