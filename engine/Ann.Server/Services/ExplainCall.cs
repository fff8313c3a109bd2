using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Server.Admission;
using Ann.Server.Mapping;
using Ann.Server.Recall;
using Grpc.Core;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Services;

/// <summary>Why an item is in the answer to a search, or not.</summary>
internal sealed class ExplainCall(SearchPipeline pipeline, CallLimits limits, TimeProvider time)
{
    /// <summary>Answers it, as of a server that is not pressed.</summary>
    public Wire.ExplainResponse Run(Wire.ExplainRequest request, ServerCallContext context, SearchPlace place, HeldIndex? encoded = null) =>
        NestedSearch.Run(request.Search, asked =>
        {
            SearchBudget whole = encoded?.Encoded?.Whole ?? limits.BudgetOf(context);
            using AcquiredSearch search = pipeline.Acquire(asked, context, in place, whole, encoded);
            using VectorRows queries = pipeline.ReadRows(in search);
            SearchEffort effort = pipeline.EffortOf(
                search with { Place = default }, RankedCall.ListsOf(asked, queries.Count), selectivity: null, mayScan: false);
            RankingQuery query = search.Input.Query(effort.Parameters, search.Input.Excluded());
            SearchBudget budget = search.Budget;
            Wire.ExplainResponse response = Explain(
                search.Index, query, queries.Rows(0, queries.Count), request.Key, search.Input.Exclusions, in budget,
                out StopReason stopped);
            CallBudget.RequireComplete(stopped, context, time); // half an explanation is none
            return response;
        });

    /// <summary>Says what becomes of one item in a search that was read already.</summary>
    /// <param name="index">Held by the caller.</param>
    /// <param name="query">What the search asks; its exclusions are the union of <paramref name="exclusions"/>.</param>
    /// <param name="queries">Its rows, one after another: one, or several of a union.</param>
    /// <param name="key">Of the request: one key.</param>
    /// <param name="exclusions">The parts that it excludes (<see cref="WireExclusions.ReadParts"/>).</param>
    /// <param name="budget">When to stop early.</param>
    /// <param name="stopped">Why it stopped early, if it did: the reply is no answer then.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the field of the search, or <c>key</c>.</exception>
    internal static Wire.ExplainResponse Explain(
        IndexSnapshot index, RankingQuery query, ReadOnlySpan<float> queries, Wire.KeyColumn? key,
        IReadOnlyList<NamedExclusion> exclusions, in SearchBudget budget, out StopReason stopped)
    {
        ItemKey item = WireKeys.At(WireKeys.Read(key, index.KeyKind, index.Name, most: 1, "key"), 0);
        Explanation found = ExplainSearch.Run(
            index, queries, queries.Length / index.Dimension, query, in item, exclusions, in budget);
        stopped = found.Stopped;
        return ToResponse(found, index);
    }

    private static Wire.ExplainResponse ToResponse(Explanation found, IndexSnapshot index)
    {
        Wire.ExplainResponse response = new()
        {
            Verdict = WireEnum<ExplainVerdict, Wire.Verdict>.ToWire(found.Verdict),
            Explanation = found.Text,
            Row = (uint)found.Row,
            Reachable = found.IsReachable,
            Generation = index.Generation,
        };
        if (found.Distance is float distance)
            response.Score = index.Metric.ToScore(distance);
        if (found.ExactRank is long rank)
            response.ExactRank = (ulong)rank;
        if (found.Position is int position)
            response.Position = (uint)position;
        if (found.NeededEf is int ef)
            response.NeededEf = (uint)ef;
        response.FailedClauses.Add(found.FailedClauses.Select(static clause => $"{clause.Path}: {clause.Text}"));
        response.ExcludedBy.Add(found.ExcludedBy);
        response.CappedBy.Add(found.CappedBy.Select(static cap => (uint)cap));
        return response;
    }
}
