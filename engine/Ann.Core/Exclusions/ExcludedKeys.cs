using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>Keys of items that must not be returned: those of a request and those of the sets that it names. Immutable.</summary>
internal abstract class ExcludedKeys
{
    /// <summary>Keys, counted as often as they were given.</summary>
    public abstract int Count { get; }

    /// <summary>True when a key is among them.</summary>
    public abstract bool Contains(in ItemKey key);

    /// <summary>Takes the nodes of the keys out of a mask.</summary>
    /// <param name="segment">Whose nodes they are; held by the caller.</param>
    /// <param name="at">What the reader sees.</param>
    /// <param name="mask">Changed in place; the caller counts it anew.</param>
    /// <param name="budget">When to stop early.</param>
    /// <returns>Why it stopped early, if it did: the mask may then hold nodes that must not be returned, and is of no use.</returns>
    internal abstract StopReason RemoveFrom(LiveSegment segment, ReadPoint at, NodeMask mask, in SearchBudget budget);
}
