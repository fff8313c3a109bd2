using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>A scorer of which four nodes together cost less than four times one.</summary>
internal unsafe interface IFourScorer : INodeScorer
{
    /// <summary>Writes the distances of the query to four nodes, to the bit those of <see cref="INodeScorer.Score(int)"/>.</summary>
    /// <param name="nodes">The four.</param>
    /// <param name="distances">Room for as many.</param>
    void ScoreFour(int* nodes, float* distances);
}

/// <summary>Scores any number of nodes, as many as can be by fours.</summary>
internal static unsafe class ScoreByFours
{
    /// <summary>Writes the distance of <c>nodes[i]</c> to <c>distances[i]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TScorer>(in TScorer scorer, ReadOnlySpan<int> nodes, Span<float> distances)
        where TScorer : struct, IFourScorer
    {
        Debug.Assert(distances.Length >= nodes.Length);
        fixed (int* node = nodes)
        fixed (float* distance = distances)
        {
            int count = nodes.Length;
            int i = 0;
            for (; i + 4 <= count; i += 4)
                scorer.ScoreFour(node + i, distance + i);
            if (count - i == 3 && i > 0)
            {
                // Three cost about as much as four: the one before them is scored again.
                scorer.ScoreFour(node + i - 1, distance + i - 1);
                return;
            }
            for (; i < count; i++)
                distance[i] = scorer.Score(node[i]);
        }
    }
}
