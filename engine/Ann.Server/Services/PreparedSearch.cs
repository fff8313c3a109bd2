using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Server.Recall;

namespace Ann.Server.Services;

/// <summary>A search that is ready to run: its items are selected, its effort and the end of its time are known.</summary>
/// <param name="Of">The request.</param>
/// <param name="Effort">How hard it is searched for.</param>
/// <param name="Budget">What is left of its time and of its rerank.</param>
/// <param name="Selection">What may be returned, and as of which write it is looked at; null for all, and as of now.</param>
/// <param name="Excluded">What must not be returned; null for nothing.</param>
/// <param name="Selecting">Time that the selection took.</param>
/// <param name="At">The write that the answer is as of at least, taken before the search.</param>
internal readonly record struct PreparedSearch(
    AcquiredSearch Of, SearchEffort Effort, SearchBudget Budget, ItemSelection? Selection, ExcludedKeys? Excluded, TimeSpan Selecting,
    ReadPoint At)
    : IDisposable
{
    /// <summary>What is searched.</summary>
    public IndexSnapshot Index => Of.Index;

    /// <summary>What filter and exclusions leave; null when there are none.</summary>
    public ItemSelection? Restriction => Of.Input.Filter is null && Excluded is null ? null : Selection;

    /// <summary>The question as the core takes it, without its rows.</summary>
    public RankingQuery Query => Of.Input.Query(Effort.Parameters, Excluded) with { Selected = Selection };

    public void Dispose() => Selection?.Dispose();
}
