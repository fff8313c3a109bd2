using System.Diagnostics;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>Answers queries over one segment, on any number of threads at once, without a lock and without allocating.</summary>
/// <param name="segment">What to read. Its memory must outlive this object.</param>
/// <param name="keys">Breaks ties between equal distances; null leaves them in node order.</param>
internal sealed unsafe class SegmentSearcher(SegmentView segment, SegmentKeys? keys) : IDisposable
{
    private readonly QueryContextPool _contexts = new(segment);

    /// <inheritdoc cref="SealedSegment.Search"/>
    public int Search(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, Span<Neighbor> results,
        out SearchStatistics statistics) => Search(query, default(AcceptAll), in parameters, in budget, results, out statistics);

    /// <summary>The same among the nodes that a filter accepts.</summary>
    public int Search<TFilter>(
        ReadOnlySpan<float> query, in TFilter filter, in SearchParameters parameters, in SearchBudget budget, Span<Neighbor> results,
        out SearchStatistics statistics)
        where TFilter : struct, INodeFilter =>
        Search(query, row: 0, in filter, in parameters, in budget, results, out statistics);

    private int Search<TFilter>(
        ReadOnlySpan<float> query, int row, in TFilter filter, in SearchParameters parameters, in SearchBudget budget,
        Span<Neighbor> results, out SearchStatistics statistics)
        where TFilter : struct, INodeFilter
    {
        Validate(query.Length, in parameters, results.Length, queries: 1);
        QueryContext context = _contexts.Rent();
        try
        {
            Prepare(context, query, row, in budget);
            context.Walk.Statistics.Plan = SearchPlan.Walk;
            NodeCopies copies = segment.Graph.Copies;
            Span<ulong> ranked = parameters.Exact ? Scan(context, in filter, parameters.K)
                : TFilter.AcceptsAll || copies.IsEmpty ? Walk(context, in filter, in parameters)
                : Walk(context, context.Among(in filter, copies), in parameters);
            statistics = context.Walk.Statistics;
            return Write(ranked, parameters.K, results);
        }
        finally
        {
            _contexts.Return(context);
        }
    }

    /// <summary>The same among the nodes of a mask, by the plan that costs least: k whenever there are k.</summary>
    /// <param name="query">As the caller gave it.</param>
    /// <param name="row">Its number, for an error.</param>
    /// <param name="mask">Which nodes.</param>
    /// <param name="live">Accepts the nodes that the reader sees; null when it sees all.</param>
    /// <param name="parameters">k, beam width, exact or not.</param>
    /// <param name="budget">When to stop early.</param>
    /// <param name="results">Room for k.</param>
    /// <param name="statistics">What it cost, and the plan.</param>
    public int Search(
        ReadOnlySpan<float> query, int row, NodeMask mask, LiveNodes? live, in SearchParameters parameters, in SearchBudget budget,
        Span<Neighbor> results, out SearchStatistics statistics)
    {
        Validate(query.Length, in parameters, results.Length, queries: 1);
        QueryContext context = _contexts.Rent();
        try
        {
            Prepare(context, query, row, in budget);
            Span<ulong> ranked = MaskedSegmentSearch.Run(in segment, keys, context, mask, live, in parameters);
            statistics = context.Walk.Statistics;
            return Write(ranked, parameters.K, results);
        }
        finally
        {
            _contexts.Return(context);
        }
    }

    /// <inheritdoc cref="SealedSegment.SearchMany"/>
    public void SearchMany(
        ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, Span<Neighbor> results, Span<int> counts,
        Span<SearchStatistics> statistics) =>
        SearchMany(queries, default(AcceptAll), in parameters, in budget, results, counts, statistics);

    /// <summary>The same among the nodes that a filter accepts.</summary>
    public void SearchMany<TFilter>(
        ReadOnlySpan<float> queries, in TFilter filter, in SearchParameters parameters, in SearchBudget budget, Span<Neighbor> results,
        Span<int> counts, Span<SearchStatistics> statistics)
        where TFilter : struct, INodeFilter
    {
        if (queries.Length != (long)counts.Length * segment.Dimension)
            throw AnnException.DimensionMismatch("queries", "The index", segment.Dimension, queries.Length / Math.Max(counts.Length, 1));
        if (counts.Length == 0)
            return;
        int dimension = segment.Dimension;
        Validate(dimension, in parameters, results.Length, counts.Length);
        bool isPlain = TFilter.AcceptsAll || segment.Graph.Copies.IsEmpty;
        if (segment.Blocks is null || parameters.Exact || counts.Length == 1 || !isPlain)
        {
            int k = parameters.K;
            for (int i = 0; i < counts.Length; i++)
            {
                counts[i] = Search(
                    queries.Slice(i * dimension, dimension), i, in filter, in parameters, in budget, results.Slice(i * k, k),
                    out statistics[i]);
                if (statistics[i].Stopped == StopReason.Cancelled)
                    i = LeaveOut(i, counts, statistics);
            }
        }
        else if (segment.CodeScale == 0)
        {
            TakeTurns<RowScaleScoring, Int8Scorer, TFilter>(queries, in filter, in parameters, in budget, results, counts, statistics);
        }
        else if (segment.Metric == Metric.L2)
        {
            TakeTurns<UniformSquaresScoring, UniformScorer<SquaresTerm>, TFilter>(
                queries, in filter, in parameters, in budget, results, counts, statistics);
        }
        else
        {
            TakeTurns<UniformScoring, UniformScorer<NoTerm>, TFilter>(
                queries, in filter, in parameters, in budget, results, counts, statistics);
        }
    }

    /// <summary>Exact distance of a query to one node.</summary>
    public float Distance(ReadOnlySpan<float> query, int node)
    {
        if (query.Length != segment.Dimension)
            throw AnnException.DimensionMismatch("queries", "The index", segment.Dimension, query.Length);
        QueryContext context = _contexts.Rent();
        try
        {
            Prepare(context, query, row: 0, SearchBudget.Unlimited);
            nuint stride = (nuint)segment.RowStride;
            return segment.Metric == Metric.L2
                ? SquaredL2.Between(context.Query, segment.Row(node), stride)
                : NegativeDot.Between(context.Query, segment.Row(node), stride);
        }
        finally
        {
            _contexts.Return(context);
        }
    }

    /// <inheritdoc cref="LiveSegment.CostsOf"/>
    public SearchCosts CostsOf(int matches, int k, int ef)
    {
        int rowBytes = segment.RowStride * sizeof(float);
        int codeBytes = segment.Codes == CodesKind.F32 ? rowBytes : segment.CodeStride;
        return SearchCosts.Of(segment.Count, matches, k, ef, segment.Graph.M0, rowBytes, codeBytes, segment.Blocks is not null);
    }

    public void Dispose() => _contexts.Dispose();

    private void Validate(int dimension, in SearchParameters parameters, int room, int queries)
    {
        parameters.Validate();
        if (dimension != segment.Dimension)
            throw AnnException.DimensionMismatch("queries", "The index", segment.Dimension, dimension);
        if (room < (long)parameters.K * queries)
            throw new ArgumentException($"k is {parameters.K} for {queries} queries; there is room for {room} results.", nameof(room));
    }

    private void Prepare(QueryContext context, ReadOnlySpan<float> query, int row, in SearchBudget budget)
    {
        RowPreparation.Prepare(segment.Metric, query, context.QueryValues, "queries", row);
        context.Walk.Begin(in budget);
    }

    private int Write(Span<ulong> ranked, int k, Span<Neighbor> results)
    {
        if (keys is { AreAscending: false })
            KeyTies.Sort(keys, ranked, k);
        int count = Math.Min(ranked.Length, k);
        for (int i = 0; i < count; i++)
            results[i] = new Neighbor(Beam.NodeOf(ranked[i]), Beam.DistanceOf(ranked[i]));
        return count;
    }

    /// <summary>The one switch over metric and codes, above the loop.</summary>
    private Span<ulong> Walk<TFilter>(QueryContext context, scoped in TFilter filter, in SearchParameters parameters)
        where TFilter : struct, INodeFilter
    {
        int ef = parameters.BeamWidth;
        context.Walk.Statistics.EfSearch = ef;
        if (segment.Codes == CodesKind.F32)
        {
            return segment.Metric == Metric.L2
                ? WalkRows<SquaredL2, TFilter>(context, in filter, parameters.K, ef)
                : WalkRows<NegativeDot, TFilter>(context, in filter, parameters.K, ef);
        }
        if (segment.CodeScale == 0)
            return WalkCodes<RowScaleScoring, Int8Scorer, TFilter>(context, in filter, parameters.K, ef);
        return segment.Metric == Metric.L2
            ? WalkCodes<UniformSquaresScoring, UniformScorer<SquaresTerm>, TFilter>(context, in filter, parameters.K, ef)
            : WalkCodes<UniformScoring, UniformScorer<NoTerm>, TFilter>(context, in filter, parameters.K, ef);
    }

    private Span<ulong> WalkRows<TDistance, TFilter>(QueryContext context, scoped in TFilter filter, int k, int ef)
        where TDistance : struct, IDistance
        where TFilter : struct, INodeFilter
    {
        HnswGraph graph = segment.Graph;
        RowScorer<TDistance> scorer = new(segment.Rows, segment.RowStride, context.Query);
        LayerSearch.Run(in graph, in scorer, filter, ef, context.Walk);
        if (MustScan<TFilter>(context, k))
            return Scan(context, in filter, k);

        return context.Expand(graph.Copies, context.Copy(context.Walk.Beam.Entries), k, in filter, inKeyOrder: true);
    }

    private Span<ulong> WalkCodes<TScoring, TScorer, TFilter>(QueryContext context, scoped in TFilter filter, int k, int ef)
        where TScoring : struct, ICodeScoring<TScorer>
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
    {
        Int8Query coded = context.Quantise(in segment);
        TScorer scorer = TScoring.Of(in segment, context, coded);
        HnswGraph graph = segment.Graph;
        if (segment.Blocks is { } shape)
            new BlockWalk<TScorer, TFilter>(graph, shape, context.Estimate(in segment), scorer, filter, ef, context.Walk).Run();
        else
            LayerSearch.Run(in graph, in scorer, filter, ef, context.Walk);
        Reranking.Prefetch(in segment, context.Walk.Beam.Entries);
        return Rerank(context, in filter, k, coded);
    }

    /// <summary>
    /// True when a walk found only refused nodes around its query: then every row is looked at. An index rewrites a segment long before
    /// so many of its nodes are deleted, but deaths may come all in one place.
    /// </summary>
    private static bool MustScan<TFilter>(QueryContext context, int k)
        where TFilter : struct, INodeFilter =>
        !TFilter.AcceptsAll && context.Walk.Statistics.Stopped == StopReason.None && context.Walk.IsCrowdedOut(k);

    private Span<ulong> Rerank<TFilter>(QueryContext context, scoped in TFilter filter, int k, Int8Query coded)
        where TFilter : struct, INodeFilter
    {
        if (MustScan<TFilter>(context, k))
            return Scan(context, in filter, k);
        ReadOnlySpan<ulong> found = context.Walk.Beam.Entries;
        Span<ulong> ranked = segment.Metric == Metric.L2
            ? Reranking.Run<SquaredL2>(in segment, context, found, k, coded)
            : Reranking.Run<NegativeDot>(in segment, context, found, k, coded);
        return context.Expand(segment.Graph.Copies, ranked, k, in filter, inKeyOrder: true);
    }

    private Span<ulong> Scan<TFilter>(QueryContext context, scoped in TFilter filter, int k)
        where TFilter : struct, INodeFilter
    {
        context.Walk.Statistics.Plan = SearchPlan.Scan;
        return segment.Metric == Metric.L2
            ? Scan<SquaredL2, TFilter>(context, in filter, k)
            : Scan<NegativeDot, TFilter>(context, in filter, k);
    }

    private Span<ulong> Scan<TDistance, TFilter>(QueryContext context, scoped in TFilter filter, int k)
        where TDistance : struct, IDistance
        where TFilter : struct, INodeFilter
    {
        if (keys is null || keys.AreAscending)
            return ExactScan.Run<TDistance, TFilter>(in segment, context, in filter, k);
        Span<ulong> ranked = ExactScan.Run<TDistance, TFilter>(in segment, context, in filter, BoundaryTies.Kept(k, keysAscend: false));
        RowScorer<TDistance> scorer = new(segment.Rows, segment.RowStride, context.Query);
        return BoundaryTies.Resolve(ranked, k, keys, in scorer, in filter, segment.Count, segment.RowStride, context.Walk);
    }

    private void TakeTurns<TScoring, TScorer, TFilter>(
        ReadOnlySpan<float> queries, in TFilter filter, in SearchParameters parameters, in SearchBudget budget, Span<Neighbor> results,
        Span<int> counts, Span<SearchStatistics> statistics)
        where TScoring : struct, ICodeScoring<TScorer>
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
    {
        int k = parameters.K;
        int next = 0;
        int running = 0;
        QueryTurns<TScorer, TFilter> turns = default;
        try
        {
            while (next < Math.Min(QueryTurns<TScorer, TFilter>.Count, counts.Length))
            {
                turns[next].Context = _contexts.Rent();
                Begin<TScoring, TScorer, TFilter>(ref turns[next], queries, next, in filter, in parameters, in budget);
                next++;
                running++;
            }
            while (running > 0)
            {
                foreach (ref QueryTurn<TScorer, TFilter> turn in turns)
                {
                    if (turn.Context is not { } context)
                        continue;
                    if (!turn.Ended)
                    {
                        turn.Ended = !turn.Walk.Step();
                        if (turn.Ended)
                            Reranking.Prefetch(in segment, context.Walk.Beam.Entries);
                        continue;
                    }

                    Span<ulong> ranked = Rerank(context, in filter, k, turn.Coded);
                    counts[turn.Query] = Write(ranked, k, results.Slice(turn.Query * k, k));
                    statistics[turn.Query] = context.Walk.Statistics;
                    if (statistics[turn.Query].Stopped == StopReason.Cancelled)
                        next = LeaveOut(next - 1, counts, statistics);
                    if (next < counts.Length)
                    {
                        Begin<TScoring, TScorer, TFilter>(ref turn, queries, next++, in filter, in parameters, in budget);
                        continue;
                    }
                    running--;
                    turn.Context = null;
                    _contexts.Return(context);
                }
            }
        }
        finally
        {
            foreach (ref QueryTurn<TScorer, TFilter> turn in turns)
            {
                turn.Context?.Dispose(); // something was thrown: its walk is not at its end, so nobody else may have it
            }
        }
    }

    /// <summary>Nobody waits for the answers: the queries after one are not begun.</summary>
    /// <returns>The number of queries.</returns>
    private static int LeaveOut(int after, Span<int> counts, Span<SearchStatistics> statistics)
    {
        counts[(after + 1)..].Clear();
        statistics[(after + 1)..counts.Length].Fill(new SearchStatistics { Stopped = StopReason.Cancelled });
        return counts.Length;
    }

    private void Begin<TScoring, TScorer, TFilter>(
        ref QueryTurn<TScorer, TFilter> turn, ReadOnlySpan<float> queries, int query, in TFilter filter, in SearchParameters parameters,
        in SearchBudget budget)
        where TScoring : struct, ICodeScoring<TScorer>
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
    {
        Debug.Assert(segment.Blocks is not null);
        QueryContext context = turn.Context!;
        int ef = parameters.BeamWidth;
        Prepare(context, queries.Slice(query * segment.Dimension, segment.Dimension), query, in budget);
        context.Walk.Statistics.EfSearch = ef;
        context.Walk.Statistics.Plan = SearchPlan.Walk;
        turn.Query = query;
        turn.Ended = false;
        turn.Coded = context.Quantise(in segment);
        turn.Walk = new BlockWalk<TScorer, TFilter>(
            segment.Graph, segment.Blocks.Value, context.Estimate(in segment), TScoring.Of(in segment, context, turn.Coded), filter, ef,
            context.Walk);
    }
}
