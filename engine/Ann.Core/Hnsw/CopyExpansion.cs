namespace Ann.Core.Hnsw;

/// <summary>Expands what a walk found, leaders, to the items that they stand for.</summary>
internal static class CopyExpansion
{
    /// <summary>
    /// Writes the items of ranked leaders, each at its leader's distance: k of them, where there are as many, and some more.
    /// </summary>
    /// <param name="copies">Of the graph.</param>
    /// <param name="ranked">Entries of leaders without marks, nearest first.</param>
    /// <param name="k">Items wanted.</param>
    /// <param name="filter">Decides of each item by itself: <see cref="INodeFilter.AcceptsItem"/>.</param>
    /// <param name="inKeyOrder">
    /// True where the copies of a leader follow it in the order of their keys: then the first k of a group are those that ties leave.
    /// </param>
    /// <param name="items">
    /// Receives the entries, nearest first; entries of equal distance in node order. Grows when it is too small.
    /// </param>
    /// <returns>Entries written.</returns>
    public static int Run<TFilter>(
        NodeCopies copies, ReadOnlySpan<ulong> ranked, int k, in TFilter filter, bool inKeyOrder, ref ulong[] items)
        where TFilter : struct, INodeFilter
    {
        int count = 0;
        int tie = 0; // where the entries of the last distance begin
        for (int i = 0; i < ranked.Length; i++)
        {
            ulong entry = ranked[i];
            if (count > 0 && items[count - 1] >> 32 != entry >> 32)
            {
                if (count >= k)
                    break;
                items.AsSpan(tie, count - tie).Sort();
                tie = count;
            }
            int first = count;
            ulong distance = entry & 0xFFFF_FFFF_0000_0000;
            for (int node = Beam.NodeOf(entry); node != HnswGraph.NoNode; node = copies.Next(node))
            {
                if (!TFilter.AcceptsAll && !filter.AcceptsItem(node))
                    continue;
                if (count == items.Length)
                    Array.Resize(ref items, Math.Max(256, 2 * count));
                items[count++] = distance | Beam.Pack(node, 0) & 0xFFFF_FFFF;
                if (inKeyOrder && count - first == k)
                    break;
            }
        }
        items.AsSpan(tie, count - tie).Sort();
        return count;
    }

    /// <summary>True when leaders stand for at least so many items.</summary>
    /// <param name="copies">Of the graph.</param>
    /// <param name="found">Entries of leaders.</param>
    /// <param name="enough">Items.</param>
    /// <param name="filter">As above.</param>
    public static bool Holds<TFilter>(NodeCopies copies, ReadOnlySpan<ulong> found, int enough, in TFilter filter)
        where TFilter : struct, INodeFilter
    {
        if (found.Length >= enough)
            return true;
        if (copies.IsEmpty)
            return false;
        int count = 0;
        foreach (ulong entry in found)
        {
            for (int node = Beam.NodeOf(entry); node != HnswGraph.NoNode && count < enough; node = copies.Next(node))
                count += TFilter.AcceptsAll || filter.AcceptsItem(node) ? 1 : 0;
        }
        return count >= enough;
    }
}
