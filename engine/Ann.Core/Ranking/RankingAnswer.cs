using System.Runtime.InteropServices;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>One or more lists of items, and how they came about. Its hits are good while the snapshot is held.</summary>
internal sealed record RankingAnswer
{
    /// <summary>The lists one after another, each in its order.</summary>
    public required List<SearchHit> Hits { get; init; }

    /// <summary>Where each list starts in <see cref="Hits"/>; one entry more than lists.</summary>
    public required IReadOnlyList<int> Offsets { get; init; }

    /// <summary>Lists.</summary>
    public int Lists => Offsets.Count - 1;

    /// <summary>Of a union: the query row that each hit came from. Otherwise empty.</summary>
    public IReadOnlyList<int> FromRows { get; init; } = [];

    /// <summary>Caps that kept an item out of a list, and floors that could not be met.</summary>
    public IReadOnlyList<QuotaFact> Quotas { get; init; } = [];

    /// <summary>
    /// False when a list has fewer items than wanted, or a floor lacks some, and the work that such a search may take ended before it was
    /// proven that no list is fuller.
    /// </summary>
    public bool IsFullest { get; init; } = true;

    /// <summary>Sums over all searches that it took.</summary>
    public required SearchStatistics Statistics { get; init; }

    /// <summary>Items that filter and exclusions leave; null when there are none of these.</summary>
    public long? Matching { get; init; }

    /// <summary>Share of the items that they leave, 0 to 1; null likewise.</summary>
    public double? Selectivity { get; init; }

    /// <summary>Time it took to find out.</summary>
    public TimeSpan Selecting { get; init; }

    /// <summary>The hits of one list.</summary>
    public ReadOnlySpan<SearchHit> this[int list] => CollectionsMarshal.AsSpan(Hits)[Offsets[list]..Offsets[list + 1]];
}

/// <summary>What a cap or floor did to a list.</summary>
/// <param name="List">Its number.</param>
/// <param name="Cap">Position of the cap; −1 for a floor.</param>
/// <param name="Floor">Position of the floor; −1 for a cap.</param>
/// <param name="Value">Of a cap: the value that was full.</param>
/// <param name="Count">
/// Of a cap: items kept out that were nearer than the last of the list, as far as the searches came by them: a search that refuses a value
/// does not count its items. Of a floor: items missing.
/// </param>
internal sealed record QuotaFact(int List, int Cap, int Floor, string Value, int Count);
