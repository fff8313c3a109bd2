using System.Diagnostics;
using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>Evaluates filter and exclusions over the segments of a snapshot.</summary>
internal static class SelectionEvaluation
{
    /// <inheritdoc cref="IndexSnapshot.Select(BoundFilter?, ExcludedKeys?, in SearchBudget)"/>
    public static ItemSelection? Run(
        IndexSnapshot index, ReadPoint at, BoundFilter? filter, ExcludedKeys? excluded, in SearchBudget budget) =>
        filter is null && excluded is null ? null : Run(index, at, before: null, filter, excluded, in budget);

    /// <inheritdoc cref="ItemSelection.Refine(BoundFilter, in SearchBudget)"/>
    public static ItemSelection Refine(IndexSnapshot index, ItemSelection selection, BoundFilter extra, in SearchBudget budget) =>
        Run(index, selection.At, selection, extra, excluded: null, in budget);

    /// <inheritdoc cref="ItemSelection.Without"/>
    public static ItemSelection Without(IndexSnapshot index, ItemSelection selection, ExcludedKeys excluded, in SearchBudget budget) =>
        Run(index, selection.At, selection, filter: null, excluded, in budget);

    private static ItemSelection Run(
        IndexSnapshot index, ReadPoint at, ItemSelection? before, BoundFilter? filter, ExcludedKeys? excluded, in SearchBudget budget)
    {
        filter = filter?.For(index.Attributes, index.KeyKind);
        LiveSegment[] segments = index.SegmentArray;
        MaskHold[] masks = new MaskHold[segments.Length];
        StopReason stopped = before?.Stopped ?? StopReason.None;
        long matching = 0;
        try
        {
            for (int number = 0; number < segments.Length; number++)
            {
                LiveSegment segment = segments[number];
                ReadPoint point = SnapshotSearch.PointOf(segments, number, at);
                NodeMask? own = before?.MaskOf(number);
                int nodes = own?.Nodes ?? Math.Min(point.Rows, segment.Count);
                if (nodes == 0)
                    continue;
                if (before is null)
                {
                    masks[number] = MaskOf(segment, point, nodes, filter, excluded, in budget, ref stopped);
                }
                else if (excluded is not null)
                {
                    Debug.Assert(filter is null, "what was selected is narrowed by one of them at a time");
                    masks[number] = Remaining(segment, point, CopyOf(own, segment.Masks, nodes), excluded, in budget, ref stopped);
                }
                else
                {
                    NodeMask mask = segment.Masks.Rent(nodes);
                    masks[number] = MaskHold.Of(mask, segment.Masks);
                    Evaluate(segment, point, filter!, in budget, mask, ref stopped);
                    if (own is not null)
                        And(mask.Words, own.Words);
                    mask.Recount();
                }
                matching += masks[number].Mask?.Count ?? nodes;
            }
        }
        catch
        {
            foreach (MaskHold mask in masks)
                mask.Release();
            throw;
        }
        return new ItemSelection(index, at, masks, matching, stopped);
    }

    private static MaskHold MaskOf(
        LiveSegment segment, ReadPoint point, int nodes, BoundFilter? filter, ExcludedKeys? excluded, in SearchBudget budget,
        ref StopReason stopped)
    {
        SegmentMasks masks = segment.Masks;
        CachedMask? cached = filter is null ? null : masks.Cache?.Find(filter);
        NodeMask? mask = null;
        try
        {
            if (cached is null && filter is not null)
            {
                mask = masks.Rent(nodes);
                Evaluate(segment, point, filter, in budget, mask, ref stopped);
                mask.Recount();
                cached = stopped == StopReason.None && masks.Cache is { } cache && cache.IsWorthKeeping(filter)
                    ? cache.TryAdd(filter, mask)
                    : null;
                mask = cached is null ? mask : null;
            }
            if (cached is not null && (excluded is null || cached.Mask.Count == 0))
            {
                MaskHold hold = cached.Mask.Count == nodes ? default : MaskHold.Of(cached);
                if (hold.Cached is null)
                    cached.Release();
                cached = null;
                return hold;
            }

            NodeMask left = mask ?? CopyOf(cached?.Mask, masks, nodes);
            mask = null;
            return Remaining(segment, point, left, excluded, in budget, ref stopped);
        }
        finally
        {
            cached?.Release();
            if (mask is not null)
                masks.Return(mask);
        }
    }

    /// <summary>A pooled mask of the same nodes; of all where there is none.</summary>
    private static NodeMask CopyOf(NodeMask? mask, SegmentMasks masks, int nodes)
    {
        NodeMask copy = masks.Rent(nodes);
        if (mask is null)
            copy.Fill();
        else
            copy.CopyFrom(mask);
        return copy;
    }

    /// <summary>What exclusions and deletions leave of a mask.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="point">Up to where it is seen.</param>
    /// <param name="mask">A pooled one, counted but where keys are excluded; owned from here on.</param>
    /// <param name="excluded">Null for none.</param>
    /// <param name="budget">When to stop early.</param>
    /// <param name="stopped">Why it was stopped before, and is now.</param>
    private static MaskHold Remaining(
        LiveSegment segment, ReadPoint point, NodeMask mask, ExcludedKeys? excluded, in SearchBudget budget, ref StopReason stopped)
    {
        NodeMask? owned = mask;
        try
        {
            if (excluded is not null)
            {
                if (stopped == StopReason.None)
                    stopped = excluded.RemoveFrom(segment, point, mask, in budget);
                if (stopped != StopReason.None)
                    mask.Words.Clear(); // some of them may be excluded, and nobody knows which
                mask.Recount();
            }
            if (mask.Count == mask.Nodes)
                return default;
            if (segment.DeadCount > 0)
            {
                segment.Dead.RemoveFrom(mask, point.Sequence);
                mask.Recount();
            }
            owned = null;
            return MaskHold.Of(mask, segment.Masks);
        }
        finally
        {
            if (owned is not null)
                segment.Masks.Return(owned);
        }
    }

    private static void Evaluate(
        LiveSegment segment, ReadPoint point, BoundFilter filter, in SearchBudget budget, NodeMask mask, ref StopReason stopped)
    {
        if (stopped != StopReason.None)
        {
            mask.Words.Clear();
            return;
        }
        SegmentNodes nodes = new(segment.Attributes, segment, point);
        stopped = FilterEvaluation.Run(filter, in nodes, mask.Nodes, in budget, mask.Words);
    }

    private static void And(Span<ulong> words, ReadOnlySpan<ulong> others)
    {
        Debug.Assert(words.Length == others.Length);
        for (int i = 0; i < words.Length; i++)
            words[i] &= others[i];
    }
}
