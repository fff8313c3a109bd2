using System.Diagnostics;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>Answers queries over one segment, on any number of threads at once, without a lock and without allocating.</summary>
/// <param name="segment">What to read. Its memory must outlive this object.</param>
/// <param name="keys">Breaks ties between equal distances; null leaves them in node order.</param>
internal sealed unsafe class SegmentSearcher(SegmentView segment, SegmentKeys? keys) : IDisposable
{
    /// <summary>Rows scanned between two looks at the budget: about 100 µs.</summary>
    private const int RowsPerCheck = 1024;

    /// <summary>Candidates reranked beyond k: codes rarely move an item further than this from its place.</summary>
    private const int RerankMargin = 64;

    /// <summary>How far ahead of the row being reranked memory is asked for.</summary>
    private const int RerankPrefetch = 12;

    private static readonly float Margin = float.Parse(Environment.GetEnvironmentVariable("ANN_EPS") ?? "0.5");
    private readonly QueryContextPool _contexts = new(segment);

    /// <inheritdoc cref="SealedSegment.Search"/>
    public int Search(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, Span<Neighbor> results,
        out SearchStatistics statistics)
    {
        parameters.Validate();
        if (query.Length != segment.Dimension)
            throw AnnException.DimensionMismatch("queries", "The index", segment.Dimension, query.Length);
        if (results.Length < parameters.K)
            throw new ArgumentException($"k is {parameters.K}; there is room for {results.Length} results.", nameof(results));

        QueryContext context = _contexts.Rent();
        try
        {
            RowPreparation.Prepare(segment.Metric, query, context.QueryValues, "queries", row: 0);
            context.Walk.Begin(in budget);
            Span<ulong> ranked = parameters.Exact ? Scan(context, parameters.K) : Walk(context, in parameters);
            statistics = context.Walk.Statistics;

            if (keys is { AreAscending: false })
                SortTies(ranked, parameters.K);
            int count = Math.Min(ranked.Length, parameters.K);
            for (int i = 0; i < count; i++)
                results[i] = new Neighbor(Beam.NodeOf(ranked[i]), Beam.DistanceOf(ranked[i]));
            return count;
        }
        finally
        {
            _contexts.Return(context);
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
            RowPreparation.Prepare(segment.Metric, query, context.QueryValues, "queries", row: 0);
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

    public void Dispose() => _contexts.Dispose();

    /// <summary>The one switch over metric and codes, above the loop.</summary>
    private Span<ulong> Walk(QueryContext context, in SearchParameters parameters)
    {
        int ef = parameters.EfSearch == 0 ? SearchParameters.DefaultEfSearch(parameters.K) : parameters.EfSearch;
        HnswGraph graph = segment.Graph;
        Int8Query coded = default;
        if (segment.Codes == CodesKind.Int8)
        {
            coded = Int8Query.Quantise(
                segment.Metric, context.Query, segment.CodeMean, context.Scratch, segment.RowStride, context.Quantised);
            fixed (short* quantised = context.Quantised)
            {
                float scale = segment.CodeScale;
                if (scale == 0)
                    WalkCodes(context, ef, new Int8Scorer(
                        segment.CodeBytes, segment.CodeStride, segment.CodeFactors, quantised, coded.Unit));
                else if (segment.Metric == Metric.L2)
                    WalkCodes(context, ef, new UniformScorer<SquaresTerm>(
                        segment.CodeBytes, segment.CodeStride, quantised, -2 * scale * coded.Unit, scale * scale));
                else
                    WalkCodes(context, ef, new UniformScorer<NoTerm>(
                        segment.CodeBytes, segment.CodeStride, quantised, -scale * coded.Unit, 0));
            }
        }
        else
        {
            RowScorer<NegativeDot> scorer = new(segment.Rows, segment.RowStride, context.Query);
            LayerSearch.Run(in graph, in scorer, ef, context.Walk);
        }
        context.Walk.Statistics.EfSearch = ef;

        ReadOnlySpan<ulong> beam = context.Walk.Beam.Entries;
        if (segment.Codes != CodesKind.Int8)
        {
            Span<ulong> ranked = context.Ranked(beam.Length);
            for (int i = 0; i < beam.Length; i++)
                ranked[i] = Beam.Unmarked(beam[i]);
            return ranked;
        }
        return segment.Metric == Metric.L2
            ? Rerank<SquaredL2>(context, beam, parameters.K, coded)
            : Rerank<NegativeDot>(context, beam, parameters.K, coded);
    }

    private void WalkCodes<TScorer>(QueryContext context, int ef, TScorer scorer)
        where TScorer : struct, INodeScorer
    {
        HnswGraph graph = segment.Graph;
        if (segment.Blocks is not { } shape)
        {
            LayerSearch.Run(in graph, in scorer, ef, context.Walk);
            return;
        }
        EstimateQuery estimate = context.Estimates!.Prepare(segment.Metric, context.Query, segment.CodeMean, Margin);
        new BlockWalk<TScorer>(graph, shape, estimate, scorer, ef, context.Walk).Run();
    }

    /// <summary>Weight of the dot product in the distance by codes of a node.</summary>
    private float WeightOf(int node) => segment.CodeScale == 0
        ? segment.CodeFactors[2L * node + 1]
        : segment.CodeScale * (segment.Metric == Metric.L2 ? -2 : -1);

    /// <summary>
    /// Exact distances for the head of the beam: the first k, then those that may still be nearer than the k-th, as far as the codes can err.
    /// </summary>
    private Span<ulong> Rerank<TDistance>(QueryContext context, ReadOnlySpan<ulong> beam, int k, Int8Query coded)
        where TDistance : struct, IDistance
    {
        int most = Math.Min(beam.Length, Math.Max(2 * k, k + RerankMargin));
        Span<ulong> ranked = context.Ranked(most);
        RowScorer<TDistance> exact = new(segment.Rows, segment.RowStride, context.Query);
        for (int i = 0; i < Math.Min(RerankPrefetch, most); i++)
            exact.Prefetch(Beam.NodeOf(beam[i]));
        int count = 0;
        for (; count < most; count++)
        {
            if (count + RerankPrefetch < most)
                exact.Prefetch(Beam.NodeOf(beam[count + RerankPrefetch]));
            int node = Beam.NodeOf(beam[count]);
            if (count >= k)
            {
                float least = Beam.DistanceOf(beam[count]) + coded.Shift - coded.ErrorOf(WeightOf(node));
                if (least > Beam.DistanceOf(ranked[k - 1]))
                    break;
            }
            // The beam is nearly in order, so an entry moves few places.
            ulong entry = Beam.Pack(node, exact.Score(node));
            int place = count;
            for (; place > 0 && ranked[place - 1] > entry; place--)
                ranked[place] = ranked[place - 1];
            ranked[place] = entry;
        }
        context.Walk.Statistics.Reranked = count;
        return ranked[..count];
    }

    private Span<ulong> Scan(QueryContext context, int k) => segment.Metric == Metric.L2
        ? Scan(context, k, new RowScorer<SquaredL2>(segment.Rows, segment.RowStride, context.Query))
        : Scan(context, k, new RowScorer<NegativeDot>(segment.Rows, segment.RowStride, context.Query));

    private Span<ulong> Scan<TScorer>(QueryContext context, int k, TScorer scorer)
        where TScorer : struct, INodeScorer
    {
        TopK top = new(context.Ranked(k));
        ref SearchStatistics statistics = ref context.Walk.Statistics;
        for (int from = 0; from < segment.Count; from += RowsPerCheck)
        {
            statistics.Stopped = context.Walk.Budget.Check();
            if (statistics.Stopped != StopReason.None)
                break;
            int to = Math.Min(from + RowsPerCheck, segment.Count);
            for (int node = from; node < to; node++)
            {
                ulong entry = Beam.Pack(node, scorer.Score(node));
                if (entry < top.Threshold)
                    top.Add(entry);
            }
            statistics.Visited = to;
        }
        return top.Sorted();
    }

    /// <summary>Orders runs of equal distance by key, as far as they reach into the first <paramref name="k"/>.</summary>
    private void SortTies(Span<ulong> ranked, int k)
    {
        Debug.Assert(keys is not null);
        for (int from = 0; from < Math.Min(k, ranked.Length);)
        {
            int to = from + 1;
            while (to < ranked.Length && ranked[to] >> 32 == ranked[from] >> 32)
                to++;
            if (to - from > 1)
                keys.SortByKey(ranked[from..to]);
            from = to;
        }
    }
}
