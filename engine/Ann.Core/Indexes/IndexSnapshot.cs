using System.Globalization;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>What a search sees of an index: immutable, taken once at the start of a call and used to its end.</summary>
public sealed class IndexSnapshot
{
    internal IndexSnapshot(string name, SealedSegment segment)
    {
        Name = name;
        Segment = segment;
        string hex = segment.BuildRecord.EncoderFingerprint;
        if (ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong fingerprint))
            EncoderFingerprint = fingerprint;
    }

    /// <summary>Name of the index.</summary>
    public string Name { get; }

    /// <summary>Its items. Owned by the catalog.</summary>
    public SealedSegment Segment { get; }

    /// <summary>The generation that answers.</summary>
    public string Generation => Segment.Generation;

    /// <summary>Fingerprint of the encoder that made the rows; null when the builder was told of none.</summary>
    public ulong? EncoderFingerprint { get; }

    /// <summary>Refuses queries of another encoder than the one that made the rows: the distances would mean nothing.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.FailedPrecondition"/>: names both encoders.</exception>
    public void RequireEncoder(ulong fingerprint)
    {
        if (EncoderFingerprint == fingerprint)
            return;
        string built = EncoderFingerprint is ulong own
            ? $"was built with encoder '{Segment.BuildRecord.EncoderName}' ({own:x16})"
            : "was built without naming an encoder";
        throw new AnnException(
            AnnError.FailedPrecondition, $"Index '{Name}' {built}; the request's encoder_fingerprint is {fingerprint:x16}.")
        {
            Field = "encoder_fingerprint",
        };
    }
}
