using Ann.Core;
using Ann.Core.Indexes;
using Ann.Encoding;
using Ann.Encoding.Batching;

namespace Ann.Server.Encoders;

/// <summary>
/// An encoder that generations brought along, running. One for all of a fingerprint; open as long as a snapshot or a run holds it.
/// </summary>
/// <param name="encoder">The encoder, which is disposed with this.</param>
/// <param name="closed">Called when nobody holds it any more, before it is closed.</param>
internal sealed class LoadedEncoder(ServedEncoder encoder, Action<LoadedEncoder> closed) : GenerationEncoder(encoder.Info.Fingerprint)
{
    /// <summary>The encoder.</summary>
    public ServedEncoder Encoder => encoder;

    protected override void Close()
    {
        closed(this);
        encoder.Dispose();
    }
}

/// <summary>The batches of such an encoder: a run holds it, since the calls that it is for may have ended meanwhile.</summary>
internal sealed class HeldBatches<TInput>(IBatchEncoder<TInput> batches, GenerationEncoder held) : IBatchEncoder<TInput>
    where TInput : notnull, IEquatable<TInput>
{
    public EncoderInfo Info => batches.Info;

    public long MostWeight => batches.MostWeight;

    public long WeightOf(TInput input) => batches.WeightOf(input);

    public long BytesOf(TInput input) => batches.BytesOf(input);

    public int GroupOf(TInput input) => batches.GroupOf(input);

    public void Encode(IReadOnlyList<TInput> inputs, Span<float> rows, CancellationToken cancellation)
    {
        if (!held.TryHold())
            throw new AnnException(AnnError.Unavailable, $"Encoder '{Info.Name}' is being closed: its generation is gone.");
        try
        {
            batches.Encode(inputs, rows, cancellation);
        }
        finally
        {
            held.Release();
        }
    }
}
