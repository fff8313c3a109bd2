using System.Diagnostics;
using System.Numerics;
using Ann.Core.Indexes;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>Strikes the nodes of keys out of a mask, in the way that costs less.</summary>
internal static class MaskRemoval
{
    /// <summary>Keys looked up in one call: their nodes fit on the stack.</summary>
    public const int BatchKeys = 256;

    /// <summary>What it costs to look a key up in the segment, where asking whether the key of a node is excluded costs 1.</summary>
    private const int LookupCost = 2;

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
    public static void ByKeys(LiveSegment segment, ReadPoint at, NodeMask mask, KeySpan keys)
    {
        Debug.Assert(keys.Kind == segment.KeyKind, "the kind was checked with the request");
        Span<int> nodes = stackalloc int[BatchKeys];
        Span<ulong> words = mask.Words;
        for (int from = 0; from < keys.Count; from += BatchKeys)
        {
            int count = Math.Min(BatchKeys, keys.Count - from);
            segment.LocateMany(keys.Slice(from, count), at, nodes[..count]);
            foreach (int node in nodes[..count])
                if ((uint)node < (uint)mask.Nodes)
                    words[node >> 6] &= ~(1UL << node);
        }
    }

    /// <summary>Asks of each node that is left whether its key is excluded.</summary>
    public static void ByNodes(LiveSegment segment, NodeMask mask, ExcludedKeys keys)
    {
        Span<ulong> words = mask.Words;
        for (int i = 0; i < words.Length; i++)
        {
            for (ulong left = words[i]; left != 0; left &= left - 1)
            {
                int bit = BitOperations.TrailingZeroCount(left);
                ItemKey key = segment.KeyOf(i * 64 + bit);
                if (keys.Contains(in key))
                    words[i] &= ~(1UL << bit);
            }
        }
    }
}
