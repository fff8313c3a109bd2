using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Searching;

namespace Ann.Server.Services;

/// <summary>
/// What a filter takes, evaluated once for the searches of a call that have it, as of one write. Each takes its own exclusions from it.
/// </summary>
/// <param name="index">Held by the caller.</param>
/// <param name="at">What the searches see.</param>
/// <param name="filter">Null for none.</param>
internal sealed class SharedSelection(IndexSnapshot index, ReadPoint at, BoundFilter? filter) : IDisposable
{
    private ItemSelection? _items;

    /// <summary>True when a filter is the one that this is of.</summary>
    public bool IsOf(BoundFilter? other) => filter is null ? other is null : other is not null && filter.Is(other);

    /// <summary>What a search may return. To be disposed before this.</summary>
    /// <param name="excluded">What must not be returned; null for nothing.</param>
    /// <param name="budget">Of the search: that of the first one ends the evaluation for all.</param>
    public ItemSelection Without(ExcludedKeys? excluded, in SearchBudget budget)
    {
        _items ??= index.SelectAsOf(at, filter, excluded: null, in budget);
        return _items.Without(excluded, in budget);
    }

    public void Dispose() => _items?.Dispose();
}
