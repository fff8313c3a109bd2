using System.Diagnostics;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>The walk through refused nodes of one kind of segment. Implementations are structs used as type arguments.</summary>
internal interface IFilteredWalk
{
    /// <summary>Leaves in the beam of the context the nearest nodes that a filter accepts.</summary>
    void Run<TScorer, TFilter>(in TScorer scorer, TFilter filter, int ef, QueryContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter;
}

/// <summary>A search among the nodes of a mask: what is asked.</summary>
/// <param name="Mask">Which nodes; one at least.</param>
/// <param name="Nodes">Nodes of the segment that the reader sees.</param>
/// <param name="K">Results wanted.</param>
/// <param name="Ef">Beam width.</param>
/// <param name="ScanWidth">Nodes that a scan keeps: <see cref="BoundaryTies.Kept"/>, and more where they are ranked anew.</param>
/// <param name="RowBytes">Bytes that one score reads.</param>
/// <param name="IsEstimated">True in the fast layout.</param>
internal readonly record struct MaskedQuery(NodeMask Mask, int Nodes, int K, int Ef, int ScanWidth, int RowBytes, bool IsEstimated);

/// <summary>
/// Finds the nearest nodes of a mask: by the plan that costs least, and by the next where that one finds too few. Never fewer than k
/// where there are k, unless it is stopped.
/// </summary>
internal static class MaskedSearch
{
    /// <summary>Candidates, nearest first by the scorer, marked or not; statistics tell the plan that found them.</summary>
    /// <param name="query">What is asked.</param>
    /// <param name="graph">Of the segment.</param>
    /// <param name="scorer">Distances to the query.</param>
    /// <param name="filter">Accepts the nodes of the mask that the reader sees.</param>
    /// <param name="live">Accepts the nodes that the reader sees.</param>
    /// <param name="walk">Through refused nodes.</param>
    /// <param name="context">Scratch.</param>
    public static ReadOnlySpan<ulong> Find<TScorer, TFilter, TLive, TLinks, TWalk>(
        scoped in MaskedQuery query, scoped in HnswGraph graph, scoped in TScorer scorer, scoped in TFilter filter,
            scoped in TLive live, scoped in TWalk walk, QueryContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
        where TLive : struct, INodeFilter
        where TLinks : struct, ILinkRows
        where TWalk : struct, IFilteredWalk
    {
        Debug.Assert(query.Mask.Count > 0);
        SearchContext search = context.Walk;
        ref SearchStatistics statistics = ref search.Statistics;
        int matches = query.Mask.Count;
        int enough = Math.Min(query.K, matches);
        MaskedPlanner planner = new(query.Nodes, matches, query.K, query.Ef, graph.M0, query.RowBytes, query.IsEstimated);
        statistics.Plan = planner.Choose();
        bool isOpposed = false;
        if (statistics.Plan == SearchPlan.FilteredWalk)
        {
            statistics.EfSearch = query.Ef;
            search.FilteredRoom = planner.Room;
            walk.Run(in scorer, filter, planner.Wanted, context);
            NoteBeam(search);
            // Of a walk that had no room for all it wanted, what it found is the edge of what it did not come by.
            int hole = query.Nodes - matches;
            bool isFound = Holds(enough, in graph, in filter, search) && !search.IsCrowdedOut(planner.Wanted);
            if (IsStopped(search) || (isFound && !planner.IsBehindHole(search.Beam.Count, search.Refused)))
                return search.Beam.Entries;
            if (isFound)
                hole = Math.Min(hole, search.Refused);
            if (planner.RoomBehind(hole) is int room and > 0)
            {
                search.FilteredRoom = room;
                walk.Run(in scorer, filter, planner.WantedBehind(hole), context);
                NoteBeam(search);
                if (IsStopped(search) || Holds(enough, in graph, in filter, search))
                    return search.Beam.Entries;
            }
            isOpposed = true;
            statistics.Plan = planner.ChooseOpposed();
        }
        if (statistics.Plan == SearchPlan.TwoHopWalk)
        {
            statistics.EfSearch = query.Ef;
            ulong entry = GreedyDescent.Run<TScorer, TLinks>(in graph, in scorer, search);
            isOpposed = isOpposed
                || planner.IsOpposed(TwoHopWalk.ShareAround<TFilter, TLinks>(in graph, Beam.NodeOf(entry), in filter, search));
            statistics.Plan = isOpposed ? planner.ChooseOpposed() : SearchPlan.TwoHopWalk;
            if (statistics.Plan == SearchPlan.TwoHopWalk)
            {
                int ef = isOpposed ? MaskedPlanner.OpposedWidths * query.Ef : query.Ef;
                TwoHopWalk.Run<TScorer, TFilter, TLinks>(in graph, in scorer, filter, entry, query.Mask.Seeds, ef, search);
                (statistics.Kept, statistics.Refused) = (search.Beam.Count, 0); // refused nodes are stepped over, and never kept
                if (IsStopped(search) || Holds(enough, in graph, in filter, search))
                    return search.Beam.Entries;
                statistics.Plan = SearchPlan.Scan;
            }
        }
        bool isRankedAnew = query.ScanWidth > BoundaryTies.Kept(query.K, keysAscend: false);
        int width = isOpposed && isRankedAnew ? Math.Max(query.ScanWidth, query.K + planner.OpposedMargin) : query.ScanWidth;
        ReadOnlySpan<ulong> found = MatchingScan.Run(query.Mask, in scorer, in live, search, context.Candidates(width));
        statistics.IsByCodes = isRankedAnew && found.Length < matches;
        return found;
    }

    /// <summary>True when what a walk found stands for enough items.</summary>
    private static bool Holds<TFilter>(int enough, in HnswGraph graph, in TFilter filter, SearchContext search)
        where TFilter : struct, INodeFilter =>
        CopyExpansion.Holds(graph.Copies, search.Beam.Entries, enough, in filter);

    /// <summary>How many of each kind a walk through refused nodes ended with: what its recall is estimated by.</summary>
    private static void NoteBeam(SearchContext search) =>
        (search.Statistics.Kept, search.Statistics.Refused) = (search.Beam.Count, search.Refused);

    /// <summary>True when a walk was stopped: what it has is all there will be.</summary>
    private static bool IsStopped(SearchContext search) => search.Statistics.Stopped != StopReason.None;
}
