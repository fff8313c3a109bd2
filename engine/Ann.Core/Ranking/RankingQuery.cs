using Ann.Core.Attributes;
using Ann.Core.Distances;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>What a ranking service asks beside its query vectors. The plain k nearest need none of it.</summary>
internal sealed record RankingQuery
{
    /// <summary>Most caps, and most floors, of a query.</summary>
    public const int MaxQuotas = 16;

    /// <summary>Items wanted: of each row, or of one list where rows are merged. 1 to 10,000.</summary>
    public required int K { get; init; }

    /// <summary>Beam width; 0 for the default.</summary>
    public int EfSearch { get; init; }

    /// <summary>Scan every item that may be returned.</summary>
    public bool Exact { get; init; }

    /// <summary>Which items may be returned; null for all.</summary>
    public Filter? Filter { get; init; }

    /// <summary>The same checked before, instead of <see cref="Filter"/>; null to check that.</summary>
    public BoundFilter? Prepared { get; init; }

    /// <summary>Items that must not be returned; null for none.</summary>
    public ExcludedKeys? Excluded { get; init; }

    /// <summary>
    /// The farthest distance of a result, as the core measures it; null for any. Distances are compared with it within their own rounding
    /// (<see cref="DistanceRounding"/>).
    /// </summary>
    public float? MaxDistance { get; init; }

    /// <summary>At most n items a value.</summary>
    public IReadOnlyList<Cap> Caps { get; init; } = [];

    /// <summary>At least n items of a kind.</summary>
    public IReadOnlyList<Floor> Floors { get; init; } = [];

    /// <summary>Maximal marginal relevance; null for none.</summary>
    public Diversity? Diversity { get; init; }

    /// <summary>Merges the rows into one list; null for a list a row.</summary>
    public UnionMerge? Union { get; init; }

    /// <summary>True when nothing is asked for but the nearest, as far as <see cref="MaxDistance"/> reaches.</summary>
    public bool IsPlain => Caps.Count + Floors.Count == 0 && Diversity is null && Union is null;

    /// <summary>
    /// The items that <see cref="Filter"/> and <see cref="Excluded"/> leave, where that was found out before; null to find it out. It stays
    /// the caller's.
    /// </summary>
    internal ItemSelection? Selected { get; init; }

    /// <inheritdoc cref="SearchParameters.MostReranked"/>
    internal int MostReranked { get; init; }

    /// <summary>How hard one search for <see cref="K"/> items looks.</summary>
    internal SearchParameters Parameters => new(K, Exact ? 0 : EfSearch, Exact) { MostReranked = MostReranked };

    /// <summary>The <see cref="MaxDistance"/> of a least score.</summary>
    /// <param name="score">In the unit of scores; under L2 a distance.</param>
    /// <param name="metric">How nearness is measured.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: no number or no distance; names <c>min_score</c>.</exception>
    internal static float MaxDistanceOf(float score, Metric metric)
    {
        if (float.IsNaN(score))
            throw AnnException.Invalid("min_score", "min_score is NaN; a number was expected.");
        if (metric.Traits().IsSquared && score < 0)
            throw AnnException.Invalid("min_score", $"min_score is {score}; under L2 it is a distance, 0 or more.");
        return metric.ToDistance(score);
    }

    /// <summary><see cref="MaxDistance"/> with the room that rounding takes: what is farther is no result.</summary>
    /// <param name="metric">How nearness is measured.</param>
    /// <param name="dimension">Components of a row.</param>
    internal float? FarthestOf(Metric metric, int dimension) =>
        MaxDistance is float distance ? DistanceRounding.FarthestOf(metric, distance, dimension) : null;
}

/// <summary>
/// At most <paramref name="Most"/> items with the same value. Items without one are not counted; of a set each element is.
/// </summary>
/// <param name="Attribute">Keyword, keyword set, int64 or bool.</param>
/// <param name="Most">1 to 10,000.</param>
internal sealed record Cap(string Attribute, int Most);

/// <summary>At least <paramref name="Least"/> items that a filter takes, as long as there are so many.</summary>
/// <param name="Filter">The kind.</param>
/// <param name="Least">1 to k.</param>
internal sealed record Floor(Filter Filter, int Least);

/// <summary>Maximal marginal relevance (Carbonell &amp; Goldstein 1998).</summary>
/// <param name="Lambda">0 to 1: 1 is by score alone.</param>
/// <param name="Candidates">Candidates that are chosen from, k to 10,000.</param>
internal sealed record Diversity(float Lambda, int Candidates);

/// <summary>One list of several rows.</summary>
/// <param name="LeastPerRow">Items that each row brings at least, as far as it finds so many.</param>
internal sealed record UnionMerge(int LeastPerRow);
