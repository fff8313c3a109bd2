using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ann.Encoding.Batching;

/// <summary>One row of features as bytes, in the type that its encoder reads. Equal where the bytes are.</summary>
/// <param name="Bytes">Little-endian float32 or int64, one after another.</param>
internal readonly record struct FeatureValues(ReadOnlyMemory<byte> Bytes)
{
    /// <inheritdoc/>
    public bool Equals(FeatureValues other) => Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = new(); // of a seed of the process: nobody outside can find many rows of one hash
        hash.AddBytes(Bytes.Span);
        return hash.ToHashCode();
    }
}

/// <summary>A feature encoder as batches are made for it.</summary>
/// <param name="encoder">Stays the caller's.</param>
internal sealed class FeatureBatches(FeatureEncoder encoder) : IBatchEncoder<FeatureValues>
{
    /// <summary>Features of one run: 16 MB of numbers.</summary>
    private const long MostFeatures = 4 << 20;

    /// <summary>An array's header, and its places in tables.</summary>
    private const int RowOverhead = 100;

    private readonly int _width = encoder.Input.Type == FeatureType.Int64 ? sizeof(long) : sizeof(float);

    /// <inheritdoc/>
    public EncoderInfo Info => encoder.Info;

    /// <inheritdoc/>
    public long MostWeight => MostFeatures;

    /// <inheritdoc/>
    public long WeightOf(FeatureValues input) => Math.Max(1, input.Bytes.Length / _width);

    /// <inheritdoc/>
    public long BytesOf(FeatureValues input) => RowOverhead + input.Bytes.Length;

    /// <inheritdoc/>
    public int GroupOf(FeatureValues input) => input.Bytes.Length;

    /// <inheritdoc/>
    public void Encode(IReadOnlyList<FeatureValues> inputs, Span<float> rows, CancellationToken cancellation)
    {
        if (encoder.Input.Type == FeatureType.Int64)
            encoder.Encode(Gather<long>(inputs), inputs.Count, rows, cancellation);
        else
            encoder.Encode(Gather<float>(inputs), inputs.Count, rows, cancellation);
    }

    private static ReadOnlySpan<T> Gather<T>(IReadOnlyList<FeatureValues> inputs)
        where T : unmanaged
    {
        int length = inputs[0].Bytes.Length;
        byte[] all = new byte[length * inputs.Count];
        for (int i = 0; i < inputs.Count; i++)
        {
            Debug.Assert(inputs[i].Bytes.Length == length);
            inputs[i].Bytes.Span.CopyTo(all.AsSpan(i * length));
        }
        return MemoryMarshal.Cast<byte, T>(all);
    }
}
