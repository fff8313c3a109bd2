using System.Diagnostics;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>Order of nodes by key.</summary>
internal interface INodeKeys
{
    /// <summary>Compares the keys of two nodes.</summary>
    int Compare(int a, int b);

    /// <summary>True when keys ascend with nodes.</summary>
    bool AreAscending { get; }
}

/// <summary>Sorts beam entries of equal distance by the keys of their nodes.</summary>
internal static class KeyTies
{
    /// <summary>Orders runs of equal distance by key, as far as they reach into the first <paramref name="k"/>.</summary>
    /// <param name="keys">Of the nodes.</param>
    /// <param name="ranked">Entries without marks, nearest first.</param>
    /// <param name="k">How many will be shown.</param>
    public static void Sort(INodeKeys keys, Span<ulong> ranked, int k)
    {
        for (int from = 0; from < Math.Min(k, ranked.Length);)
        {
            int to = from + 1;
            while (to < ranked.Length && ranked[to] >> 32 == ranked[from] >> 32)
                to++;
            if (to - from > 1)
                SortByKey(keys, ranked[from..to]);
            from = to;
        }
    }

    /// <summary>A heap sort: in place, and never slow however many tie.</summary>
    public static void SortByKey(INodeKeys keys, Span<ulong> entries)
    {
        MakeHeap(keys, entries);
        for (int end = entries.Length - 1; end > 0; end--)
        {
            (entries[0], entries[end]) = (entries[end], entries[0]);
            SiftDown(keys, entries, 0, end);
        }
    }

    /// <summary>Orders entries as a heap whose first has the largest key.</summary>
    public static void MakeHeap(INodeKeys keys, Span<ulong> heap)
    {
        for (int i = heap.Length / 2 - 1; i >= 0; i--)
            SiftDown(keys, heap, i, heap.Length);
    }

    /// <summary>Mends a heap whose first entry was replaced.</summary>
    public static void Sift(INodeKeys keys, Span<ulong> heap) => SiftDown(keys, heap, 0, heap.Length);

    private static void SiftDown(INodeKeys keys, Span<ulong> entries, int parent, int count)
    {
        Debug.Assert(count <= entries.Length);
        while (2 * parent + 1 < count)
        {
            int child = 2 * parent + 1;
            if (child + 1 < count && keys.Compare(Beam.NodeOf(entries[child]), Beam.NodeOf(entries[child + 1])) < 0)
                child++;
            if (keys.Compare(Beam.NodeOf(entries[parent]), Beam.NodeOf(entries[child])) >= 0)
                return;
            (entries[parent], entries[child]) = (entries[child], entries[parent]);
            parent = child;
        }
    }
}
