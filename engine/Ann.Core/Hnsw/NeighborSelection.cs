using System.Diagnostics;

namespace Ann.Core.Hnsw;

/// <summary>Distances between rows of the build, for choosing links.</summary>
internal interface IRowDistance
{
    /// <summary>True to fill rows of links with the nearest of the pruned candidates (the paper's keepPrunedConnections).</summary>
    bool KeepsPruned { get; }

    /// <summary>True when one of some other nodes is nearer to a node than <paramref name="than"/>.</summary>
    bool AnyNearer(int node, ReadOnlySpan<int> others, float than);
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
    /// <param name="links">Receives the diverse links, nearest first, then the pruned ones; at least <paramref name="limit"/> long.</param>
    /// <returns>Links written.</returns>
    public static int Select<TDistance>(ReadOnlySpan<ulong> candidates, int limit, in TDistance distance, Span<int> links)
        where TDistance : struct, IRowDistance
    {
        int kept = SelectDiverse(candidates, limit, in distance, links);
        return distance.KeepsPruned ? Fill(candidates, links[..limit], kept) : kept;
    }

    /// <summary>Chooses the diverse ones only, whatever the distance wants of the pruned.</summary>
    /// <inheritdoc cref="Select"/>
    public static int SelectDiverse<TDistance>(ReadOnlySpan<ulong> candidates, int limit, in TDistance distance, Span<int> links)
        where TDistance : struct, IRowDistance
    {
        Debug.Assert(links.Length >= limit);
        int kept = 0;
        foreach (ulong candidate in candidates)
        {
            if (kept == limit)
                break;
            int node = Beam.NodeOf(candidate);
            if (!distance.AnyNearer(node, links[..kept], Beam.DistanceOf(candidate)))
                links[kept++] = node;
        }
        return kept;
    }

    /// <summary>Uses the slots that a choice left free for the nearest of the candidates that it pruned.</summary>
    /// <param name="candidates">Beam entries, nearest first.</param>
    /// <param name="links">The chosen, then the free slots.</param>
    /// <param name="kept">Links chosen.</param>
    /// <returns>Links in all.</returns>
    public static int Fill(ReadOnlySpan<ulong> candidates, Span<int> links, int kept)
    {
        ReadOnlySpan<int> diverse = links[..kept];
        for (int i = 0; i < candidates.Length && kept < links.Length; i++)
        {
            int node = Beam.NodeOf(candidates[i]);
            if (!diverse.Contains(node))
                links[kept++] = node;
        }
        return kept;
    }
}
