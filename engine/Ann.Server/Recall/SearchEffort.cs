using System.Diagnostics;
using Ann.Core;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Recall;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Recall;

/// <summary>How hard a request is searched for: what it asks, less what the brown-out takes.</summary>
/// <param name="Parameters">k and the beam width that is used.</param>
/// <param name="Step">Step of the brown-out ladder.</param>
/// <param name="IsReduced">True when the step takes something from this request.</param>
/// <param name="Target">Recall that was asked for; null for none.</param>
internal readonly record struct SearchEffort(SearchParameters Parameters, int Step, bool IsReduced, double? Target)
{
    /// <summary>Makes it of a request.</summary>
    /// <param name="request">Its k, beam width, target.</param>
    /// <param name="index">What is searched.</param>
    /// <param name="factor">What live recall says of such requests: <see cref="LiveRecallBoard.FactorOf"/>.</param>
    /// <param name="step">Step of the brown-out ladder.</param>
    /// <param name="mostEf">Widest beam that a target may ask for.</param>
    /// <exception cref="AnnException">InvalidArgument: names the field.</exception>
    public static SearchEffort Of(Wire.SearchRequest request, IndexSnapshot index, Func<double> factor, int step, int mostEf)
    {
        // Clamped so that a huge unsigned number stays a huge number, and is refused as such.
        int k = (int)Math.Min(request.K, int.MaxValue);
        int efSearch = request.HasEfSearch ? (int)Math.Min(request.EfSearch, int.MaxValue) : 0;
        SearchParameters asked = new(k, efSearch, request.Exact);
        asked.Validate();
        if (request.HasEfSearch && efSearch == 0)
        {
            throw AnnException.Invalid(
                "ef_search", $"ef_search is 0; it must be k ({k}) to {SearchParameters.MaxEfSearch}, or not set.");
        }
        double? target = null;
        if (request.HasRecallTarget)
        {
            EfForRecall.Validate(request.RecallTarget, request.HasEfSearch);
            target = request.RecallTarget;
            if (!request.Exact)
                asked = asked with { EfSearch = EfForRecall.Of(index, k, request.RecallTarget, factor(), mostEf) };
        }
        SearchParameters reduced = BrownOutLadder.Reduce(in asked, step);
        bool isReduced = !asked.Exact && (reduced.BeamWidth < asked.BeamWidth || BrownOutLadder.MostReranked(k, step) > 0);
        return new SearchEffort(reduced, step, isReduced, target);
    }

    /// <summary>True when a row's answer shows what recall its effort gives: it is neither exact, nor reduced, nor cut.</summary>
    public bool CanBeSampled(in SearchStatistics statistics) =>
        !Parameters.Exact && !IsReduced && statistics.Stopped == StopReason.None;

    /// <summary>A call's budget with what the step takes from the rerank, and from the time of a call that takes what there is.</summary>
    /// <param name="budget">Of the call.</param>
    /// <param name="takesWhatThereIs">True for a call that wants what was found by its deadline, and was not cut to the least yet.</param>
    public SearchBudget Limit(in SearchBudget budget, bool takesWhatThereIs)
    {
        if (Parameters.Exact || Step == 0)
            return budget;
        SearchBudget limited = budget with { MostReranked = BrownOutLadder.MostReranked(Parameters.K, Step) };
        if (!takesWhatThereIs || budget.DeadlineTimestamp == long.MaxValue)
            return limited;
        // Where the deadline ends the walk, and not its width, a narrower beam relieves nobody.
        long now = Stopwatch.GetTimestamp();
        long left = Math.Max(0, budget.DeadlineTimestamp - now);
        return limited with { DeadlineTimestamp = now + (long)(left * BrownOutLadder.TimeShare(Step)) };
    }
}
