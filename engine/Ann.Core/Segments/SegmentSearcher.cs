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
    private const int RerankPrefetch = 4;

    private static readonly float Margin = float.Parse(Environment.GetEnvironmentVariable("ANN_EPS") ?? "0.75");
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
        if (segment.Codes == CodesKind.Int8)
        {
            float unit = Int8Query.Quantise(segment.Metric, context.QueryValues, segment.CodeMean, context.Quantised);
            fixed (short* quantised = context.Quantised)
            {
                Int8Scorer scorer = new(segment.CodeBytes, segment.CodeStride, segment.CodeFactors, quantised, unit);
                if (segment.Blocks is { } shape)
                {
                    EstimateQuery estimate = context.Estimates!.Prepare(segment.Metric, context.Query, segment.CodeMean, Margin);
                    BlockWalk.Run(in graph, shape, in estimate, in scorer, ef, context.Walk);
                }
                else
                {
                    LayerSearch.Run(in graph, in scorer, ef, context.Walk);
                }
            }
        }
        else if (segment.Metric == Metric.L2)
        {
            RowScorer<SquaredL2> scorer = new(segment.Rows, segment.RowStride, context.Query);
            LayerSearch.Run(in graph, in scorer, ef, context.Walk);
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
                ranked[i] = beam[i] & ~1UL; // without the expanded mark
            return ranked;
        }
        return segment.Metric == Metric.L2
            ? Rerank<SquaredL2>(context, beam, parameters.K)
            : Rerank<NegativeDot>(context, beam, parameters.K);
    }

    /// <summary>Exact distances for the head of the beam.</summary>
    private Span<ulong> Rerank<TDistance>(QueryContext context, ReadOnlySpan<ulong> beam, int k)
        where TDistance : struct, IDistance
    {
        int count = Math.Min(beam.Length, Math.Max(2 * k, k + RerankMargin));
        Span<ulong> ranked = context.Ranked(count);
        RowScorer<TDistance> exact = new(segment.Rows, segment.RowStride, context.Query);
        for (int i = 0; i < Math.Min(RerankPrefetch, count); i++)
            exact.Prefetch(Beam.NodeOf(beam[i]));
        for (int i = 0; i < count; i++)
        {
            if (i + RerankPrefetch < count)
                exact.Prefetch(Beam.NodeOf(beam[i + RerankPrefetch]));
            int node = Beam.NodeOf(beam[i]);
            ranked[i] = Beam.Pack(node, exact.Score(node));
        }
        context.Walk.Statistics.Reranked = count;
        ranked.Sort();
        return ranked;
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
