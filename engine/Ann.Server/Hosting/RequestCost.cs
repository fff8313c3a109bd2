using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Limits;

namespace Ann.Server.Hosting;

/// <summary>Tells what a request asks for from the request alone, before anybody has checked it.</summary>
internal static class RequestCost
{
    /// <summary>What it asks for; null where limits are not of such calls: health and reflection.</summary>
    /// <param name="request">A message of the protocol.</param>
    /// <param name="bytes">Its length.</param>
    public static CallCost? Of(object request, long bytes)
    {
        CallCost cost = new(bytes, Rows: 0, K: 0, Ef: 0, WrittenRows: 0, IsSearch: true);
        return request switch
        {
            SearchRequest search => OfSearch(cost, search),
            SearchManyRequest many => OfMany(cost, many),
            RangeRequest range => OfSearch(cost, range.Search),
            ExplainRequest explain => OfSearch(cost, explain.Search),
            RecommendRequest recommend => OfSearch(cost, recommend.Search) with { Rows = ExamplesOf(recommend) },
            ScrollRequest scroll => cost with { K = scroll.Limit },
            FetchRequest fetch => cost with { Rows = CallWork.KeysOf(fetch.Keys) },
            PrepareFilterRequest => cost,
            EmbedRequest embed => cost with { Rows = embed.Texts.Count, IsSearch = false },
            UpsertRequest upsert => OfWrite(cost, upsert.Keys),
            UpdateRequest update => OfWrite(cost, update.Keys),
            DeleteRequest delete => OfWrite(cost, delete.Keys),
            AppendToSetRequest append => cost with { Rows = CallWork.KeysOf(append.Keys), IsSearch = false },
            WriteFrame { Block: { } block } => OfWrite(cost, block.Keys),
            WriteFrame or DropSetRequest or ListRequest or DescribeRequest or CreateRequest or DropRequest or AttachRequest or DetachRequest
                or PromoteRequest or RollbackRequest or CompactRequest or SnapshotRequest => cost with { IsSearch = false },
            _ => null,
        };
    }

    private static CallCost OfSearch(CallCost cost, SearchRequest? search) => search is null
        ? cost
        : cost with
        {
            Rows = RowsOf(search),
            K = Math.Max(search.K, search.Diversity is { HasCandidates: true } diverse ? diverse.Candidates : 0),
            Ef = search.EfSearch,
        };

    private static CallCost OfMany(CallCost cost, SearchManyRequest many)
    {
        foreach (SearchRequest search in many.Searches)
        {
            CallCost one = OfSearch(cost, search);
            cost = cost with { Rows = cost.Rows + one.Rows, K = Math.Max(cost.K, one.K), Ef = Math.Max(cost.Ef, one.Ef) };
        }
        return cost;
    }

    private static CallCost OfWrite(CallCost cost, KeyColumn? keys)
    {
        long rows = CallWork.KeysOf(keys);
        return cost with { Rows = rows, WrittenRows = rows, IsSearch = false };
    }

    private static long RowsOf(SearchRequest search)
    {
        long features = search.Features is { } batch
            ? Math.Max(1, (batch.Numbers.Count + batch.Ids.Count) / Math.Max(1, (int)Math.Min(batch.Columns, int.MaxValue)))
            : 0;
        return CallWork.RowsOf(search.Queries) + search.Texts.Count + features;
    }

    private static long ExamplesOf(RecommendRequest request) =>
        CallWork.RowsOf(request.PositiveVectors) + CallWork.RowsOf(request.NegativeVectors) + CallWork.KeysOf(request.PositiveKeys)
        + CallWork.KeysOf(request.NegativeKeys) + request.PositiveTexts.Count + request.NegativeTexts.Count;
}
