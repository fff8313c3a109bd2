using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Mapping;

namespace Ann.Server.Services;

/// <summary>A search that asks for more than the nearest: quotas, diversity, a union.</summary>
internal sealed class RankedCall(SearchPipeline pipeline)
{
    public SearchResponse Run(in AcquiredSearch search, in VectorRows queries)
    {
        using PreparedSearch prepared = pipeline.Prepare(in search, ListsOf(search.Request, queries.Count), mayScan: false);
        RankingAnswer answer = RankingSearch.Run(
            search.Index, queries.Rows(0, queries.Count), queries.Count, prepared.Query, prepared.Budget);
        Learn(in prepared, in queries, answer);
        return pipeline.Reply(in prepared, answer);
    }

    /// <summary>Where nothing that was asked came into play, the lists are those of a plain search, and as good to learn from.</summary>
    private void Learn(in PreparedSearch search, in VectorRows queries, RankingAnswer answer)
    {
        SearchStatistics statistics = answer.Statistics;
        if (double.IsNaN(statistics.EstimatedRecall) || answer.Quotas.Count > 0 || search.Of.Request.HasMinScore)
            return;
        for (int list = 0; list < queries.Count; list++)
            pipeline.Learn(in search, queries[list], in statistics, answer[list]);
    }

    /// <summary>Lists of an answer: one of a union, else one a row.</summary>
    public static int ListsOf(SearchRequest request, int rows) => request.Union is null ? rows : 1;
}
