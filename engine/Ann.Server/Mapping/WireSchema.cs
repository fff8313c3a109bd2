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
        IndexSchema schema = new() { Dimension = Bounded(request.Dimension), Metric = ToCore(request.Metric) };
        return schema with
        {
            KeyKind = !request.HasKeyKind ? schema.KeyKind : request.KeyKind switch
            {
                Wire.KeyKind.Uint64 => KeyKind.UInt64,
                Wire.KeyKind.String => KeyKind.String,
                _ => throw Unknown("key_kind", request.KeyKind, "UINT64 or STRING"),
            },
            Codes = !request.HasCodes ? schema.Codes : request.Codes switch
            {
                Wire.Codes.F32 => CodesKind.F32,
                Wire.Codes.Int8 => CodesKind.Int8,
                _ => throw Unknown("codes", request.Codes, "F32 or INT8"),
            },
            Layout = !request.HasLayout ? schema.Layout : request.Layout switch
            {
                Wire.Layout.Lean => SegmentLayout.Lean,
                Wire.Layout.Fast => SegmentLayout.Fast,
                _ => throw Unknown("layout", request.Layout, "LEAN or FAST"),
            },
            M = request.HasM ? Bounded(request.M) : schema.M,
            EfConstruction = request.HasEfConstruction ? Bounded(request.EfConstruction) : schema.EfConstruction,
            Seed = request.HasSeed ? request.Seed : schema.Seed,
            Attributes = WireAttributes.ReadSchema(request.Attributes),
        };
    }

    /// <summary>Who will make the rows.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: a name too long, or without a fingerprint.</exception>
    public static SnapshotEncoder EncoderOf(Wire.CreateRequest request)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(request.EncoderName) is int length and > MaxEncoderNameBytes)
            throw AnnException.Invalid("encoder_name", $"encoder_name takes {length} bytes; it must be at most {MaxEncoderNameBytes}.");
        if (request.EncoderName.Length > 0 && !request.HasEncoderFingerprint)
            throw AnnException.Invalid("encoder_fingerprint", "encoder_fingerprint is not set; encoder_name alone tells nothing apart.");
        return new SnapshotEncoder(request.HasEncoderFingerprint ? request.EncoderFingerprint : null, request.EncoderName);
    }

    private static Metric ToCore(Wire.Metric metric) => metric switch
    {
        Wire.Metric.Cosine => Metric.Cosine,
        Wire.Metric.L2 => Metric.L2,
        Wire.Metric.InnerProduct => Metric.InnerProduct,
        _ => throw Unknown("metric", metric, "COSINE, L2 or INNER_PRODUCT"),
    };

    /// <summary>Clamped so that a huge unsigned number stays a huge number, and is refused as such.</summary>
    private static int Bounded(uint value) => (int)Math.Min(value, int.MaxValue);

    private static AnnException Unknown<T>(string field, T value, string expected) =>
        AnnException.Invalid(field, $"{field} is {value}; it must be {expected}.");
}
