using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Distances;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Mapping;

namespace Ann.Server.Services;

/// <summary>A search request, checked against the snapshot that answers it. What its query rows are is left to who reads them.</summary>
internal sealed class SearchInput
{
    private readonly SearchRequest _request;

    /// <param name="request">The request.</param>
    /// <param name="index">Held by the caller.</param>
    /// <param name="hosted">The index, with its prepared filters and its sets.</param>
    /// <param name="mostKeys">Keys that it may exclude.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: names the field. <see cref="AnnError.FailedPrecondition"/>: encoder, prepared filter, sets.
    /// </exception>
    public SearchInput(SearchRequest request, IndexSnapshot index, HostedIndex hosted, int mostKeys)
    {
        _request = request;
        Index = index;
        if (request.HasEncoderFingerprint)
            index.RequireQueryEncoder(request.EncoderFingerprint);
        if (request.OnDeadline is < OnDeadline.Unspecified or > OnDeadline.BestSoFar)
        {
            throw AnnException.Invalid(
                "on_deadline", $"on_deadline is {(int)request.OnDeadline}; it must be FAIL (1), BEST_SO_FAR (2), or not set.");
        }
        Filter = WireRanking.ReadFilter(request.Filter, request.HasPreparedFilter ? request.PreparedFilter : null, index, hosted);
        Exclusions = WireExclusions.ReadParts(request.Exclude, hosted, index.KeyKind, mostKeys);
        Asked = AskedFields.Of(request, index);
    }

    /// <summary>What answers.</summary>
    public IndexSnapshot Index { get; }

    /// <summary>Which items may be returned; null for all.</summary>
    public BoundFilter? Filter { get; }

    /// <summary>What must not be returned, part by part.</summary>
    public IReadOnlyList<NamedExclusion> Exclusions { get; }

    /// <summary>What is wanted back beside keys and scores.</summary>
    public AskedFields Asked { get; }

    /// <summary>The farthest distance of a result, with the room that rounding takes; null for any.</summary>
    /// <exception cref="AnnException">InvalidArgument: no number, or no distance.</exception>
    public float? Farthest => WireRanking.MaxDistanceOf(_request, Index.Metric) is float distance
        ? DistanceRounding.FarthestOf(Index.Metric, distance, Index.Dimension)
        : null;

    /// <summary>What the parts of <see cref="Exclusions"/> hold together; null for nothing.</summary>
    /// <param name="more">Keys that are excluded besides; null for none.</param>
    public ExcludedKeys? Excluded(ExcludedKeys? more = null)
    {
        ExcludedKeys? own = Exclusions.Count == 0 ? null : WireExclusions.UnionOf(Exclusions);
        return own is null ? more : more is null ? own : Exclusion.Union([own, more]);
    }

    /// <summary>The question without its rows.</summary>
    /// <param name="parameters">How hard it is searched for.</param>
    /// <param name="excluded">What must not be returned; null for nothing.</param>
    public RankingQuery Query(in SearchParameters parameters, ExcludedKeys? excluded) =>
        WireRanking.Read(_request, Index, in parameters, Filter, excluded);
}
