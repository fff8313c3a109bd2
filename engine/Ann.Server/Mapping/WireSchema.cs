using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>What a Create request asks for. Ranges are checked by <see cref="IndexSchema.Validate"/>.</summary>
internal static class WireSchema
{
    private const int MaxEncoderNameBytes = 256;

    /// <summary>The schema, with the defaults of what is left out.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: an unknown value of an enum; names the field.</exception>
    public static IndexSchema Read(Wire.CreateRequest request)
    {
        Metric metric = WireEnum<Metric, Wire.Metric>.Read("metric", request.Metric);
        IndexSchema schema = new() { Dimension = Bounded(request.Dimension), Metric = metric };
        return schema with
        {
            KeyKind = request.HasKeyKind ? WireEnum<KeyKind, Wire.KeyKind>.Read("key_kind", request.KeyKind) : schema.KeyKind,
            Codes = request.HasCodes ? WireEnum<CodesKind, Wire.Codes>.Read("codes", request.Codes) : schema.Codes,
            Layout = request.HasLayout ? WireEnum<SegmentLayout, Wire.Layout>.Read("layout", request.Layout) : schema.Layout,
            M = request.HasM ? Bounded(request.M) : schema.M,
            EfConstruction = request.HasEfConstruction ? Bounded(request.EfConstruction) : schema.EfConstruction,
            Seed = request.HasSeed ? request.Seed : schema.Seed,
            Attributes = WireAttributes.ReadSchema(request.Attributes),
        };
    }

    /// <summary>Who will make the rows, and who the queries.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: a name too long, or without a fingerprint.</exception>
    public static EncoderPair EncodersOf(Wire.CreateRequest request)
    {
        SnapshotEncoder items = Encoder(
            "encoder", request.HasEncoderFingerprint ? request.EncoderFingerprint : null, request.EncoderName);
        SnapshotEncoder queries = Encoder(
            "query_encoder", request.HasQueryEncoderFingerprint ? request.QueryEncoderFingerprint : null, request.QueryEncoderName);
        return new EncoderPair(items, queries.Fingerprint is null || queries.Fingerprint == items.Fingerprint ? null : queries);
    }

    private static SnapshotEncoder Encoder(string field, ulong? fingerprint, string name)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(name) is int length and > MaxEncoderNameBytes)
            throw AnnException.Invalid($"{field}_name", $"{field}_name takes {length} bytes; it must be at most {MaxEncoderNameBytes}.");
        if (name.Length > 0 && fingerprint is null)
            throw AnnException.Invalid($"{field}_fingerprint", $"{field}_fingerprint is not set; {field}_name alone tells nothing apart.");
        return new SnapshotEncoder(fingerprint, name);
    }

    /// <summary>Clamped so that a huge unsigned number stays a huge number, and is refused as such.</summary>
    private static int Bounded(uint value) => (int)Math.Min(value, int.MaxValue);
}
