using System.Diagnostics;
using System.Numerics;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>Every node of a mask scored: what is cheapest where there are few, and what is right where a walk finds too few.</summary>
internal static unsafe class MatchingScan
{
    /// <summary>Rows scored between two looks at the budget: some 10 µs.</summary>
    private const int RowsPerCheck = 1024;

    /// <summary>Words of the mask read between two looks, where few nodes are in it.</summary>
    private const int WordsPerCheck = 1 << 16;

    /// <summary>The nearest nodes of a mask, nearest first; the context says what it cost, and whether it was stopped.</summary>
    /// <param name="mask">Which nodes.</param>
    /// <param name="scorer">Distances to the query.</param>
    /// <param name="live">Refuses those of the mask that a reader does not see.</param>
    /// <param name="context">Scratch.</param>
    /// <param name="kept">Room for as many as are wanted.</param>
    /// <returns>In <paramref name="kept"/>.</returns>
    public static Span<ulong> Run<TScorer, TLive>(
        NodeMask mask, scoped in TScorer scorer, scoped in TLive live, SearchContext context, Span<ulong> kept)
        where TScorer : struct, INodeScorer
        where TLive : struct, INodeFilter
    {
        TopK top = new(kept);
        ulong* words = mask.Start;
        int end = (mask.Nodes + 63) / 64;
        int count = 0; // nodes collected; the batch before them is pending, its memory on its way
        int pending = 0;
        int untilCheck = 0;
        for (int word = 0; word < end; word++)
        {
            ulong bits = words[word];
            if (word % WordsPerCheck == 0 || untilCheck <= 0)
            {
                untilCheck = RowsPerCheck;
                if (context.Look())
                    break;
            }
            if (bits == 0)
                continue;
            if (count + BitOperations.PopCount(bits) > SearchContext.LeastRoom)
            {
                Score(pending, in scorer, ref top, context);
                context.SwapPending();
                pending = count;
                untilCheck -= count;
                count = 0;
            }
            int* nodes = context.NodesStart;
            for (; bits != 0; bits &= bits - 1)
            {
                int node = word * 64 + BitOperations.TrailingZeroCount(bits);
                if (!TLive.AcceptsAll && !live.Accepts(node))
                    continue;
                scorer.Prefetch(node);
                nodes[count++] = node;
            }
        }
        Score(pending, in scorer, ref top, context);
        context.SwapPending();
        Score(count, in scorer, ref top, context);
        return top.Sorted();
    }

    private static void Score<TScorer>(int count, in TScorer scorer, ref TopK top, SearchContext context)
        where TScorer : struct, INodeScorer
    {
        Debug.Assert(count <= SearchContext.LeastRoom);
        int* nodes = context.PendingStart;
        scorer.Score(new ReadOnlySpan<int>(nodes, count), new Span<float>(context.DistancesStart, count));
        foreach (ulong entry in context.PackFound(nodes, count, top.Threshold))
        {
            if (entry < top.Threshold)
                top.Add(entry);
        }
        context.Statistics.Visited += count;
    }
}
