using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Ann.Server.Recall;

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
            index.RequireEncoder(request.EncoderFingerprint);
        if (request.OnDeadline is < OnDeadline.Unspecified or > OnDeadline.BestSoFar)
        {
            throw AnnException.Invalid(
                "on_deadline", $"on_deadline is {(int)request.OnDeadline}; it must be FAIL (1), BEST_SO_FAR (2), or not set.");
        }
        Filter = WireRanking.ReadFilter(request.Filter, request.HasPreparedFilter ? request.PreparedFilter : null, index, hosted);
        Exclusions = WireExclusions.ReadParts(request.Exclude, hosted, index.KeyKind, mostKeys);
        Asked = request.Attributes.Count == 0 ? [] : WireAttributes.ReadAsked(request.Attributes, index.Attributes);
    }

    /// <summary>What answers.</summary>
    public IndexSnapshot Index { get; }

    /// <summary>Which items may be returned; null for all.</summary>
    public BoundFilter? Filter { get; }

    /// <summary>What must not be returned, part by part.</summary>
    public IReadOnlyList<NamedExclusion> Exclusions { get; }

    /// <summary>Columns of the attributes wanted back.</summary>
    public int[] Asked { get; }

    /// <summary>True when more is asked for than the k nearest of what may be returned.</summary>
    public bool IsRanked => WireRanking.IsRanked(_request);

    /// <summary>What the parts of <see cref="Exclusions"/> hold together; null for nothing.</summary>
    public ExcludedKeys? Excluded() => Exclusions.Count == 0 ? null : WireExclusions.UnionOf(Exclusions);

    /// <summary>The question without its rows.</summary>
    /// <param name="effort">How hard it is searched for.</param>
    /// <param name="more">Keys that are excluded besides; null for none.</param>
    public RankingQuery Query(in SearchEffort effort, ExcludedKeys? more = null)
    {
        SearchParameters parameters = effort.Parameters;
        ExcludedKeys? excluded = Excluded();
        if (more is not null)
            excluded = excluded is null ? more : Ann.Core.Exclusions.Exclusion.Union([excluded, more]);
        return WireRanking.Read(_request, Index, in parameters, Filter, excluded);
    }
}
