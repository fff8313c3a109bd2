using Ann.Core;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Grpc.Core;
using RecommendStrategy = Ann.Core.Ranking.RecommendStrategy;

namespace Ann.Server.Services;

/// <summary>Items like some examples and unlike others.</summary>
internal sealed class RecommendCall(SearchPipeline pipeline)
{
    public RecommendResponse Run(RecommendRequest request, ServerCallContext context, SearchPlace place, HeldIndex? encoded = null) =>
        NestedSearch.Run(request.Search, asked =>
        {
            string? set = asked.Queries is not null ? "queries"
                : asked.Texts.Count > 0 ? "texts"
                : asked.Features is not null ? "features" : null;
            if (set is not null)
                throw AnnException.Invalid(set, $"{set} is set; the examples take its place.");
            using AcquiredSearch search = pipeline.Acquire(asked, context, in place, encoded: encoded);
            Examples examples = Examples.Read(request, search.Index, pipeline.MaxRows);
            ExcludedKeys? own = request.WithExamples || examples.Keys.Count == 0 ? null : Exclusion.OfKeys(examples.Keys);
            using PreparedSearch prepared = pipeline.Prepare(in search, lists: 1, mayScan: false, own);
            RecommendQuery query = new()
            {
                Search = prepared.Query,
                Positives = examples.Positives,
                Negatives = examples.Negatives,
                Strategy = StrategyOf(request.Strategy),
            };
            RankingAnswer answer = Search(search.Index, query, prepared.Budget);
            return new RecommendResponse { Answer = pipeline.Reply(in prepared, answer), Missing = examples.Missing };
        });

    private static RankingAnswer Search(IndexSnapshot index, RecommendQuery query, SearchBudget budget)
    {
        try
        {
            return RecommendSearch.Run(index, query, in budget);
        }
        catch (AnnException e) when (e.Field is "positives" or "negatives")
        {
            throw e.Renamed(e.Field is "positives" ? "positive_vectors" : "negative_vectors");
        }
    }

    private static RecommendStrategy StrategyOf(Protocol.V1.RecommendStrategy strategy) => strategy switch
    {
        Protocol.V1.RecommendStrategy.Unspecified or Protocol.V1.RecommendStrategy.Average => RecommendStrategy.Average,
        Protocol.V1.RecommendStrategy.BestScore => RecommendStrategy.BestScore,
        _ => throw AnnException.Invalid("strategy", $"strategy is {(int)strategy}; it must be AVERAGE (1), BEST_SCORE (2), or not set."),
    };
}
