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

    /// <summary>Refuses what a search would refuse of its quotas and the like, without searching. Of a plain one too.</summary>
    /// <param name="search">The request.</param>
    /// <param name="queries">Its rows.</param>
    /// <param name="parameters">Its k and beam width, checked.</param>
    public static void Check(in AcquiredSearch search, in VectorRows queries, in SearchParameters parameters)
    {
        RankingQuery query = search.Input.Query(in parameters, excluded: null);
        RankingSearch.Check(search.Index, queries.Rows(0, queries.Count), queries.Count, query);
        for (int floor = 0; floor < query.Floors.Count; floor++)
            search.Index.Bind(query.Floors[floor].Filter, $"floors[{floor}].filter");
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
