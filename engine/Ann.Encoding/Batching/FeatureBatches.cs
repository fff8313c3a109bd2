using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ann.Encoding.Batching;

/// <summary>One row of features as bytes, in the type that its encoder reads. Equal where the bytes are.</summary>
/// <param name="Bytes">Little-endian float32 or int64, one after another.</param>
internal readonly record struct FeatureBytes(ReadOnlyMemory<byte> Bytes)
{
    /// <inheritdoc/>
    public bool Equals(FeatureBytes other) => Bytes.Span.SequenceEqual(other.Bytes.Span);

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
internal sealed class FeatureBatches(FeatureEncoder encoder) : IBatchEncoder<FeatureBytes>
{
    /// <summary>Features of one run: 16 MB of numbers.</summary>
    private const long MostFeatures = 4 << 20;

    /// <summary>An array's header, and its places in tables.</summary>
    private const int RowOverhead = 100;

    /// <inheritdoc/>
    public EncoderInfo Info => encoder.Info;

    /// <inheritdoc/>
    public long MostWeight => MostFeatures;

    /// <inheritdoc/>
    public long WeightOf(FeatureBytes input) => Math.Max(1, input.Bytes.Length / sizeof(float));

    /// <inheritdoc/>
    public long BytesOf(FeatureBytes input) => RowOverhead + input.Bytes.Length;

    /// <inheritdoc/>
    public int GroupOf(FeatureBytes input) => input.Bytes.Length;

    /// <inheritdoc/>
    public void Encode(IReadOnlyList<FeatureBytes> inputs, Span<float> rows, CancellationToken cancellation)
    {
        if (encoder.Input.Type == FeatureType.Int64)
            encoder.Encode(Gather<long>(inputs), inputs.Count, rows, cancellation);
        else
            encoder.Encode(Gather<float>(inputs), inputs.Count, rows, cancellation);
    }

    private static ReadOnlySpan<T> Gather<T>(IReadOnlyList<FeatureBytes> inputs)
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
