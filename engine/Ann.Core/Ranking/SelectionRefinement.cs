using System.Numerics;
using System.Text;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Segments;

namespace Ann.Core.Ranking;

/// <summary>Narrows a selection: to what some floors take, without the nodes that have a full value of a cap.</summary>
/// <remarks>
/// Works on masks and columns, not on a filter: the request's filter and exclusions are evaluated once, and a request near the limits of
/// a filter stays within them.
/// </remarks>
/// <param name="index">The snapshot.</param>
/// <param name="at">What the reader sees.</param>
/// <param name="columns">Column of each cap in the attributes.</param>
/// <param name="slots">Values of the caps.</param>
internal sealed class SelectionRefinement(IndexSnapshot index, ReadPoint at, int[] columns, CapSlots slots)
{
    /// <summary>Makes the narrower selection. The caller disposes of it.</summary>
    /// <param name="from">What may be returned; null for all.</param>
    /// <param name="kinds">Of floors; null for all of them.</param>
    /// <param name="fullSlots">Values that are refused.</param>
    public ItemSelection Run(ItemSelection? from, IReadOnlyList<ItemSelection?> kinds, IReadOnlyList<int> fullSlots)
    {
        NodeMask?[] masks = new NodeMask?[index.Segments.Count];
        long matching = 0;
        for (int segment = 0; segment < masks.Length; segment++)
        {
            NodeMask mask = Copy(segment, from?.MaskOf(segment));
            masks[segment] = mask;
            foreach (ItemSelection? kind in kinds)
                Intersect(mask, kind?.MaskOf(segment));
            if (index.Segments[segment].Attributes is { } attributes)
                foreach (IGrouping<int, int> cap in fullSlots.GroupBy(slot => slots[slot].Cap))
                    Refuse(mask, attributes, columns[cap.Key], cap);
            mask.Recount();
            matching += mask.Count;
        }
        return new ItemSelection(at, masks, matching, index.Items, () => Dispose(masks));
    }

    private static void Dispose(NodeMask?[] masks)
    {
        foreach (NodeMask? mask in masks)
            mask?.Dispose();
    }

    private NodeMask Copy(int segment, NodeMask? from)
    {
        LiveSegment live = index.Segments[segment];
        bool isLast = segment == index.Segments.Count - 1;
        NodeMask mask = new(from?.Nodes ?? (isLast ? Math.Min(at.Rows, live.Count) : live.Count));
        if (from is not null)
        {
            from.Words.CopyTo(mask.Words);
            return mask;
        }
        mask.Words.Fill(ulong.MaxValue);
        if (mask.Nodes % 64 != 0)
            mask.Words[^1] = (1UL << (mask.Nodes % 64)) - 1;
        return mask;
    }

    private static void Intersect(NodeMask mask, NodeMask? other)
    {
        if (other is null)
            return;
        Span<ulong> words = mask.Words;
        ReadOnlySpan<ulong> others = other.Words;
        for (int i = 0; i < words.Length; i++)
            words[i] &= i < others.Length ? others[i] : 0;
    }

    private void Refuse(NodeMask mask, AttributeTable attributes, int column, IEnumerable<int> full)
    {
        switch (attributes.Schema.Fields[column].Type)
        {
            case AttributeType.Keyword:
                RefuseKeywords(mask, attributes.Keywords(column, mask.Nodes), Ordinals(attributes, column, full));
                break;
            case AttributeType.KeywordSet:
                RefuseSets(mask, attributes, column, Ordinals(attributes, column, full));
                break;
            case AttributeType.Bool:
                foreach (int slot in full)
                    RefuseBools(mask, attributes, column, slots[slot].Number != 0);
                break;
            default:
                RefuseIntegers(mask, attributes, column, [.. full.Select(slot => slots[slot].Number)]);
                break;
        }
    }

    /// <summary>One flag an ordinal of a dictionary: its text is refused.</summary>
    private bool[] Ordinals(AttributeTable attributes, int column, IEnumerable<int> full)
    {
        bool[] refused = new bool[attributes.KeywordCount(column)];
        foreach (int slot in full)
        {
            int ordinal = attributes.FindKeyword(column, Encoding.UTF8.GetBytes(slots[slot].Text!));
            if ((uint)ordinal < (uint)refused.Length)
                refused[ordinal] = true;
        }
        return refused;
    }

    // A head's dictionary may have grown since its refused texts were looked up: a newer ordinal is none of them.
    private static void RefuseKeywords(NodeMask mask, ReadOnlySpan<int> ordinals, bool[] refused)
    {
        Span<ulong> words = mask.Words;
        for (int i = 0; i < words.Length; i++)
        {
            for (ulong left = words[i]; left != 0; left &= left - 1)
            {
                int bit = BitOperations.TrailingZeroCount(left);
                uint ordinal = (uint)ordinals[i * 64 + bit]; // -1, no value, is beyond all
                if (ordinal < (uint)refused.Length && refused[ordinal])
                    words[i] &= ~(1UL << bit);
            }
        }
    }

    private static void RefuseSets(NodeMask mask, AttributeTable attributes, int column, bool[] refused)
    {
        Span<ulong> words = mask.Words;
        for (int i = 0; i < words.Length; i++)
        {
            for (ulong left = words[i]; left != 0; left &= left - 1)
            {
                int bit = BitOperations.TrailingZeroCount(left);
                foreach (int ordinal in attributes.SetOf(column, i * 64 + bit))
                    if ((uint)ordinal < (uint)refused.Length && refused[ordinal])
                        words[i] &= ~(1UL << bit);
            }
        }
    }

    private static void RefuseBools(NodeMask mask, AttributeTable attributes, int column, bool value)
    {
        ReadOnlySpan<ulong> present = attributes.Presence(column, mask.Nodes);
        ReadOnlySpan<ulong> bits = attributes.Bools(column, mask.Nodes);
        Span<ulong> words = mask.Words;
        for (int i = 0; i < words.Length; i++)
            words[i] &= ~(present[i] & (value ? bits[i] : ~bits[i]));
    }

    private static void RefuseIntegers(NodeMask mask, AttributeTable attributes, int column, HashSet<long> refused)
    {
        ReadOnlySpan<ulong> present = attributes.Presence(column, mask.Nodes);
        ReadOnlySpan<long> numbers = attributes.Integers(column, mask.Nodes);
        Span<ulong> words = mask.Words;
        for (int i = 0; i < words.Length; i++)
        {
            for (ulong left = words[i] & present[i]; left != 0; left &= left - 1)
            {
                int bit = BitOperations.TrailingZeroCount(left);
                if (refused.Contains(numbers[i * 64 + bit]))
                    words[i] &= ~(1UL << bit);
            }
        }
    }
}
