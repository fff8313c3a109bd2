using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>Several queries in the fast layout on one thread, whose walks take turns.</summary>
/// <param name="searcher">Of the segment.</param>
/// <param name="query">The queries.</param>
/// <param name="asked">What is asked; without a mask.</param>
/// <param name="filter">Accepts what the reader sees.</param>
internal readonly ref struct SearchInTurns<TFilter>(SegmentSearcher searcher, in SegmentQuery query, AskedNodes asked, TFilter filter)
    : IScoringVisitor<bool>
    where TFilter : struct, INodeFilter
{
    private readonly SegmentQuery _query = query;
    private readonly TFilter _filter = filter;

    /// <summary>Room for k of each query.</summary>
    public required Span<Neighbor> Results { get; init; }

    /// <summary>One a query: results written.</summary>
    public required Span<int> Counts { get; init; }

    /// <summary>One a query: what it cost.</summary>
    public required Span<SearchStatistics> Statistics { get; init; }

    /// <summary>Answers all queries. The result says nothing.</summary>
    public bool Visit<TScoring, TScorer, TDistance>()
        where TScoring : struct, ISegmentScoring<TScorer>
        where TScorer : struct, INodeScorer
        where TDistance : struct, IDistance
    {
        int k = asked.Parameters.K;
        int next = 0;
        int running = 0;
        QueryTurns<TScorer, TFilter> turns = default;
        try
        {
            while (next < Math.Min(QueryTurns<TScorer, TFilter>.Count, Counts.Length))
            {
                turns[next].Context = searcher.Begin(in _query, next);
                Begin<TScoring, TScorer>(ref turns[next], next);
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
                            Reranking.Prefetch(in searcher.Segment, context.Walk.Beam.Entries);
                        continue;
                    }

                    NearestInSegment<SealedLinks, TFilter, TFilter> one = new(searcher, context, asked, _filter, _filter);
                    Span<ulong> ranked = one.Rank<TScoring, TScorer, TDistance>(one.Walked(turn.Walk.Outcome), in turn.Coded);
                    Counts[turn.Query] = searcher.Write(ranked, k, Results.Slice(turn.Query * k, k));
                    Statistics[turn.Query] = context.Walk.Report();
                    if (context.Walk.Stopped == StopReason.Cancelled)
                        next = SegmentSearcher.LeaveOut(next - 1, Counts, Statistics);
                    if (next < Counts.Length)
                    {
                        searcher.Begin(context, in _query, next);
                        Begin<TScoring, TScorer>(ref turn, next++);
                        continue;
                    }
                    running--;
                    turn.Context = null;
                    searcher.End(context);
                }
            }
            return true;
        }
        finally
        {
            foreach (ref QueryTurn<TScorer, TFilter> turn in turns)
            {
                turn.Context?.Dispose(); // something was thrown: its walk is not at its end, so nobody else may have it
            }
        }
    }

    private void Begin<TScoring, TScorer>(ref QueryTurn<TScorer, TFilter> turn, int query)
        where TScoring : struct, ISegmentScoring<TScorer>
        where TScorer : struct, INodeScorer
    {
        ref readonly SegmentView segment = ref searcher.Segment;
        QueryContext context = turn.Context!;
        int ef = asked.Parameters.BeamWidth;
        Debug.Assert(segment.Blocks is not null);
        context.Walk.Statistics.EfSearch = ef;
        turn.Query = query;
        turn.Ended = false;
        turn.Coded = TScoring.Quantise(in segment, context);
        turn.Walk = new BlockWalk<TScorer, TFilter>(
            segment.Graph, segment.Blocks.Value, context.Estimate(in segment), TScoring.Of(in segment, context, in turn.Coded), _filter,
            new WalkWidth(ef), context.Walk);
    }
}

/// <summary>
/// The walks that take turns on one thread: a step of each, and while the others step, the memory that its next step reads arrives.
/// </summary>
[InlineArray(Count)]
internal struct QueryTurns<TScorer, TFilter>
    where TScorer : struct, INodeScorer
    where TFilter : struct, INodeFilter
{
    /// <summary>Walks at once. With fewer, memory is waited for; with more, what was fetched is pushed out before its turn.</summary>
    public const int Count = 6;

    private QueryTurn<TScorer, TFilter> _first;
}

/// <summary>One walk in the fast layout, and whose it is.</summary>
internal struct QueryTurn<TScorer, TFilter>
    where TScorer : struct, INodeScorer
    where TFilter : struct, INodeFilter
{
    /// <summary>Number of the query.</summary>
    public int Query;

    /// <summary>Scratch of the query; null when nobody has this turn.</summary>
    public QueryContext? Context;

    /// <summary>The query by codes.</summary>
    public CodedQuery Coded;

    /// <summary>The walk.</summary>
    public BlockWalk<TScorer, TFilter> Walk;

    /// <summary>True when the walk has ended and the rows of the rerank were asked for.</summary>
    public bool Ended;
}
