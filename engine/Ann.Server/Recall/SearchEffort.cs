using System.Diagnostics;
using System.Globalization;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Recall;
using Ann.Core.Searching;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Recall;

/// <summary>How hard a request is searched for: what it asks, less what the brown-out takes.</summary>
/// <param name="Parameters">k and the beam width that is used.</param>
/// <param name="Step">Step of the brown-out ladder.</param>
/// <param name="IsReduced">True when the step takes something from this request.</param>
/// <param name="Target">Recall that was asked for; null for none.</param>
/// <param name="Known">What live recall says of such requests.</param>
internal readonly record struct SearchEffort(
    SearchParameters Parameters, int Step, bool IsReduced, double? Target, KnownRecall Known)
{
    /// <summary>
    /// Width of the walk that a scan was taken in place of, since no walk is known to reach the target as soon; 0 where none was.
    /// </summary>
    public int PassedOver { get; private init; }

    /// <summary>
    /// True when a target was asked for that no beam width that is allowed is known to reach, and no scan took its place.
    /// </summary>
    public bool IsOutOfReach { get; private init; }

    /// <summary>Makes it of a request.</summary>
    /// <param name="request">Its k, beam width, target.</param>
    /// <param name="index">What is searched.</param>
    /// <param name="selectivity">Share of the items that may be returned; null when nothing restricts them.</param>
    /// <param name="known">What live recall says of such requests: <see cref="LiveRecallBoard.KnownOf"/>.</param>
    /// <param name="step">Step of the brown-out ladder.</param>
    /// <param name="mostEf">Widest beam that a target may ask for.</param>
    /// <param name="mayScan">True where one search answers, so that an exact scan may take the place of its walk.</param>
    /// <exception cref="AnnException">InvalidArgument: names the field.</exception>
    public static SearchEffort Of(
        Wire.SearchRequest request, IndexSnapshot index, double? selectivity, Func<KnownRecall> known, int step, int mostEf,
        bool mayScan)
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
        if (request.HasRecallTarget)
            RequireTarget(request);
        double? target = request.HasRecallTarget ? request.RecallTarget : null;
        KnownRecall found = known();
        if (target is not { } wanted || request.Exact)
            return Reduced(asked, asked, step, target, found);

        RecallWish wish = new(k, wanted, Math.Max(selectivity ?? 1, 1.0 / Math.Max(index.Rows, 1)));
        RecallWidth width = EfForRecall.Of(index.Segments, in wish, found.Plans, mostEf);
        asked = asked with { EfSearch = width.Ef };
        SearchParameters walk = BrownOutLadder.Reduce(in asked, step);
        // Under overload a scan is taken only where it is the lesser work.
        double patience = width.IsReached || step > 0 || request.OnDeadline == Wire.OnDeadline.BestSoFar ? 1 : ScanInstead.Patience;
        return mayScan && ScanInstead.IsBetter(index.Segments, k, walk.BeamWidth, wish.Selectivity, patience)
            ? new SearchEffort(asked with { EfSearch = 0, Exact = true }, step, IsReduced: false, target, found) { PassedOver = width.Ef }
            : Reduced(asked, walk, step, target, found) with { IsOutOfReach = !width.IsReached };
    }

    /// <summary>True when a row's answer shows what recall its effort gives: it is neither exact, nor reduced, nor cut.</summary>
    public bool CanBeSampled(in SearchStatistics statistics) =>
        (!Parameters.Exact || PassedOver > 0) && !IsReduced && statistics.Stopped == StopReason.None;

    /// <summary>How much is known of answers like this one.</summary>
    public double WeightOf(in SearchStatistics statistics)
    {
        int k = Parameters.K;
        return PassedOver > 0
            ? Known.WeightOf(AnswerWay.Walk, k, PassedOver)
            : Known.WeightOf(KnownRecall.WayOf(Parameters, in statistics), k, Parameters.BeamWidth);
    }

    /// <summary>What a sample of such an answer needs of it.</summary>
    public SampledAnswer AnswerOf(in SearchStatistics statistics) =>
        new(KnownRecall.WayOf(Parameters, in statistics), statistics.EstimatedRecall, PassedOver > 0);

    /// <summary>A call's budget with what the step takes from the time of a call that takes what there is.</summary>
    /// <param name="budget">Of the call.</param>
    /// <param name="takesWhatThereIs">True for a call that wants what was found by its deadline, and was not cut to the least yet.</param>
    public SearchBudget Limit(in SearchBudget budget, bool takesWhatThereIs)
    {
        if (Parameters.Exact || Step == 0 || !takesWhatThereIs || budget.DeadlineTimestamp == long.MaxValue)
            return budget;
        // Where the deadline ends the walk, and not its width, a narrower beam relieves nobody.
        long now = Stopwatch.GetTimestamp();
        long left = Math.Max(0, budget.DeadlineTimestamp - now);
        return budget with { DeadlineTimestamp = now + (long)(left * BrownOutLadder.TimeShare(Step)) };
    }

    private static void RequireTarget(Wire.SearchRequest request)
    {
        if (!(request.RecallTarget is > 0 and < 1))
        {
            throw AnnException.Invalid(
                "recall_target",
                string.Create(CultureInfo.InvariantCulture, $"recall_target is {request.RecallTarget}; it must be above 0 and below 1."));
        }
        if (request.HasEfSearch)
            throw AnnException.Invalid("recall_target", "recall_target and ef_search are both set; set one of them.");
    }

    private static SearchEffort Reduced(SearchParameters asked, SearchParameters left, int step, double? target, KnownRecall known)
    {
        SearchParameters reduced = asked == left ? BrownOutLadder.Reduce(in asked, step) : left;
        bool isReduced = !asked.Exact && (reduced.BeamWidth < asked.BeamWidth || reduced.MostReranked > 0);
        return new SearchEffort(reduced, step, isReduced, target, known);
    }
}
