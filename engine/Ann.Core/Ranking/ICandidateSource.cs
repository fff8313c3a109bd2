using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>What ranking asks of an index: the nearest of the items that may be returned, and what they count for.</summary>
internal interface ICandidateSource : IDisposable
{
    /// <summary>How nearness is measured.</summary>
    Metric Metric { get; }

    /// <summary>Components of a vector.</summary>
    int Dimension { get; }

    /// <summary>The values of caps met so far; slots of candidates are theirs.</summary>
    CapSlots Slots { get; }

    /// <summary>
    /// The nearest items of a query, nearest first, ties by key, of those that may be returned and that a refinement leaves.
    /// </summary>
    /// <returns>Items written: k, or as many as there are.</returns>
    int Nearest(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, Refinement refinement, Span<SearchHit> hits,
        out SearchStatistics statistics);

    /// <summary>Items that may be returned; rows of deleted items may be counted.</summary>
    long Matching { get; }

    /// <summary>
    /// The best items by what examples make of them, best first, ties by key, of those that may be returned and that a refinement leaves:
    /// every one of them is looked at.
    /// </summary>
    /// <returns>Items written: as many as there is room for, or as there are.</returns>
    int Best(
        ExampleScores scores, in SearchBudget budget, Refinement refinement, Span<SearchHit> hits, out SearchStatistics statistics);

    /// <summary>Appends the slots of an item, of all caps.</summary>
    void AddSlotsOf(SearchHit hit, List<int> slots);

    /// <summary>True when an item is of a floor's kind.</summary>
    bool IsOf(int floor, SearchHit hit);

    /// <summary>Order by key.</summary>
    int CompareKeys(SearchHit a, SearchHit b);

    /// <summary>The vector of an item as it is stored.</summary>
    ReadOnlySpan<float> RowOf(SearchHit hit);
}

/// <summary>Which of the items that may be returned a further search looks for.</summary>
/// <param name="FullSlots">Values that its items must not have.</param>
/// <param name="Floors">Kinds that its items must all be of, one bit a floor; 0 for any.</param>
internal readonly record struct Refinement(IReadOnlyList<int> FullSlots, uint Floors)
{
    /// <summary>All that may be returned.</summary>
    public static Refinement None => new([], 0);
}
