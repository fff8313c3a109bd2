using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>The keys that a request brings itself.</summary>
/// <param name="keys">Not changed any more. A key may be there twice.</param>
internal sealed class ColumnKeys(KeyColumn keys) : ExcludedKeys
{
    /// <summary>Keys up to which they are compared one by one.</summary>
    private const int FewKeys = 8;

    /// <summary>Keys entered into the slots between two looks at a budget.</summary>
    private const int KeysPerCheck = 1024;

    private KeySlots? _slots;

    public override int Count => keys.Count;

    public override bool Contains(in ItemKey key)
    {
        if (key.Kind != keys.Kind)
            return false;
        KeySpan run = keys.Span;
        if (run.Count > FewKeys)
            return MakeSlots(SearchBudget.Unlimited, out _)!.Find(run, in key, 0) >= 0;
        for (int i = 0; i < run.Count; i++)
            if (run[i].Is(in key))
                return true;
        return false;
    }

    internal override StopReason RemoveFrom(LiveSegment segment, ReadPoint at, NodeMask mask, in SearchBudget budget)
    {
        if (!MaskRemoval.NodesAreFewer(mask, keys.Count))
            return MaskRemoval.ByKeys(segment, at, mask, keys.Span, in budget);
        StopReason stopped = StopReason.None;
        if (keys.Count > FewKeys)
            MakeSlots(in budget, out stopped);
        return stopped == StopReason.None ? MaskRemoval.ByNodes(segment, mask, this, in budget) : stopped;
    }

    /// <summary>
    /// Made when first needed: most requests only look their keys up. Two threads may both make one; one of them stays. Null when the
    /// budget ended it.
    /// </summary>
    private KeySlots? MakeSlots(in SearchBudget budget, out StopReason stopped)
    {
        stopped = StopReason.None;
        if (Volatile.Read(ref _slots) is { } made)
            return made;
        KeySpan run = keys.Span;
        KeySlots slots = new(run.Count);
        for (int i = 0; i < run.Count; i++)
        {
            if (i % KeysPerCheck == 0 && (stopped = budget.Check()) != StopReason.None)
                return null;
            ItemKey key = run[i];
            if (slots.Find(run, in key, 0) < 0)
                slots.Add(in key, i);
        }
        Volatile.Write(ref _slots, slots);
        return slots;
    }
}
