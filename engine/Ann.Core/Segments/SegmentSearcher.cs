using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>
/// Answers queries over one segment, sealed or head, on any number of threads at once, without a lock and without allocating.
/// </summary>
internal sealed unsafe class SegmentSearcher : IDisposable
{
    private readonly SegmentView _segment;
    private readonly QueryContextPool _contexts;

    /// <param name="segment">What to read. Its memory must outlive this object.</param>
    /// <param name="keys">Breaks ties between equal distances; null leaves them in node order.</param>
    public SegmentSearcher(in SegmentView segment, INodeKeys? keys)
    {
        _segment = segment;
        _contexts = new QueryContextPool(segment);
        Keys = keys;
        KeysAscend = keys is null or { AreAscending: true };
    }

    /// <summary>What is read.</summary>
    public ref readonly SegmentView Segment => ref _segment;

    /// <summary>Break ties between equal distances; null leaves them in node order.</summary>
    public INodeKeys? Keys { get; }

    /// <summary>True where node order is the order of the keys, or they do not count.</summary>
    public bool KeysAscend { get; }

    /// <summary>
    /// Finds the nearest nodes of each query, nearest first, ties by key. Synchronous; allocates nothing in steady state. With a mask by
    /// the plan that costs least: k whenever there are k. Walks in the fast layout take turns, so that one query's memory is fetched
    /// while another computes; the answers are the same.
    /// </summary>
    /// <param name="query">What is asked. Cosine normalises a copy of each query.</param>
    /// <param name="sight">What the reader sees.</param>
    /// <param name="results">Room for k a query: those of query i start at i·k.</param>
    /// <param name="counts">One a query: results written: k, or fewer when there are no more or the search was stopped.</param>
    /// <param name="statistics">One a query: what it cost, and whether it was stopped.</param>
    /// <exception cref="AnnException">
    /// InvalidArgument: dimension, NaN or infinity, a zero vector under cosine, k or ef out of range.
    /// </exception>
    public void Search(
        in SegmentQuery query, SegmentSight sight, Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        int queries = counts.Length;
        int dimension = _segment.Dimension;
        SearchParameters parameters = query.Parameters;
        parameters.Validate();
        if (query.Queries.Length != (long)queries * dimension)
            throw AnnException.DimensionMismatch("queries", "The index", dimension, query.Queries.Length / Math.Max(queries, 1));
        int k = parameters.K;
        if (results.Length < (long)k * queries)
            throw new ArgumentException($"k is {k} for {queries} queries; there is room for {results.Length} results.", nameof(results));

        NodeMask? mask = query.Mask is { } some && some.Count < sight.Rows ? some : null; // one that has all costs nothing
        if (mask is null && sight.IsThin)
            parameters = parameters with { Exact = true };
        AskedNodes asked = new(parameters, mask, sight);
        bool canTakeTurns = mask is null && !parameters.Exact && _segment.Blocks is not null
            && (sight.Live is null || _segment.Copies.IsEmpty);
        if (canTakeTurns && queries > 1)
        {
            if (sight.Live is { } live)
                TakeTurns(in query, asked, live, results, counts, statistics);
            else
                TakeTurns(in query, asked, default(AcceptAll), results, counts, statistics);
            return;
        }
        for (int i = 0; i < queries; i++)
        {
            counts[i] = SearchOne(in query, i, asked, results.Slice(i * k, k), out statistics[i]);
            if (statistics[i].Stopped == StopReason.Cancelled)
                i = LeaveOut(i, counts, statistics);
        }
    }

    /// <summary>The same of one query.</summary>
    /// <returns>Results written.</returns>
    public int Search(in SegmentQuery query, SegmentSight sight, Span<Neighbor> results, out SearchStatistics statistics)
    {
        int count = 0;
        statistics = default;
        Search(in query, sight, results, new Span<int>(ref count), new Span<SearchStatistics>(ref statistics));
        return count;
    }

    /// <summary>Exact distance of a query to one node.</summary>
    public float Distance(ReadOnlySpan<float> query, int node)
    {
        if (query.Length != _segment.Dimension)
            throw AnnException.DimensionMismatch("queries", "The index", _segment.Dimension, query.Length);
        QueryContext context = _contexts.Rent();
        try
        {
            RowPreparation.Prepare(_segment.Metric, query, context.QueryValues, "queries", row: 0);
            nuint stride = (nuint)_segment.RowStride;
            return _segment.Metric.Traits().IsSquared
                ? SquaredL2.Between(context.Query, _segment.Row(node), stride)
                : NegativeDot.Between(context.Query, _segment.Row(node), stride);
        }
        finally
        {
            _contexts.Return(context);
        }
    }

    /// <summary>About what a search costs.</summary>
    /// <param name="rows">Nodes that a reader sees, 1 or more.</param>
    /// <param name="matches">Nodes that may be returned, 1 or more.</param>
    /// <param name="k">Results wanted.</param>
    /// <param name="ef">Beam width.</param>
    public SearchCosts CostsOf(int rows, int matches, int k, int ef)
    {
        bool isEstimated = _segment.Blocks is not null;
        MaskedPlanner byRows = new(rows, matches, k, ef, _segment.Graph.M0, _segment.RowBytes, isEstimated);
        MaskedPlanner byCodes = new(rows, matches, k, ef, _segment.Graph.M0, _segment.ScoredBytes, isEstimated);
        double walk = matches < rows ? Math.Min(byCodes.ScanNs, byCodes.FilteredNs) : byCodes.FilteredNs;
        return new SearchCosts(byRows.ScanNs, walk);
    }

    public void Dispose() => _contexts.Dispose();

    /// <summary>A context for one of the queries, which it holds prepared.</summary>
    internal QueryContext Begin(in SegmentQuery query, int row)
    {
        QueryContext context = _contexts.Rent();
        try
        {
            Begin(context, in query, row);
            return context;
        }
        catch
        {
            _contexts.Return(context);
            throw;
        }
    }

    /// <summary>Prepares another query in a context that was used.</summary>
    internal void Begin(QueryContext context, in SegmentQuery query, int row)
    {
        int dimension = _segment.Dimension;
        RowPreparation.Prepare(_segment.Metric, query.Queries.Slice(row * dimension, dimension), context.QueryValues, "queries", row);
        context.Walk.Begin(query.Budget, query.Hidden);
    }

    /// <summary>Ends a search, and gives its context to others.</summary>
    internal void End(QueryContext context) => _contexts.Return(context);

    /// <summary>Writes what was found in the order in which it is shown.</summary>
    internal int Write(Span<ulong> ranked, int k, Span<Neighbor> results)
    {
        if (!KeysAscend)
            KeyTies.Sort(Keys!, ranked, k);
        int count = Math.Min(ranked.Length, k);
        for (int i = 0; i < count; i++)
            results[i] = new Neighbor(Beam.NodeOf(ranked[i]), Beam.DistanceOf(ranked[i]));
        return count;
    }

    /// <summary>Nobody waits for the answers: the queries after one are not begun.</summary>
    /// <returns>The number of queries.</returns>
    internal static int LeaveOut(int after, Span<int> counts, Span<SearchStatistics> statistics)
    {
        counts[(after + 1)..].Clear();
        statistics[(after + 1)..counts.Length].Fill(new SearchStatistics { Stopped = StopReason.Cancelled });
        return counts.Length;
    }

    private int SearchOne(in SegmentQuery query, int row, AskedNodes asked, Span<Neighbor> results, out SearchStatistics statistics)
    {
        QueryContext context = Begin(in query, row);
        try
        {
            Span<ulong> ranked = _segment.Growing is not null ? Nearest<GrowingRows>(context, asked)
                : _segment.Graph.LinkBits > 0 ? Nearest<PackedLinks>(context, asked)
                : Nearest<SealedLinks>(context, asked);
            statistics = context.Walk.Report();
            return Write(ranked, asked.Parameters.K, results);
        }
        finally
        {
            _contexts.Return(context);
        }
    }

    /// <summary>The switch over what may be returned, above the loops.</summary>
    private Span<ulong> Nearest<TLinks>(QueryContext context, AskedNodes asked)
        where TLinks : struct, ILinkRows
    {
        LiveNodes? live = asked.Sight.Live;
        if (asked.Mask is not { } mask)
        {
            return live is { } seen
                ? Nearest<TLinks, LiveNodes, LiveNodes>(context, asked, seen, seen)
                : Nearest<TLinks, AcceptAll, AcceptAll>(context, asked, default, default);
        }
        if (mask.Count == 0)
        {
            context.Walk.Statistics.Plan = SearchPlan.Scan;
            return [];
        }
        if (live is null && mask.Nodes >= asked.Sight.Rows)
            return Nearest<TLinks, MaskBits, AcceptAll>(context, asked, new MaskBits(mask.Start), default);
        LiveNodes all = live ?? new LiveNodes(null, null, ReadPoint.All);
        return Nearest<TLinks, MaskedNodes, LiveNodes>(context, asked, new MaskedNodes(mask.Start, mask.Nodes, all), all);
    }

    private Span<ulong> Nearest<TLinks, TFilter, TLive>(QueryContext context, AskedNodes asked, TFilter filter, TLive live)
        where TLinks : struct, ILinkRows
        where TFilter : struct, INodeFilter
        where TLive : struct, INodeFilter
    {
        NodeCopies copies = TFilter.AcceptsAll ? default : _segment.Copies;
        if (copies.IsEmpty)
        {
            NearestInSegment<TLinks, TFilter, TLive> one = new(this, context, asked, filter, live);
            return Choose<NearestInSegment<TLinks, TFilter, TLive>, Span<ulong>>(asked.Parameters.Exact, in one);
        }
        NearestInSegment<TLinks, AmongCopies<TFilter>, TLive> leaders = new(this, context, asked, context.Among(in filter, copies), live);
        return Choose<NearestInSegment<TLinks, AmongCopies<TFilter>, TLive>, Span<ulong>>(asked.Parameters.Exact, in leaders);
    }

    /// <summary>The one switch over metric and codes, above the loops.</summary>
    /// <param name="exact">True to score rows, whatever codes there are.</param>
    /// <param name="visitor">What to do with the way in which nodes are scored.</param>
    private TResult Choose<TVisitor, TResult>(bool exact, scoped in TVisitor visitor)
        where TVisitor : IScoringVisitor<TResult>, allows ref struct
        where TResult : allows ref struct =>
        _segment.Metric.Traits().IsSquared
            ? Choose<TVisitor, TResult, SquaredL2, UniformSquaresScoring, UniformScorer<SquaresTerm>>(exact, in visitor)
            : Choose<TVisitor, TResult, NegativeDot, UniformScoring, UniformScorer<NoTerm>>(exact, in visitor);

    private TResult Choose<TVisitor, TResult, TDistance, TUniform, TUniformScorer>(bool exact, scoped in TVisitor visitor)
        where TVisitor : IScoringVisitor<TResult>, allows ref struct
        where TResult : allows ref struct
        where TDistance : struct, IDistance
        where TUniform : struct, ISegmentScoring<TUniformScorer>
        where TUniformScorer : struct, INodeScorer =>
        exact || !_segment.Codes.AreCodes() ? visitor.Visit<RowScoring<TDistance>, RowScorer<TDistance>, TDistance>()
        : _segment.Growing is not null ? visitor.Visit<PointScoring, PointScorer, TDistance>()
        : _segment.Codes.AreInt4() ? visitor.Visit<Int4Scoring, Int4Scorer, TDistance>()
        : _segment.CodeScale == 0 ? visitor.Visit<RowScaleScoring, Int8Scorer, TDistance>()
        : visitor.Visit<TUniform, TUniformScorer, TDistance>();

    private void TakeTurns<TFilter>(
        in SegmentQuery query, AskedNodes asked, TFilter filter, Span<Neighbor> results, Span<int> counts,
        Span<SearchStatistics> statistics)
        where TFilter : struct, INodeFilter
    {
        SearchInTurns<TFilter> turns = new(this, in query, asked, filter)
        {
            Results = results,
            Counts = counts,
            Statistics = statistics,
        };
        Choose<SearchInTurns<TFilter>, bool>(exact: false, in turns);
    }
}
