using System.Diagnostics;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Recall;
using Ann.Server.Telemetry;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>Tells metrics and traces of each answer to a search; of the server's own calls nothing.</summary>
internal sealed class SearchSight(ServerMetrics metrics, TimeProvider time)
{
    /// <summary>What a search learns its times with; null where its call is not traced.</summary>
    public static RerankTimer? NewTimer() => Spans.OfCall is null ? null : new RerankTimer();

    /// <summary>An answer is made.</summary>
    /// <param name="search">What it answers.</param>
    /// <param name="selecting">Time that it took to find what may be returned.</param>
    /// <param name="timer">As its search had it.</param>
    /// <param name="response">The answer.</param>
    public void Answered(in AcquiredSearch search, TimeSpan selecting, RerankTimer? timer, SearchResponse response)
    {
        if (OwnCalls.Has(search.Request))
        {
            CallBody.MarkOwn(search.Held.Context.GetHttpContext());
            return;
        }
        Activity? call = Spans.OfCall;
        if (call is null && !metrics.CountsAnswers)
            return;
        TimeSpan searched = TimeSpan.FromMicroseconds(response.Stats.SearchUs);
        metrics.Answered(new ToldAnswer(
            search.Index.Name, response.Generation, response.Stats.Plan, response.Completeness, search.Place.Queued, searched,
            (long)response.Stats.Visited));
        // Of several searches in one call the first is told.
        if (call is not null && call.GetTagItem(TagNames.Index) is null)
        {
            Tag(call, in search, response);
            Tell(call, in search, selecting, timer, searched);
        }
    }

    private static void Tag(Activity call, in AcquiredSearch search, SearchResponse response)
    {
        SearchStats stats = response.Stats;
        call.SetTag(TagNames.DbSystem, TagNames.DbSystemValue);
        call.SetTag(TagNames.Index, search.Index.Name);
        call.SetTag(TagNames.Generation, response.Generation);
        call.SetTag(TagNames.Plan, ServerMetrics.NameOf(stats.Plan));
        call.SetTag(TagNames.Completeness, ServerMetrics.NameOf(response.Completeness));
        call.SetTag("ann.k", search.K);
        call.SetTag("ann.ef_search", (long)stats.EfSearch);
        call.SetTag("ann.visited", (long)stats.Visited);
        call.SetTag("ann.brown_out", (long)stats.BrownOut);
        if (stats.HasEstimatedRecall)
            call.SetTag("ann.recall.estimate", stats.EstimatedRecall);
    }

    /// <summary>The parts of the call, in the order in which they were done: encode, queue, filter, walk, rerank.</summary>
    private void Tell(Activity call, in AcquiredSearch search, TimeSpan selecting, RerankTimer? timer, TimeSpan searched)
    {
        DateTimeOffset end = time.GetUtcNow();
        DateTimeOffset began = end - searched;
        TimeSpan reranked = timer?.Spent ?? TimeSpan.Zero;
        TimeSpan encoded = search.Held.Encoded?.Time ?? TimeSpan.Zero;
        Spans.Tell(call, "encode", began - search.Place.Queued - encoded, encoded);
        Spans.Tell(call, "queue", began - search.Place.Queued, search.Place.Queued);
        Spans.Tell(call, "filter", began, selecting);
        Spans.Tell(call, "walk", began + selecting, searched - selecting - reranked);
        Spans.Tell(call, "rerank", end - reranked, reranked);
    }
}
