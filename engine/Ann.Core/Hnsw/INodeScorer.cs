using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>Distances from one query to graph nodes. Implementations are structs used as type arguments.</summary>
internal interface INodeScorer
{
    /// <summary>Asks for the memory of a node that will be scored soon.</summary>
    void Prefetch(int node);

    /// <summary>Distance of the query to a node.</summary>
    float Score(int node);

    /// <summary>Writes the distance of the query to each of some nodes.</summary>
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

/// <summary>Prefetch hints.</summary>
internal static unsafe class Memory
{
    private const int LineInBytes = 64;

    /// <summary>More lines than this only push each other out; the hardware's own prefetcher follows a stream that long.</summary>
    private const int MaxLines = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* start, int sizeInBytes)
    {
        if (!Sse.IsSupported)
            return;
        byte* end = (byte*)start + Math.Min(sizeInBytes, MaxLines * LineInBytes);
        for (byte* line = (byte*)start; line < end; line += LineInBytes)
            Sse.Prefetch0(line);
    }
}
