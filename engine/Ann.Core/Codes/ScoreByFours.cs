using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>A scorer of which four nodes together cost less than four times one.</summary>
internal interface IFourScorer : INodeScorer
{
    /// <summary>Distances of the query to four nodes, to the bit those of <see cref="INodeScorer.Score(int)"/>.</summary>
    Vector128<float> Score(int a, int b, int c, int d);
}

/// <summary>Scores any number of nodes, as many as can be by fours.</summary>
internal static class ScoreByFours
{
    /// <summary>Writes the distance of <c>nodes[i]</c> to <c>distances[i]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TScorer>(in TScorer scorer, ReadOnlySpan<int> nodes, Span<float> distances)
        where TScorer : struct, IFourScorer
    {
        Debug.Assert(distances.Length >= nodes.Length);
        ref int node = ref MemoryMarshal.GetReference(nodes);
        ref float distance = ref MemoryMarshal.GetReference(distances);
        nint count = nodes.Length;
        nint i = 0;
        for (; i + 4 <= count; i += 4)
        {
            scorer.Score(Unsafe.Add(ref node, i), Unsafe.Add(ref node, i + 1), Unsafe.Add(ref node, i + 2), Unsafe.Add(ref node, i + 3))
                .StoreUnsafe(ref distance, (nuint)i);
        }
        if (count - i == 3)
        {
            int last = Unsafe.Add(ref node, i + 2);
            Vector128<float> three = scorer.Score(Unsafe.Add(ref node, i), Unsafe.Add(ref node, i + 1), last, last);
            Unsafe.Add(ref distance, i) = three[0];
            Unsafe.Add(ref distance, i + 1) = three[1];
            Unsafe.Add(ref distance, i + 2) = three[2];
            return;
        }
        for (; i < count; i++)
            Unsafe.Add(ref distance, i) = scorer.Score(Unsafe.Add(ref node, i));
    }
}
