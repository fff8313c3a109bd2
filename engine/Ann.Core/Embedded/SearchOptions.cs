using System.Diagnostics;
using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Ranking;
using Ann.Core.Searching;

namespace Ann.Core.Embedded;

/// <summary>What a search asks beside its query vector. The k nearest of all items need none of it.</summary>
public sealed record SearchOptions
{
    /// <summary>Which items may be returned. Default: null, all of them.</summary>
    public Filter? Filter { get; init; }

    /// <summary>
    /// Keys of items that must not be returned, at most 100,000; those that no item has do no harm. Default: none.
    /// </summary>
    public IReadOnlyCollection<AnnKey> ExcludedKeys { get; init; } = [];

    /// <summary>
    /// Attributes to return with each result, by name: those that are not named cost nothing. Default: none.
    /// </summary>
    public IReadOnlyList<string> Attributes { get; init; } = [];

    /// <summary>
    /// True to return the payload of each result too: up to 1 MiB each, copied. Default: false, which costs nothing.
    /// </summary>
    public bool Payloads { get; init; }

    /// <summary>
    /// Items that the walk keeps in view, k to 40,000: more of them take longer and miss less. Default: null, which is the larger of 128
    /// and 1.5 · k.
    /// </summary>
    public int? EfSearch { get; init; }

    /// <summary>
    /// True to compare every item that may be returned, so that none is missed; <see cref="EfSearch"/> is then not used. Default: false.
    /// </summary>
    public bool Exact { get; init; }

    /// <summary>
    /// The worst score of a result, in the unit of <see cref="SearchResult.Score"/>: the least cosine or inner product, or the largest
    /// distance under <see cref="Metric.L2"/>. Default: null, any.
    /// </summary>
    public float? MinScore { get; init; }

    /// <summary>
    /// Time after which the search returns what it has found, more than zero: see <see cref="SearchResults.Stopped"/>. Kept to about 0.1
    /// ms. Default: null, no limit.
    /// </summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>Ends the search with <see cref="OperationCanceledException"/>, within a millisecond. Default: never.</summary>
    public CancellationToken CancellationToken { get; init; }

    internal static SearchOptions Default { get; } = new();

    internal RankingQuery ToQuery(IndexSnapshot index, int k)
    {
        if (EfSearch == 0)
            throw AnnException.Invalid("ef_search", "ef_search is 0; it must be k or more, or not set.");
        if (ExcludedKeys.Count > Exclusion.MaxKeys)
        {
            throw AnnException.Invalid(
                "excluded_keys", $"there are {ExcludedKeys.Count} excluded keys; at most {Exclusion.MaxKeys} are taken.");
        }
        return new RankingQuery
        {
            K = k,
            EfSearch = EfSearch ?? 0,
            Exact = Exact,
            Filter = Filter,
            Excluded = ExcludedKeys.Count == 0
                ? null
                : Exclusion.OfKeys(AnnKey.ToColumn(ExcludedKeys, index.KeyKind, "excluded_keys")),
            MaxDistance = MinScore is float score ? RankingQuery.MaxDistanceOf(score, index.Metric) : null,
        };
    }

    internal SearchBudget ToBudget()
    {
        if (TimeLimit is not TimeSpan limit)
            return new SearchBudget(long.MaxValue, CancellationToken);
        if (limit <= TimeSpan.Zero)
            throw AnnException.Invalid("time_limit", $"time_limit is {limit}; it must be more than zero, or not set.");
        // Half the range: far beyond any deadline, and the sum cannot overflow.
        long ticks = (long)Math.Min(limit.TotalSeconds * Stopwatch.Frequency, long.MaxValue / 2);
        return new SearchBudget(Stopwatch.GetTimestamp() + ticks, CancellationToken);
    }
}
