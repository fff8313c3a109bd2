using System.Runtime.InteropServices;
using Ann.Protocol.V1;

namespace Ann.Client;

/// <summary>Rows of vectors as replies carry them: of Embed, Fetch and Scroll.</summary>
public static class ReplyVectors
{
    /// <summary>A row, read in place: it lives as long as the reply, and nothing is copied.</summary>
    /// <param name="vectors">Vectors of a reply, which are float32.</param>
    /// <param name="row">From 0.</param>
    /// <returns>As many components as the index, or the encoder, has.</returns>
    /// <exception cref="ArgumentException">The vectors are not float32 in bytes, as those of replies are.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public static ReadOnlySpan<float> RowAt(this VectorBatch vectors, int row)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        if (vectors.Dtype != Dtype.F32 || vectors.Dim == 0)
            throw new ArgumentException(
                $"Vectors of {vectors.Dtype} and dimension {vectors.Dim}; float32 in bytes was expected, as replies have it.",
                nameof(vectors));
        ReadOnlySpan<float> all = MemoryMarshal.Cast<byte, float>(vectors.Data.Span);
        int dimension = checked((int)vectors.Dim);
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, all.Length / dimension);
        return all.Slice(row * dimension, dimension);
    }
}
