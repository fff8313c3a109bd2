using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>
/// Which items of a snapshot a search may return, as a mask a segment, evaluated once for all rows of a request. Made by
/// <see cref="IndexSnapshot.Select(Filter?, ExcludedKeys?)"/>; good while the snapshot is held, and let go before it.
/// </summary>
/// <param name="index">Whose items they are.</param>
/// <param name="at">What the reader sees: every search with this selection reads as of this write.</param>
/// <param name="masks">One a segment; owned from here on.</param>
/// <param name="matching">Items that may be returned.</param>
/// <param name="stopped">Why the evaluation stopped early.</param>
internal sealed class ItemSelection(IndexSnapshot index, ReadPoint at, MaskHold[] masks, long matching, StopReason stopped) : IDisposable
{
    private int _isDisposed;

    /// <summary>What the reader sees.</summary>
    public ReadPoint At => at;

    /// <summary>Items that may be returned; rows of deleted items may be counted.</summary>
    public long Matching => matching;

    /// <summary>Items there are.</summary>
    public long Items { get; } = index.Items;

    /// <summary>Share of the items that may be returned, 0 to 1.</summary>
    public double Selectivity => Items == 0 ? 1 : Math.Min(1, (double)Matching / Items);

    /// <summary>Why the evaluation stopped early, if it did: the items that it had not come to may not be returned then.</summary>
    public StopReason Stopped => stopped;

    /// <summary>The mask of a segment; null when all its nodes may be returned.</summary>
    internal NodeMask? MaskOf(int segment) => masks[segment].Mask;

    /// <summary>Those of the items that a further filter takes too, as of the same write. This selection stays as it is.</summary>
    /// <param name="extra">Bound to the snapshot (<see cref="IndexSnapshot.Bind"/>).</param>
    /// <param name="budget">When to stop early.</param>
    /// <returns>To be disposed too.</returns>
    public ItemSelection Refine(BoundFilter extra, in SearchBudget budget) =>
        SelectionEvaluation.Refine(index, this, extra, in budget);

    /// <summary>Those of the items that are not excluded, as of the same write. This one stays as it is, and must outlive it.</summary>
    /// <param name="excluded">Null for none.</param>
    /// <param name="budget">When to stop early.</param>
    /// <returns>To be disposed too, before this one.</returns>
    public ItemSelection Without(ExcludedKeys? excluded, in SearchBudget budget) => excluded is null
        ? new ItemSelection(index, at, Array.ConvertAll(masks, static mask => MaskHold.Lent(mask.Mask)), matching, stopped)
        : SelectionEvaluation.Without(index, this, excluded, in budget);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        foreach (MaskHold mask in masks)
            mask.Release();
    }
}
