using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>Distances from one query to graph nodes. Implementations are structs used as type arguments.</summary>
internal interface INodeScorer
{
    /// <summary>Asks for the memory of a node that will be scored soon.</summary>
    void Prefetch(int node);

    /// <summary>Distance of the query to a node.</summary>
    float Score(int node);

    /// <summary>Writes the distance of <c>nodes[i]</c> to <c>distances[i]</c>.</summary>
    void Score(ReadOnlySpan<int> nodes, Span<float> distances);
}

/// <summary>Exact float32 distances.</summary>
/// <param name="rows">First component of the first row.</param>
/// <param name="stride">Floats from one row to the next.</param>
/// <param name="query">A padded row.</param>
internal readonly unsafe struct RowScorer<TDistance>(float* rows, int stride, float* query) : INodeScorer
    where TDistance : struct, IDistance
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int node) => Memory.Prefetch(rows + (long)node * stride, stride * sizeof(float));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Score(int node) => TDistance.Between(query, rows + (long)node * stride, (nuint)stride);

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances)
    {
        for (int i = 0; i < nodes.Length; i++)
            distances[i] = Score(nodes[i]);
    }
}
