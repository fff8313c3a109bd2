using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>Answers queries over a head while it grows, on any number of threads at once, without a lock and without allocating.</summary>
/// <param name="view">The head's graph and rows, and codes if there are some.</param>
/// <param name="codes">Where the writer encodes the rows; null when there are no codes to search by.</param>
/// <param name="copies">Which rows are identical.</param>
/// <param name="keys">Breaks ties between equal distances.</param>
/// <param name="dead">Which nodes are deleted.</param>
internal sealed unsafe class HeadSearcher(SegmentView view, GrowingCodes? codes, HeadCopies copies, HeadKeys keys, Tombstones dead)
    : IDisposable
{
    private readonly QueryContextPool _contexts = new(view);

    /// <summary>The nearest of the nodes that a reader sees.</summary>
    /// <param name="query">As the caller gave it.</param>
    /// <param name="row">Its number, for an error.</param>
    /// <param name="parameters">k, beam width, exact or not.</param>
    /// <param name="budget">When to stop early.</param>
    /// <param name="at">The reader's; no more rows than are linked.</param>
    /// <param name="mask">Which of them may be returned; null for all.</param>
    /// <param name="results">Room for k.</param>
    /// <param name="statistics">What it cost.</param>
    /// <returns>Results written.</returns>
    public int Search(
        ReadOnlySpan<float> query, int row, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, NodeMask? mask,
        Span<Neighbor> results, out SearchStatistics statistics)
    {
        parameters.Validate();
        if (query.Length != view.Dimension)
            throw AnnException.DimensionMismatch("queries", "The index", view.Dimension, query.Length);
        if (results.Length < parameters.K)
            throw new ArgumentException($"k is {parameters.K}; there is room for {results.Length} results.", nameof(results));

        QueryContext context = _contexts.Rent();
        try
        {
            RowPreparation.Prepare(view.Metric, query, context.QueryValues, "queries", row);
            context.Walk.Begin(in budget);
            Span<ulong> ranked = view.Metric == Metric.L2
                ? Run<SquaredL2>(context, in parameters, at, mask)
                : Run<NegativeDot>(context, in parameters, at, mask);
            statistics = context.Walk.Statistics;
            KeyTies.Sort(keys, ranked, parameters.K);
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

    public void Dispose() => _contexts.Dispose();

    private Span<ulong> Run<TDistance>(QueryContext context, in SearchParameters parameters, ReadPoint at, NodeMask? mask)
        where TDistance : struct, IDistance =>
        mask is not null && mask.Count < at.Rows
            ? RunMasked<TDistance>(context, in parameters, at, mask)
            : RunAll<TDistance>(context, in parameters, at);

    private Span<ulong> RunMasked<TDistance>(QueryContext context, in SearchParameters parameters, ReadPoint at, NodeMask mask)
        where TDistance : struct, IDistance
    {
        RowScorer<TDistance> scorer = new(view.Rows, view.RowStride, context.Query);
        LiveNodes live = dead.LiveAt(at);
        context.Walk.Statistics.Plan = SearchPlan.Scan;
        if (mask.Count == 0)
            return [];
        int k = parameters.K;
        int scanWidth = BoundaryTies.Kept(k, keysAscend: false);
        MaskedNodes items = new(mask.Start, mask.Nodes, live);
        bool onCodes = false;
        Span<ulong> ranked = [];
        if (parameters.Exact)
        {
            ranked = MatchingScan.Run(mask, in scorer, in live, context.Walk, context.Ranked(scanWidth));
        }
        else
        {
            onCodes = codes is not null && TryWalkCodes<TDistance>(context, in live, in parameters, at.Rows, mask, out ranked);
            if (!onCodes)
            {
                ranked = context.Copy(
                    Find(context, in scorer, in live, in parameters, at.Rows, mask, scanWidth, view.RowStride * sizeof(float)));
            }
        }
        if (context.Walk.Statistics.Plan != SearchPlan.Scan)
            return context.Expand(copies.Seen, ranked, k, in items, inKeyOrder: false);
        return onCodes
            ? ranked
            : BoundaryTies.Resolve(ranked, k, keys, in scorer, in items, at.Rows, view.RowStride, context.Walk);
    }

    private ReadOnlySpan<ulong> Find<TScorer>(
        QueryContext context, scoped in TScorer scorer, scoped in LiveNodes live, scoped in SearchParameters parameters, int rows,
            NodeMask mask, int scanWidth,
        int rowBytes)
        where TScorer : struct, INodeScorer
    {
        MaskedQuery query = new(mask, rows, parameters.K, parameters.BeamWidth, scanWidth, rowBytes, IsEstimated: false);
        HnswGraph graph = view.Graph;
        MaskedNodes filter = new(mask.Start, mask.Nodes, live);
        GrowingWalk walk = new(graph);
        if (copies.Seen.IsEmpty)
        {
            return MaskedSearch.Find<TScorer, MaskedNodes, LiveNodes, GrowingRows, GrowingWalk>(
                in query, in graph, in scorer, in filter, in live, in walk, context);
        }
        AmongCopies<MaskedNodes> leaders = context.Among(in filter, copies.Nodes);
        return MaskedSearch.Find<TScorer, AmongCopies<MaskedNodes>, LiveNodes, GrowingRows, GrowingWalk>(
            in query, in graph, in scorer, in leaders, in live, in walk, context);
    }

    private void Walk<TScorer>(QueryContext context, in TScorer scorer, in LiveNodes live, int ef)
        where TScorer : struct, INodeScorer
    {
        HnswGraph graph = view.Graph;
        if (copies.Seen.IsEmpty)
            HeadWalk.Run(in graph, in scorer, live, ef, context.Walk);
        else
            HeadWalk.Run(in graph, in scorer, context.Among(in live, copies.Nodes), ef, context.Walk);
    }

    private Span<ulong> RunAll<TDistance>(QueryContext context, in SearchParameters parameters, ReadPoint at)
        where TDistance : struct, IDistance
    {
        context.Walk.Statistics.Plan = parameters.Exact ? SearchPlan.Scan : SearchPlan.Walk;
        RowScorer<TDistance> scorer = new(view.Rows, view.RowStride, context.Query);
        LiveNodes live = dead.LiveAt(at);
        int k = parameters.K;
        if (parameters.Exact || dead.LeaveFew(at.Rows))
            return Scan(context, scorer, live, at.Rows, k);
        context.Walk.Statistics.EfSearch = parameters.BeamWidth;
        if (at.Rows == 0)
            return [];

        int alive = Math.Max(at.Rows - dead.Count, 0); // at least as many are seen: some died after the read point
        Span<ulong> ranked = [];
        bool onCodes = codes is not null && TryWalkCodes<TDistance>(context, in live, in parameters, at.Rows, mask: null, out ranked);
        if (!onCodes)
            Walk(context, in scorer, in live, parameters.BeamWidth);

        ReadOnlySpan<ulong> found = context.Walk.Beam.Entries;
        bool isShort = !CopyExpansion.Holds(copies.Seen, found, Math.Min(k, alive), in live) || context.Walk.IsCrowdedOut(k);
        if (isShort && context.Walk.Statistics.Stopped == StopReason.None)
            return Scan(context, scorer, live, at.Rows, k); // the dead stood in the way: nobody may be lost behind them
        return context.Expand(copies.Seen, onCodes ? ranked : context.Copy(found), k, in live, inKeyOrder: false);
    }

    /// <summary>
    /// Walks on the codes and ranks the best of what it finds by exact distances. False when the writer encoded the rows anew meanwhile,
    /// which it does a few times in the life of a head: what was found is then worth nothing.
    /// </summary>
    private bool TryWalkCodes<TDistance>(
        QueryContext context, scoped in LiveNodes live, scoped in SearchParameters parameters, int rows, NodeMask? mask,
        out Span<ulong> ranked)
        where TDistance : struct, IDistance
    {
        ranked = [];
        if (codes!.TryBegin() is not { } version)
            return false;
        bool squared = view.Metric == Metric.L2;
        Int8Query coded = context.Quantise(in view, Metric.L2);
        PointScorer scorer = new(
            view.CodeBytes, view.CodeStride, (CodePoint*)view.CodeFactors, context.Quantised, coded.Unit, squared ? 1 : 0.5f);
        if (mask is null)
            Walk(context, in scorer, in live, parameters.BeamWidth);
        ReadOnlySpan<ulong> found = mask is null
            ? context.Walk.Beam.Entries
            : Find(context, in scorer, in live, in parameters, rows, mask, Reranking.MostOfScan(parameters.K), view.CodeStride);
        if (codes.AreStill(version))
        {
            // Rows of cosine are of unit length: half the squared distance is 1 + the negative dot product.
            coded = coded with
            {
                Shift = squared ? coded.Shift : coded.Shift / 2 - 1,
                Bound = CodeBound.OfDistance(view.Metric, stepPerWeight: 1, coded.Square, view.Dimension),
            };
            Reranking.Prefetch(in view, found);
            ranked = Reranking.Run<TDistance>(in view, context, found, parameters.K, coded);
            if (codes.AreStill(version))
                return true;
        }
        context.Walk.Restart();
        return false;
    }

    private Span<ulong> Scan<TDistance>(QueryContext context, RowScorer<TDistance> scorer, LiveNodes live, int rows, int k)
        where TDistance : struct, IDistance
    {
        TopK top = new(context.Ranked(BoundaryTies.Kept(k, keysAscend: false)));
        ref SearchStatistics statistics = ref context.Walk.Statistics;
        statistics.Plan = SearchPlan.Scan;
        int piece = ExactScan.RowsPerCheck(view.RowStride);
        for (int from = 0; from < rows; from += piece)
        {
            statistics.Stopped = context.Walk.Budget.Check();
            if (statistics.Stopped != StopReason.None)
                break;
            int to = Math.Min(from + piece, rows);
            for (int node = live.Next(from, to); node < to; node = live.Next(node + 1, to))
            {
                statistics.Visited++;
                ulong entry = Beam.Pack(node, scorer.Score(node));
                if (entry < top.Threshold)
                    top.Add(entry);
            }
        }
        return BoundaryTies.Resolve(top.Sorted(), k, keys, in scorer, in live, rows, view.RowStride, context.Walk);
    }

    /// <summary>The walk through refused nodes of a graph that grows.</summary>
    private readonly struct GrowingWalk(HnswGraph graph) : IFilteredWalk
    {
        private readonly HnswGraph _graph = graph;

        public void Run<TScorer, TFilter>(in TScorer scorer, TFilter filter, int ef, QueryContext context)
            where TScorer : struct, INodeScorer
            where TFilter : struct, INodeFilter => HeadWalk.Run(in _graph, in scorer, filter, ef, context.Walk);
    }
}
