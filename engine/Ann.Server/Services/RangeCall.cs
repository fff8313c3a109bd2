using Ann.Core;
using Ann.Core.Ranking;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Mapping;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>All items within a distance.</summary>
internal sealed class RangeCall(SearchPipeline pipeline)
{
    public RangeResponse Run(RangeRequest request, ServerCallContext context, SearchPlace place, HeldIndex? encoded = null) =>
        NestedSearch.Run(request.Search, asked =>
        {
            using AcquiredSearch search = pipeline.Acquire(asked, context, in place, encoded: encoded);
            using VectorRows queries = pipeline.ReadRows(in search);
            using PreparedSearch prepared = pipeline.Prepare(in search, queries.Count, mayScan: false);
            RangeAnswer answer;
            try
            {
                answer = RangeSearch.Run(
                    search.Index, queries.Rows(0, queries.Count), queries.Count, prepared.Query, prepared.Budget);
            }
            catch (AnnException e) when (e is { Error: AnnError.InvalidArgument, Field: "queries" })
            {
                SearchPipeline.RequireSound(search.Index, in queries, 0, queries.Count);
                throw;
            }
            return new RangeResponse { Answer = pipeline.Reply(in prepared, answer.Answer), Bounded = { answer.Bounded } };
        });
}
