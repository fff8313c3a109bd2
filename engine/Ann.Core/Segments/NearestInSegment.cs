using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>What a walk or scan found, before it is ranked.</summary>
/// <param name="entries">Beam entries, nearest first by the scorer, marked or not: leaders where a walk found them, else items.</param>
/// <param name="plan">By which they were found.</param>
/// <param name="isShort">True when there may be nearer ones, or are more, that were not found, though nobody stopped the walk.</param>
internal readonly ref struct Candidates(ReadOnlySpan<ulong> entries, SearchPlan plan, bool isShort)
{
    public ReadOnlySpan<ulong> Entries { get; } = entries;

    public SearchPlan Plan => plan;

    public bool IsShort => isShort;
}

/// <summary>The search of one query in a segment: candidates by the graph, ranked by exact distances.</summary>
/// <param name="searcher">Of the segment.</param>
/// <param name="context">Holds the prepared query.</param>
/// <param name="asked">What is asked.</param>
/// <param name="filter">Accepts the nodes that may be returned.</param>
/// <param name="live">Accepts those that the reader sees; the same where there is no mask.</param>
internal readonly unsafe ref struct NearestInSegment<TLinks, TFilter, TLive>(
    SegmentSearcher searcher, QueryContext context, AskedNodes asked, TFilter filter, TLive live) : IScoringVisitor<Span<ulong>>
    where TLinks : struct, ILinkRows
    where TFilter : struct, INodeFilter
    where TLive : struct, INodeFilter
{
    private readonly ref readonly SegmentView _segment = ref searcher.Segment;
    private readonly TFilter _filter = filter;
    private readonly TLive _live = live;

    /// <summary>The nearest, nearest first: k, if there are as many, and perhaps some more.</summary>
    public Span<ulong> Visit<TScoring, TScorer, TDistance>()
        where TScoring : struct, ISegmentScoring<TScorer>
        where TScorer : struct, INodeScorer
        where TDistance : struct, IDistance
    {
        if (asked.Parameters.Exact)
            return Scan<TDistance>();
        if (TScoring.IsExact || _segment.Growing is not { } growing)
            return Find<TScoring, TScorer, TDistance>();

        // The writer encodes the rows anew a few times in the life of a head. What was found meanwhile is worth nothing.
        if (growing.Codes!.TryBegin() is { } version)
        {
            Span<ulong> ranked = Find<TScoring, TScorer, TDistance>();
            if (growing.Codes.AreStill(version))
                return ranked;
            context.Walk.Restart();
        }
        return Find<RowScoring<TDistance>, RowScorer<TDistance>, TDistance>();
    }

    /// <summary>Ranks what a walk or scan found.</summary>
    /// <param name="found">In the beam of the context, or in its room for candidates.</param>
    /// <param name="coded">How the query was quantised.</param>
    public Span<ulong> Rank<TScoring, TScorer, TDistance>(Candidates found, scoped in CodedQuery coded)
        where TScoring : struct, ISegmentScoring<TScorer>
        where TScorer : struct, INodeScorer
        where TDistance : struct, IDistance
    {
        if (found.IsShort)
            return Scan<TDistance>();
        context.Walk.Statistics.Plan = found.Plan;
        bool isScan = found.Plan == SearchPlan.Scan;
        RerankTimer? timer = TScoring.IsExact ? null : context.Walk.Budget.Timer;
        timer?.Begin();
        Span<ulong> ranked = TScoring.IsExact
            ? context.Copy(found.Entries)
            : Reranking.Run<TDistance>(in _segment, context, found.Entries, asked.Parameters, coded);
        timer?.End();
        if (isScan)
            return TScoring.IsExact ? Resolve<TDistance>(ranked) : ranked;
        return context.Expand(_segment.Copies, ranked, asked.Parameters.K, in _filter, inKeyOrder: _segment.Growing is null);
    }

    /// <summary>What a walk without a mask left in the beam.</summary>
    public Candidates Walked(WalkOutcome outcome)
    {
        ReadOnlySpan<ulong> found = context.Walk.Beam.Entries;
        bool isShort = !TFilter.AcceptsAll && outcome.Stopped == StopReason.None && (outcome.IsCrowdedOut(asked.Parameters.K)
            || !CopyExpansion.Holds(_segment.Copies, found, Math.Min(asked.Parameters.K, asked.Sight.Alive), in _filter));
        return new Candidates(found, SearchPlan.Walk, isShort);
    }

    private Span<ulong> Find<TScoring, TScorer, TDistance>()
        where TScoring : struct, ISegmentScoring<TScorer>
        where TScorer : struct, INodeScorer
        where TDistance : struct, IDistance
    {
        CodedQuery coded = TScoring.Quantise(in _segment, context);
        TScorer scorer = TScoring.Of(in _segment, context, in coded);
        Candidates found = asked.Mask is null ? Walk(in scorer) : FindMasked<TScoring, TScorer>(in scorer);
        if (!TScoring.IsExact)
            Reranking.Prefetch(in _segment, found.Entries);
        return Rank<TScoring, TScorer, TDistance>(found, in coded);
    }

    private Candidates Walk<TScorer>(scoped in TScorer scorer)
        where TScorer : struct, INodeScorer
    {
        int ef = asked.Parameters.BeamWidth;
        context.Walk.Statistics.EfSearch = ef;
        return asked.Sight.Rows == 0
            ? new Candidates([], SearchPlan.Walk, isShort: false)
            : Walked(SegmentWalk.Run<TScorer, TFilter, TLinks>(in _segment, in scorer, _filter, new WalkWidth(ef), context));
    }

    private Candidates FindMasked<TScoring, TScorer>(scoped in TScorer scorer)
        where TScoring : struct, ISegmentScoring<TScorer>
        where TScorer : struct, INodeScorer
    {
        int k = asked.Parameters.K;
        MaskedQuery query = new(
            asked.Mask!, asked.Sight.Rows, k, asked.Parameters.BeamWidth, TScoring.IsExact ? KeptOfScan : Reranking.MostOfScan(k),
            TScoring.IsExact ? _segment.RowBytes : _segment.CodeStride, _segment.Blocks is not null);
        return MaskedCandidates.Find<TScorer, TFilter, TLive, TLinks>(in _segment, in query, in scorer, in _filter, in _live, context);
    }

    /// <summary>The answer without a graph, whatever codes there are.</summary>
    private Span<ulong> Scan<TDistance>()
        where TDistance : struct, IDistance
    {
        context.Walk.Statistics.Plan = SearchPlan.Scan;
        RowScorer<TDistance> scorer = RowScoring<TDistance>.Of(in _segment, context, default);
        Span<ulong> kept = context.Ranked(KeptOfScan);
        Span<ulong> found = Resolve<TDistance>(asked.Mask is { } mask
            ? MatchingScan.Run(mask, in scorer, in _live, context.Walk, kept)
            : ExactScan.Run(in scorer, in _filter, asked.Sight.Rows, _segment.RowStride, context.Walk, kept));
        _segment.RowReads?.Release();
        return found;
    }

    private int KeptOfScan => BoundaryTies.Kept(asked.Parameters.K, searcher.KeysAscend);

    /// <summary>Of the items that a scan found at the distance of the last, those with the smallest keys.</summary>
    private Span<ulong> Resolve<TDistance>(Span<ulong> ranked)
        where TDistance : struct, IDistance
    {
        if (searcher.KeysAscend)
            return ranked;
        RowScorer<TDistance> scorer = RowScoring<TDistance>.Of(in _segment, context, default);
        BoundaryTies ties = new(searcher.Keys!, asked.Sight.Rows, _segment.RowStride);
        return ties.Resolve(ranked, asked.Parameters.K, in scorer, in _filter, context.Walk);
    }
}

/// <summary>What is asked of the nodes of a segment.</summary>
/// <param name="Parameters">k, beam width, exact or not.</param>
/// <param name="Mask">Which may be returned; null for all.</param>
/// <param name="Sight">What the reader sees.</param>
internal readonly record struct AskedNodes(SearchParameters Parameters, NodeMask? Mask, SegmentSight Sight);

/// <summary>The walk of a segment, in either layout.</summary>
internal static class SegmentWalk
{
    /// <summary>Leaves in the beam of the context the nearest nodes that a filter accepts.</summary>
    public static WalkOutcome Run<TScorer, TFilter, TLinks>(
        in SegmentView segment, in TScorer scorer, TFilter filter, WalkWidth width, QueryContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
        where TLinks : struct, ILinkRows
    {
        HnswGraph graph = segment.Graph;
        return segment.Blocks is { } shape
            ? new BlockWalk<TScorer, TFilter>(graph, shape, context.Estimate(in segment), scorer, filter, width, context.Walk).Run()
            : LayerSearch.Run<TScorer, TFilter, TLinks>(in graph, in scorer, filter, width, context.Walk);
    }
}
