using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>Searches among the nodes of a mask in a sealed segment: the switch over metric, codes and the dead, above the loops.</summary>
internal static unsafe class MaskedSegmentSearch
{
    /// <summary>The nearest nodes of a mask, ranked by exact distances.</summary>
    /// <param name="segment">Where they are.</param>
    /// <param name="keys">Break ties between equal distances; null leaves them in node order.</param>
    /// <param name="context">Holds the query.</param>
    /// <param name="mask">Which nodes.</param>
    /// <param name="live">Accepts the nodes that the reader sees; null when it sees all.</param>
    /// <param name="parameters">k, beam width, exact or not.</param>
    public static Span<ulong> Run(
        in SegmentView segment, SegmentKeys? keys, QueryContext context, NodeMask mask, LiveNodes? live,
            scoped in SearchParameters parameters)
    {
        if (mask.Count == 0)
        {
            context.Walk.Statistics.Plan = SearchPlan.Scan;
            return [];
        }
        return live is null && mask.Nodes >= segment.Count
            ? RunAmongCopies(in segment, keys, context, mask, new MaskBits(mask.Start), default(AcceptAll), in parameters)
            : RunAmongDead(in segment, keys, context, mask, live ?? new LiveNodes(null, null, ReadPoint.All), in parameters);
    }

    private static Span<ulong> RunAmongDead(
        in SegmentView segment, SegmentKeys? keys, QueryContext context, NodeMask mask, LiveNodes live,
            scoped in SearchParameters parameters) =>
        RunAmongCopies(in segment, keys, context, mask, new MaskedNodes(mask.Start, mask.Nodes, live), live, in parameters);

    private static Span<ulong> RunAmongCopies<TFilter, TLive>(
        in SegmentView segment, SegmentKeys? keys, QueryContext context, NodeMask mask, scoped in TFilter filter, scoped in TLive live,
            scoped in SearchParameters parameters)
        where TFilter : struct, INodeFilter
        where TLive : struct, INodeFilter
    {
        NodeCopies copies = segment.Graph.Copies;
        return copies.IsEmpty
            ? Run(in segment, keys, context, mask, in filter, in live, in parameters)
            : Run(in segment, keys, context, mask, context.Among(in filter, copies), in live, in parameters);
    }

    private static Span<ulong> Run<TFilter, TLive>(
        in SegmentView segment, SegmentKeys? keys, QueryContext context, NodeMask mask, scoped in TFilter filter, scoped in TLive live,
            scoped in SearchParameters parameters)
        where TFilter : struct, INodeFilter
        where TLive : struct, INodeFilter
    {
        bool squared = segment.Metric == Metric.L2;
        if (parameters.Exact || segment.Codes == CodesKind.F32)
        {
            return squared
                ? Rows<SquaredL2, TFilter, TLive>(in segment, keys, context, mask, in filter, in live, in parameters)
                : Rows<NegativeDot, TFilter, TLive>(in segment, keys, context, mask, in filter, in live, in parameters);
        }
        if (segment.CodeScale == 0)
            return Codes<RowScaleScoring, Int8Scorer, TFilter, TLive>(in segment, context, mask, in filter, in live, in parameters);
        return squared
            ? Codes<UniformSquaresScoring, UniformScorer<SquaresTerm>, TFilter, TLive>(
                in segment, context, mask, in filter, in live, in parameters)
            : Codes<UniformScoring, UniformScorer<NoTerm>, TFilter, TLive>(
                in segment, context, mask, in filter, in live, in parameters);
    }

    private static Span<ulong> Rows<TDistance, TFilter, TLive>(
        in SegmentView segment, SegmentKeys? keys, QueryContext context, NodeMask mask, scoped in TFilter filter, scoped in TLive live,
            scoped in SearchParameters parameters)
        where TDistance : struct, IDistance
        where TFilter : struct, INodeFilter
        where TLive : struct, INodeFilter
    {
        int k = parameters.K;
        RowScorer<TDistance> scorer = new(segment.Rows, segment.RowStride, context.Query);
        int scanWidth = BoundaryTies.Kept(k, keys is null || keys.AreAscending);
        Span<ulong> found;
        if (parameters.Exact)
        {
            context.Walk.Statistics.Plan = SearchPlan.Scan;
            found = MatchingScan.Run(mask, in scorer, in live, context.Walk, context.Ranked(scanWidth));
        }
        else
        {
            MaskedQuery query = new(
                mask, segment.Count, k, parameters.BeamWidth, scanWidth, segment.RowStride * sizeof(float), IsEstimated: false);
            HnswGraph graph = segment.Graph;
            SealedWalk walk = new(segment);
            found = context.Copy(MaskedSearch.Find<RowScorer<TDistance>, TFilter, TLive, SealedLinks, SealedWalk>(
                in query, in graph, in scorer, in filter, in live, in walk, context));
        }
        return context.Walk.Statistics.Plan == SearchPlan.Scan && scanWidth > k
            ? BoundaryTies.Resolve(found, k, keys!, in scorer, in filter, segment.Count, segment.RowStride, context.Walk)
            : Items(in segment, context, found, k, in filter);
    }

    private static Span<ulong> Codes<TScoring, TScorer, TFilter, TLive>(
        in SegmentView segment, QueryContext context, NodeMask mask, scoped in TFilter filter, scoped in TLive live,
            scoped in SearchParameters parameters)
        where TScoring : struct, ICodeScoring<TScorer>
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
        where TLive : struct, INodeFilter
    {
        int k = parameters.K;
        Int8Query coded = context.Quantise(in segment);
        TScorer scorer = TScoring.Of(in segment, context, coded);
        MaskedQuery query = new(
            mask, segment.Count, k, parameters.BeamWidth, Reranking.MostOfScan(k), segment.CodeStride, segment.Blocks is not null);
        HnswGraph graph = segment.Graph;
        SealedWalk walk = new(segment);
        ReadOnlySpan<ulong> found = MaskedSearch.Find<TScorer, TFilter, TLive, SealedLinks, SealedWalk>(
            in query, in graph, in scorer, in filter, in live, in walk, context);
        Reranking.Prefetch(in segment, found);
        Span<ulong> ranked = segment.Metric == Metric.L2
            ? Reranking.Run<SquaredL2>(in segment, context, found, k, coded)
            : Reranking.Run<NegativeDot>(in segment, context, found, k, coded);
        return Items(in segment, context, ranked, k, in filter);
    }

    /// <summary>A walk finds leaders; a scan found the items themselves.</summary>
    private static Span<ulong> Items<TFilter>(
        in SegmentView segment, QueryContext context, Span<ulong> found, int k, scoped in TFilter filter)
        where TFilter : struct, INodeFilter =>
        context.Walk.Statistics.Plan == SearchPlan.Scan
            ? found
            : context.Expand(segment.Graph.Copies, found, k, in filter, inKeyOrder: true);

    /// <summary>The walk of either layout.</summary>
    private readonly struct SealedWalk(SegmentView segment) : IFilteredWalk
    {
        private readonly SegmentView _segment = segment;

        public void Run<TScorer, TFilter>(in TScorer scorer, TFilter filter, int ef, QueryContext context)
            where TScorer : struct, INodeScorer
            where TFilter : struct, INodeFilter
        {
            HnswGraph graph = _segment.Graph;
            if (_segment.Blocks is { } shape)
                new BlockWalk<TScorer, TFilter>(graph, shape, context.Estimate(in _segment), scorer, filter, ef, context.Walk).Run();
            else
                LayerSearch.Run(in graph, in scorer, filter, ef, context.Walk);
        }
    }
}
