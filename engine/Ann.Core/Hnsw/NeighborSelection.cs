using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Ann.Core.Hnsw;

/// <summary>Distances between rows of the build, for choosing links.</summary>
internal interface IRowDistance
{
    /// <summary>
    /// True for inner product. Its answers lie farthest out in the direction of a query, and in a crowd of rows the diversity heuristic
    /// leaves few links that lead there.
    /// </summary>
    bool Climbs { get; }

    /// <summary>
    /// The negative inner product of two rows but for a factor of the first: the smaller, the farther out the second lies.
    /// </summary>
    /// <param name="node">The first row.</param>
    /// <param name="other">The second.</param>
    /// <param name="distance">Between them.</param>
    float Descent(int node, int other, float distance);

    /// <summary>True when one of some other nodes is nearer to a node than <paramref name="than"/>.</summary>
    bool AnyNearer(int node, ReadOnlySpan<int> others, float than);
}

/// <summary>
/// The diversity heuristic (Malkov &amp; Yashunin 2018, Algorithm 4): a candidate is linked only when it is nearer to the node than to
/// every neighbour linked already. It keeps the long edges that join clusters.
/// </summary>
/// <remarks>
/// Where a distance climbs, a row has M links with the nearest that were pruned; what is free of the others leads outwards:
/// links by angle and by inner product in one graph (ip-NSW+: Liu et al., AAAI 2020). ADR 0003 has figures.
/// </remarks>
internal static class NeighborSelection
{
    /// <summary>Chooses links among candidates.</summary>
    /// <param name="candidates">Beam entries, nearest first, none of them the node itself.</param>
    /// <param name="limit">Links at most, M or more.</param>
    /// <param name="m">M of the graph: pruned candidates fill up to so many where the distance climbs.</param>
    /// <param name="distance">Between rows.</param>
    /// <param name="links">Receives the diverse links, nearest first, then the pruned ones; at least <paramref name="limit"/> long.</param>
    /// <returns>Links written.</returns>
    public static int Select<TDistance>(
        ReadOnlySpan<ulong> candidates, int limit, int m, in TDistance distance, Span<int> links)
        where TDistance : struct, IRowDistance
    {
        int kept = SelectDiverse(candidates, limit, in distance, links);
        return distance.Climbs && kept < m ? Fill(candidates, links[..m], kept) : kept;
    }

    /// <summary>Chooses the diverse ones only, whatever the distance wants of the pruned.</summary>
    /// <param name="candidates">Beam entries, nearest first, none of them the node itself.</param>
    /// <param name="limit">Links at most.</param>
    /// <param name="distance">Between rows.</param>
    /// <param name="links">Receives the links, nearest first; at least <paramref name="limit"/> long.</param>
    /// <returns>Links written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    /// <summary>Fills a row of level 0: with the nearest of the candidates, then with those that lead outwards.</summary>
    /// <param name="node">Whose row.</param>
    /// <param name="candidates">Beam entries, nearest first. Reordered.</param>
    /// <param name="distance">Between rows.</param>
    /// <param name="links">The chosen, then the free slots.</param>
    /// <param name="kept">Links chosen.</param>
    /// <returns>Links in all.</returns>
    public static int FillRow<TDistance>(
        int node, Span<ulong> candidates, in TDistance distance, Span<int> links, int kept)
        where TDistance : struct, IRowDistance
    {
        if (distance.Climbs)
        {
            kept = Fill(candidates, links[..NearestSlots(links.Length, kept, in distance)], kept);
            OrderOutwards(node, candidates, in distance);
        }
        return Fill(candidates, links, kept);
    }

    /// <summary>Slots of a row of level 0 that are for near links: M where the distance climbs, unless more were chosen.</summary>
    public static int NearestSlots<TDistance>(int slots, int kept, in TDistance distance)
        where TDistance : struct, IRowDistance => distance.Climbs ? Math.Max(kept, slots / 2) : slots;

    /// <summary>Puts those candidates first that lie farthest out, seen from a node.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OrderOutwards<TDistance>(int node, Span<ulong> candidates, in TDistance distance)
        where TDistance : struct, IRowDistance
    {
        foreach (ref ulong candidate in candidates)
        {
            int other = Beam.NodeOf(candidate);
            candidate = Beam.Pack(other, distance.Descent(node, other, Beam.DistanceOf(candidate)));
        }
        candidates.Sort();
    }

    /// <summary>Uses the slots that a choice left free for the nearest of the candidates that it pruned.</summary>
    /// <param name="candidates">Beam entries, nearest first.</param>
    /// <param name="links">The chosen, then the free slots.</param>
    /// <param name="kept">Links chosen.</param>
    /// <returns>Links in all.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
