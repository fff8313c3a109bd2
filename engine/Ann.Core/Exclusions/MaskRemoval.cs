using System.Diagnostics;
using System.Numerics;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>Strikes the nodes of keys out of a mask, in the way that costs less.</summary>
internal static class MaskRemoval
{
    /// <summary>Keys looked up in one call: their nodes fit on the stack.</summary>
    public const int BatchKeys = 256;

    /// <summary>What it costs to look a key up in the segment, where asking whether the key of a node is excluded costs 1.</summary>
    private const int LookupCost = 2;

    /// <summary>Nodes whose keys are asked for between two looks at a budget.</summary>
    private const int NodesPerCheck = 1024;

    /// <summary>True when fewer nodes are left in the mask than it pays to look the keys up.</summary>
    /// <param name="mask">The mask; its count need not be right.</param>
    /// <param name="keys">Keys excluded.</param>
    public static bool NodesAreFewer(NodeMask mask, long keys)
    {
        long most = keys * LookupCost;
        long left = 0;
        foreach (ulong word in mask.Words)
        {
            left += BitOperations.PopCount(word);
            if (left >= most)
                return false;
        }
        return left < most;
    }

    /// <summary>Looks each key up in the segment.</summary>
    /// <returns>Why it stopped early, if it did.</returns>
    public static StopReason ByKeys(LiveSegment segment, ReadPoint at, NodeMask mask, KeySpan keys, in SearchBudget budget)
    {
        Debug.Assert(keys.Kind == segment.KeyKind, "the kind was checked with the request");
        Span<int> nodes = stackalloc int[BatchKeys];
        Span<ulong> words = mask.Words;
        for (int from = 0; from < keys.Count; from += BatchKeys)
        {
            if (budget.Check() is var stopped and not StopReason.None)
                return stopped;
            int count = Math.Min(BatchKeys, keys.Count - from);
            segment.LocateMany(keys.Slice(from, count), at, nodes[..count]);
            foreach (int node in nodes[..count])
                if ((uint)node < (uint)mask.Nodes)
                    words[node >> 6] &= ~(1UL << node);
        }
        return StopReason.None;
    }

    /// <summary>Asks of each node that is left whether its key is excluded.</summary>
    /// <returns>Why it stopped early, if it did.</returns>
    public static StopReason ByNodes(LiveSegment segment, NodeMask mask, ExcludedKeys keys, in SearchBudget budget)
    {
        Span<ulong> words = mask.Words;
        int untilCheck = 0;
        for (int i = 0; i < words.Length; i++)
        {
            if (untilCheck <= 0)
            {
                if (budget.Check() is var stopped and not StopReason.None)
                    return stopped;
                untilCheck = NodesPerCheck;
            }
            untilCheck -= 1 + BitOperations.PopCount(words[i]);
            for (ulong left = words[i]; left != 0; left &= left - 1)
            {
                int bit = BitOperations.TrailingZeroCount(left);
                ItemKey key = segment.KeyOf(i * 64 + bit);
                if (keys.Contains(in key))
                    words[i] &= ~(1UL << bit);
            }
        }
        return StopReason.None;
    }
}
