using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>Keys from several places.</summary>
internal sealed class UnionKeys(IReadOnlyList<ExcludedKeys> parts) : ExcludedKeys
{
    /// <inheritdoc/>
    public override int Count { get; } = (int)Math.Min(int.MaxValue, parts.Sum(static part => (long)part.Count));

    /// <inheritdoc/>
    public override bool Contains(in ItemKey key)
    {
        foreach (ExcludedKeys part in parts)
            if (part.Contains(in key))
                return true;
        return false;
    }

    /// <inheritdoc/>
    internal override StopReason RemoveFrom(LiveSegment segment, ReadPoint at, NodeMask mask, in SearchBudget budget)
    {
        foreach (ExcludedKeys part in parts)
            if (part.RemoveFrom(segment, at, mask, in budget) is var stopped and not StopReason.None)
                return stopped;
        return StopReason.None;
    }
}
