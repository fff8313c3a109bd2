using Ann.Core.Indexes;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>The keys that a request brings itself.</summary>
/// <param name="keys">Not changed any more. A key may be there twice.</param>
internal sealed class ColumnKeys(KeyColumn keys) : ExcludedKeys
{
    /// <summary>Keys up to which they are compared one by one.</summary>
    private const int FewKeys = 8;

    private KeySlots? _slots;

    /// <inheritdoc/>
    public override int Count => keys.Count;

    /// <inheritdoc/>
    public override bool Contains(in ItemKey key)
    {
        if (key.Kind != keys.Kind)
            return false;
        KeySpan run = keys.Span;
        if (run.Count > FewKeys)
            return Slots().Find(run, in key, 0) >= 0;
        for (int i = 0; i < run.Count; i++)
            if (run[i].Is(in key))
                return true;
        return false;
    }

    /// <inheritdoc/>
    internal override void RemoveFrom(LiveSegment segment, ReadPoint at, NodeMask mask)
    {
        if (MaskRemoval.NodesAreFewer(mask, keys.Count))
            MaskRemoval.ByNodes(segment, mask, this);
        else
            MaskRemoval.ByKeys(segment, at, mask, keys.Span);
    }

    /// <summary>Made when first needed: most requests only look their keys up. Two threads may both make one; one of them stays.</summary>
    private KeySlots Slots()
    {
        if (Volatile.Read(ref _slots) is { } made)
            return made;
        KeySpan run = keys.Span;
        KeySlots slots = new(run.Count);
        for (int i = 0; i < run.Count; i++)
        {
            ItemKey key = run[i];
            if (slots.Find(run, in key, 0) < 0)
                slots.Add(in key, i);
        }
        Volatile.Write(ref _slots, slots);
        return slots;
    }
}
