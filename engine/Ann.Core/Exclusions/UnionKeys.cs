using Ann.Core.Indexes;
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
    internal override void RemoveFrom(LiveSegment segment, ReadPoint at, NodeMask mask)
    {
        foreach (ExcludedKeys part in parts)
            part.RemoveFrom(segment, at, mask);
    }
}
