using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>What a search request asks beside its query rows, as the core takes it. Ranges are checked by the core.</summary>
internal static class WireRanking
{
    private const int LeastCandidates = 64;
    private const int CandidatesPerResult = 4;

    /// <summary>
    /// True when a request asks for more than the k nearest of what may be returned: what <see cref="RankingQuery.IsPlain"/> tells of
    /// queries.
    /// </summary>
    public static bool IsRanked(Wire.SearchRequest request) =>
        request.Caps.Count > 0 || request.Floors.Count > 0 || request.Diversity is not null || request.Union is not null;

    /// <summary>Reads it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="index">What will answer.</param>
    /// <param name="parameters">k and beam width, checked.</param>
    /// <param name="filter">Which items may be returned (<see cref="ReadFilter"/>).</param>
    /// <param name="excluded">Items that must not be returned.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the field.</exception>
    public static RankingQuery Read(
        Wire.SearchRequest request, IndexSnapshot index, in SearchParameters parameters, BoundFilter? filter, ExcludedKeys? excluded) =>
        new()
        {
            K = parameters.K,
            EfSearch = parameters.Exact ? 0 : parameters.EfSearch,
            Exact = parameters.Exact,
            MostReranked = parameters.MostReranked,
            Prepared = filter,
            Excluded = excluded,
            MaxDistance = MaxDistanceOf(request, index.Metric),
            Caps = [.. request.Caps.Select(static cap => new Cap(cap.Attribute, Bounded(cap.Most)))],
            Floors = [.. request.Floors.Select((floor, i) => new Floor(KindOf(floor, i, index), Bounded(floor.Least)))],
            Diversity = DiversityOf(request.Diversity, parameters.K),
            Union = request.Union is null ? null : new UnionMerge(Bounded(request.Union.LeastPerRow)),
        };

    /// <summary>The filter of a request: its own, or one that was prepared.</summary>
    /// <param name="filter">Its own; null for none.</param>
    /// <param name="prepared">Hash of a prepared one; null for none.</param>
    /// <param name="index">What will answer.</param>
    /// <param name="hosted">The index, which knows the prepared ones.</param>
    /// <returns>Null when everything may be returned.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: names the clause, or <c>prepared_filter</c> when both are set.
    /// <see cref="AnnError.FailedPrecondition"/>: the server does not know the prepared filter.
    /// </exception>
    public static BoundFilter? ReadFilter(Wire.Filter? filter, ulong? prepared, IndexSnapshot index, HostedIndex hosted)
    {
        if (prepared is not ulong hash)
            return WireFilter.Read(filter, "filter", index) is { } tree ? index.Bind(tree) : null;
        if (filter is not null)
            throw AnnException.Invalid("prepared_filter", "filter and prepared_filter are both set; set one of them.");
        return hosted.PreparedFilters.TryGet(hash, out BoundFilter? known)
            ? known
            : throw AnnException.Refused(
                "prepared_filter", $"Index '{index.Name}' knows no prepared filter {hash:x16}, or not any more. Prepare it again.");
    }

    /// <summary>The distance of the least score of a request; null for none.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the field.</exception>
    public static float? MaxDistanceOf(Wire.SearchRequest request, Metric metric) =>
        request.HasMinScore ? RankingQuery.MaxDistanceOf(request.MinScore, metric) : null;

    private static Filter KindOf(Wire.Floor floor, int position, IndexSnapshot index) =>
        WireFilter.Read(floor.Filter, $"floors[{position}].filter", index)
        ?? throw AnnException.Invalid($"floors[{position}].filter", $"floors[{position}] has no filter; it says what is to be there.");

    private static Diversity? DiversityOf(Wire.Diversity? diversity, int k)
    {
        if (diversity is null)
            return null;
        if (!diversity.HasLambda)
            throw AnnException.Invalid("diversity.lambda", "diversity.lambda is not set; it must be 0 to 1.");
        int candidates = diversity.HasCandidates
            ? Bounded(diversity.Candidates)
            : Math.Clamp(CandidatesPerResult * k, LeastCandidates, Math.Max(k, SearchParameters.MaxK));
        return new Diversity(diversity.Lambda, candidates);
    }

    /// <summary>Clamped so that a huge unsigned number stays a huge number, and is refused as such.</summary>
    private static int Bounded(uint value) => (int)Math.Min(value, int.MaxValue);
}
