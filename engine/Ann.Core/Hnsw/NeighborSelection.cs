using System.Diagnostics;

namespace Ann.Core.Hnsw;

/// <summary>Distances between rows of the build, for choosing links.</summary>
internal interface IRowDistance
{
    /// <summary>Distance between two nodes. Symmetric.</summary>
    float Between(int a, int b);
}

/// <summary>
/// The diversity heuristic (Malkov &amp; Yashunin 2018, Algorithm 4): a candidate is linked only when it is nearer to the node than to
/// every neighbour linked already. It keeps the long edges that join clusters.
/// </summary>
internal static class NeighborSelection
{
    /// <summary>Chooses links among candidates.</summary>
    /// <param name="candidates">Beam entries, nearest first, none of them the node itself.</param>
    /// <param name="limit">Links at most.</param>
    /// <param name="distance">Between rows.</param>
    /// <param name="links">Receives the links, nearest first; at least <paramref name="limit"/> long.</param>
    /// <returns>Links written.</returns>
    public static int Select<TDistance>(ReadOnlySpan<ulong> candidates, int limit, in TDistance distance, Span<int> links)
        where TDistance : struct, IRowDistance
    {
        Debug.Assert(links.Length >= limit);
        int kept = 0;
        foreach (ulong candidate in candidates)
        {
            if (kept == limit)
                break;
            int node = Beam.NodeOf(candidate);
            float toOwner = Beam.DistanceOf(candidate);
            bool diverse = true;
            for (int i = 0; i < kept && diverse; i++)
                diverse = distance.Between(node, links[i]) >= toOwner;
            if (diverse)
                links[kept++] = node;
        }
        return kept;
    }
}
