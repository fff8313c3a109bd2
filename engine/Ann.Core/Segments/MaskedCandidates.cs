using System.Diagnostics;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

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
internal static class MaskedCandidates
{
    /// <summary>Candidates, nearest first by the scorer, marked or not.</summary>
    /// <param name="segment">Where they are.</param>
    /// <param name="query">What is asked.</param>
    /// <param name="scorer">Distances to the query.</param>
    /// <param name="filter">Accepts the nodes of the mask that the reader sees.</param>
    /// <param name="live">Accepts the nodes that the reader sees.</param>
    /// <param name="context">Scratch.</param>
    public static Candidates Find<TScorer, TFilter, TLive, TLinks>(
        scoped in SegmentView segment, scoped in MaskedQuery query, scoped in TScorer scorer, scoped in TFilter filter,
        scoped in TLive live, QueryContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
        where TLive : struct, INodeFilter
        where TLinks : struct, ILinkRows
    {
        Debug.Assert(query.Mask.Count > 0);
        SearchContext search = context.Walk;
        HnswGraph graph = segment.Graph;
        int matches = query.Mask.Count;
        int enough = Math.Min(query.K, matches);
        MaskedPlanner planner = new(query.Nodes, matches, query.K, query.Ef, graph.M0, query.RowBytes, query.IsEstimated);
        SearchPlan plan = planner.Choose();
        bool isOpposed = false;
        if (plan == SearchPlan.FilteredWalk)
        {
            search.Statistics.EfSearch = query.Ef;
            WalkOutcome outcome = Walk<TScorer, TFilter, TLinks>(
                in segment, in scorer, in filter, new WalkWidth(planner.Wanted, planner.Room), context);
            // Of a walk that had no room for all it wanted, what it found is the edge of what it did not come by.
            int hole = query.Nodes - matches;
            bool isFound = Holds(enough, in graph, in filter, search) && !outcome.IsCrowdedOut(planner.Wanted);
            if (search.IsStopped || (isFound && !planner.IsBehindHole(outcome.Kept, outcome.Refused)))
                return Found(search, plan);
            if (isFound)
                hole = Math.Min(hole, outcome.Refused);
            if (planner.RoomBehind(hole) is int room and > 0)
            {
                Walk<TScorer, TFilter, TLinks>(
                    in segment, in scorer, in filter, new WalkWidth(planner.WantedBehind(hole), room), context);
                if (search.IsStopped || Holds(enough, in graph, in filter, search))
                    return Found(search, plan);
            }
            isOpposed = true;
            plan = planner.ChooseOpposed();
        }
        if (plan == SearchPlan.TwoHopWalk)
        {
            search.Statistics.EfSearch = query.Ef;
            ulong entry = GreedyDescent.Run<TScorer, TLinks>(in graph, in scorer, search);
            isOpposed = isOpposed
                || planner.IsOpposed(TwoHopWalk.ShareAround<TFilter, TLinks>(in graph, Beam.NodeOf(entry), in filter, search));
            plan = isOpposed ? planner.ChooseOpposed() : SearchPlan.TwoHopWalk;
            if (plan == SearchPlan.TwoHopWalk)
            {
                int ef = isOpposed ? MaskedPlanner.OpposedWidths * query.Ef : query.Ef;
                Note(TwoHopWalk.Run<TScorer, TFilter, TLinks>(in graph, in scorer, filter, entry, query.Mask.Seeds, ef, search), search);
                if (search.IsStopped || Holds(enough, in graph, in filter, search))
                    return Found(search, plan);
            }
        }
        bool isRankedAnew = query.ScanWidth > BoundaryTies.Kept(query.K, keysAscend: false);
        int width = isOpposed && isRankedAnew ? Math.Max(query.ScanWidth, query.K + planner.OpposedMargin) : query.ScanWidth;
        ReadOnlySpan<ulong> found = MatchingScan.Run(query.Mask, in scorer, in live, search, context.Candidates(width));
        search.Statistics.IsByCodes = isRankedAnew && found.Length < matches;
        return new Candidates(found, SearchPlan.Scan, isShort: false);
    }

    private static Candidates Found(SearchContext search, SearchPlan plan) => new(search.Beam.Entries, plan, isShort: false);

    private static WalkOutcome Walk<TScorer, TFilter, TLinks>(
        in SegmentView segment, in TScorer scorer, in TFilter filter, WalkWidth width, QueryContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
        where TLinks : struct, ILinkRows =>
        Note(SegmentWalk.Run<TScorer, TFilter, TLinks>(in segment, in scorer, filter, width, context), context.Walk);

    /// <summary>Tells how many of each kind a walk ended with: what its recall is estimated by.</summary>
    private static WalkOutcome Note(WalkOutcome outcome, SearchContext search)
    {
        (search.Statistics.Kept, search.Statistics.Refused) = (outcome.Kept, outcome.Refused);
        return outcome;
    }

    /// <summary>True when what a walk found stands for enough items.</summary>
    private static bool Holds<TFilter>(int enough, in HnswGraph graph, in TFilter filter, SearchContext search)
        where TFilter : struct, INodeFilter =>
        CopyExpansion.Holds(graph.Copies, search.Beam.Entries, enough, in filter);
}
