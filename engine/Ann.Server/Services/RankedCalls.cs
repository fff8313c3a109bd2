using System.Diagnostics;
using Ann.Core;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Mapping;
using Ann.Server.Recall;
using Grpc.Core;
using Microsoft.Extensions.Options;
using RecommendStrategy = Ann.Core.Ranking.RecommendStrategy;

namespace Ann.Server.Services;

/// <summary>
/// Searches that ask for more than the nearest: quotas, diversity, unions, a least score; recommendations, ranges, and explanations of
/// them.
/// </summary>
internal sealed class RankedCalls(
    IndexCatalog catalog, LiveRecallBoard recall, ServerMetrics metrics, IOptions<ServerOptions> options, TimeProvider time)
{
    private readonly ServerOptions _limits = options.Value;

    /// <summary>A search with quotas, diversity, union or a least score.</summary>
    public SearchResponse Search(
        SearchRequest request, SearchInput input, ServerCallContext context, in SearchPlace place, SearchBudget? early)
    {
        long started = Stopwatch.GetTimestamp();
        VectorTarget target = TargetOf(input.Index);
        using VectorRows queries = VectorRows.Read(request.Queries, target);
        SearchEffort effort = Effort(request, input.Index, place.Step, ListsOf(request, queries.Count));
        SearchBudget budget = Budget(request, context, in place, early, in effort);
        RankingAnswer answer;
        try
        {
            answer = RankingSearch.Run(
                input.Index, queries.Rows(0, queries.Count), queries.Count, input.Query(in effort), in budget);
        }
        catch (AnnException e) when (e is { Error: AnnError.InvalidArgument, Field: "queries" })
        {
            SearchCall.RequireSound(input.Index, in queries, 0, queries.Count);
            throw;
        }
        CallBudget.RequireComplete(answer.Statistics.Stopped, request.OnDeadline, context, time);
        return ToResponse(answer, input, in effort, place.Queued, started);
    }

    /// <summary>Items like some examples and unlike others.</summary>
    public RecommendResponse Recommend(RecommendRequest request, ServerCallContext context, in SearchPlace place) => Nested(
        request.Search, (search, place) =>
        {
            long started = Stopwatch.GetTimestamp();
            if (search.Queries is not null)
                throw AnnException.Invalid("search.queries", "search.queries is set; the examples take its place.");
            using SnapshotLease lease = catalog.Acquire(search.Index, out HostedIndex hosted);
            SearchInput input = new(search, lease.Snapshot, hosted, _limits.MaxExcludedKeys);
            Examples examples = Examples.Read(request, input.Index, _limits.MaxRowsPerRequest);
            SearchEffort effort = Effort(search, input.Index, place.Step, lists: 1);
            SearchBudget budget = Budget(search, context, in place, null, in effort);
            RecommendQuery query = new()
            {
                Search = input.Query(in effort, request.WithExamples || examples.Keys.Count == 0 ? null : Exclusion.OfKeys(examples.Keys)),
                Positives = examples.Positives,
                Negatives = examples.Negatives,
                Strategy = StrategyOf(request.Strategy),
            };
            RankingAnswer answer = RecommendSearch.Run(input.Index, query, in budget);
            CallBudget.RequireComplete(answer.Statistics.Stopped, search.OnDeadline, context, time);
            return new RecommendResponse
            {
                Answer = ToResponse(answer, input, in effort, place.Queued, started),
                Missing = examples.Missing,
            };
        },
        place);

    /// <summary>All within a distance.</summary>
    public RangeResponse Range(RangeRequest request, ServerCallContext context, in SearchPlace place) => Nested(
        request.Search, (search, place) =>
        {
            long started = Stopwatch.GetTimestamp();
            using SnapshotLease lease = catalog.Acquire(search.Index, out HostedIndex hosted);
            SearchInput input = new(search, lease.Snapshot, hosted, _limits.MaxExcludedKeys);
            VectorTarget target = TargetOf(input.Index);
            using VectorRows queries = VectorRows.Read(search.Queries, target);
            SearchEffort effort = Effort(search, input.Index, place.Step, queries.Count);
            SearchBudget budget = Budget(search, context, in place, null, in effort);
            RangeAnswer answer;
            try
            {
                answer = RangeSearch.Run(
                    input.Index, queries.Rows(0, queries.Count), queries.Count, input.Query(in effort), in budget);
            }
            catch (AnnException e) when (e is { Error: AnnError.InvalidArgument, Field: "queries" })
            {
                SearchCall.RequireSound(input.Index, in queries, 0, queries.Count);
                throw;
            }
            CallBudget.RequireComplete(answer.Answer.Statistics.Stopped, search.OnDeadline, context, time);
            return new RangeResponse
            {
                Answer = ToResponse(answer.Answer, input, in effort, place.Queued, started),
                Bounded = { answer.Bounded },
            };
        },
        place);

    /// <summary>Why an item is in an answer, or not.</summary>
    public ExplainResponse Explain(ExplainRequest request, ServerCallContext context, in SearchPlace place) => Nested(
        request.Search, (search, _) =>
        {
            using SnapshotLease lease = catalog.Acquire(search.Index, out HostedIndex hosted);
            SearchInput input = new(search, lease.Snapshot, hosted, _limits.MaxExcludedKeys);
            VectorTarget target = TargetOf(input.Index);
            using VectorRows queries = VectorRows.Read(search.Queries, target);
            SearchEffort effort = Effort(search, input.Index, step: 0, ListsOf(search, queries.Count));
            SearchBudget budget = CallBudget.Of(context, time);
            ExplainResponse response = ExplainCall.Run(
                input.Index, input.Query(in effort), queries.Rows(0, queries.Count), queries.Count, request.Key, input.Exclusions,
                in budget, out StopReason stopped);
            CallBudget.RequireComplete(stopped, context, time); // half an explanation is none
            return response;
        },
        place);

    private static TResponse Nested<TResponse>(SearchRequest? search, Func<SearchRequest, SearchPlace, TResponse> run, SearchPlace place)
    {
        if (search is null)
            throw AnnException.Invalid("search", "search is not set; it says what is asked.");
        try
        {
            RequestTag.Note(search.RequestTag);
            return run(search, place);
        }
        catch (AnnException e) when (
            e is { Error: AnnError.InvalidArgument or AnnError.FailedPrecondition, Field: { } field } && IsOfSearch(field))
        {
            throw new AnnException(e.Error, e.Message, e) { Field = "search." + field, Violations = e.Violations };
        }
    }

    private static bool IsOfSearch(string field) =>
        field is not ("key" or "strategy" or "memory" or "disk")
        && !field.StartsWith("search.", StringComparison.Ordinal)
        && !field.StartsWith("positive_", StringComparison.Ordinal)
        && !field.StartsWith("negative_", StringComparison.Ordinal);

    private static RecommendStrategy StrategyOf(Protocol.V1.RecommendStrategy strategy) => strategy switch
    {
        Protocol.V1.RecommendStrategy.Unspecified or Protocol.V1.RecommendStrategy.Average => RecommendStrategy.Average,
        Protocol.V1.RecommendStrategy.BestScore => RecommendStrategy.BestScore,
        _ => throw AnnException.Invalid("strategy", $"strategy is {(int)strategy}; it must be AVERAGE (1), BEST_SCORE (2), or not set."),
    };

    private static int ListsOf(SearchRequest request, int rows) => request.Union is null ? rows : 1;

    private VectorTarget TargetOf(IndexSnapshot index) => new("queries", index.Name, index.Dimension, _limits.MaxRowsPerRequest);

    private SearchEffort Effort(SearchRequest request, IndexSnapshot index, int step, int lists)
    {
        int k = (int)Math.Min(request.K, int.MaxValue);
        SearchEffort effort = SearchEffort.Of(
            request, index, selectivity: null, () => recall.KnownOf(RecallKind.Of(index, selectivity: null, k)), step, _limits.MaxRecallEf,
            mayScan: false);
        if ((long)lists * k > _limits.MaxResultsPerRequest)
        {
            throw AnnException.Invalid(
                "k", $"Rows times k is {(long)lists * k}; a request takes at most {_limits.MaxResultsPerRequest}.");
        }
        return effort;
    }

    private SearchBudget Budget(
        SearchRequest request, ServerCallContext context, in SearchPlace place, SearchBudget? early, in SearchEffort effort)
    {
        TimeSpan margin = TimeSpan.FromMilliseconds(_limits.DeadlineMarginMs);
        SearchBudget whole = early ?? CallBudget.Of(context, time, request.OnDeadline, margin);
        if (place.IsLate)
            return effort.Limit(CallBudget.Least(in whole), takesWhatThereIs: false);
        return effort.Limit(in whole, request.OnDeadline == OnDeadline.BestSoFar);
    }

    private SearchResponse ToResponse(RankingAnswer answer, SearchInput input, in SearchEffort effort, TimeSpan queued, long started)
    {
        int lists = answer.Offsets.Count - 1;
        SearchColumns columns = new(input.Index, lists, effort.Parameters.K, input.Asked);
        SearchHit[] hits = [.. answer.Hits];
        for (int list = 0; list < lists; list++)
            columns.Add(hits.AsSpan(answer.Offsets[list]..answer.Offsets[list + 1]));
        SearchStatistics statistics = answer.Statistics;
        columns.AddCosts(in statistics);
        columns.Explain(answer);
        if (answer is { Matching: long matching, Selectivity: double selectivity })
            columns.Restrict(matching, selectivity, answer.Selecting);
        SearchResponse response = columns.ToResponse(queued, Stopwatch.GetElapsedTime(started));
        AnswerQuality quality = new(effort);
        statistics.EstimatedRecall = double.NaN; // curves are of the nearest alone
        quality.Add(in statistics);
        if (!answer.IsFullest)
            quality.AddLimitedWork();
        quality.Write(response, metrics);
        return response;
    }
}
