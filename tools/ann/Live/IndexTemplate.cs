using System.Globalization;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Segments;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Ann.Tool.Attributes;
using Ann.Tool.Remote;
using KeyKind = Ann.Core.Keys.KeyKind;
using Wire = Ann.Protocol.V1;

namespace Ann.Tool.Live;

/// <summary>What an index must be to take the rows of a file: as the file, its sidecars, or an <c>.ann</c> file say.</summary>
internal sealed record IndexTemplate
{
    /// <summary>Components of a row.</summary>
    public required int Dimension { get; init; }

    /// <summary>What its keys are; rows without keys are numbered.</summary>
    public required KeyKind Keys { get; init; }

    /// <summary>Its attributes; empty for none. Of a .jsonl file they are not known: a declaration says which members are some.</summary>
    public required AttributeSchema Attributes { get; init; }

    /// <summary>Encoder of its rows, 16 hex digits; empty when unknown.</summary>
    public required string EncoderFingerprint { get; init; }

    /// <summary>Name of that encoder; empty when unknown.</summary>
    public required string EncoderName { get; init; }

    /// <summary>Encoder of its queries, 16 hex digits; null when that of its rows makes them, or when unknown.</summary>
    public string? QueryEncoderFingerprint { get; init; }

    /// <summary>Name of that encoder; null when unknown.</summary>
    public string? QueryEncoderName { get; init; }

    /// <summary>How nearness is measured; only an .ann file says.</summary>
    public Core.Metric? Metric { get; init; }

    /// <summary>Of no file: options say everything.</summary>
    public static IndexTemplate Empty { get; } = new()
    {
        Dimension = 0,
        Keys = KeyKind.UInt64,
        Attributes = AttributeSchema.Empty,
        EncoderFingerprint = "",
        EncoderName = "",
    };

    /// <summary>Reads what a file says.</summary>
    /// <param name="tool">Where it is.</param>
    /// <param name="path">A file of vectors with its sidecars, or an .ann file.</param>
    /// <param name="keys">Sidecar with the keys; null takes the one beside the file where there is one.</param>
    /// <param name="attributes">Sidecar with the attributes, likewise.</param>
    /// <exception cref="AnnException">InvalidArgument: the file, or a sidecar that belongs to another.</exception>
    public static IndexTemplate Read(ToolContext tool, string path, string? keys = null, string? attributes = null)
    {
        if (path.EndsWith(".ann", StringComparison.OrdinalIgnoreCase))
        {
            using SealedSegment segment = SealedSegment.Open(tool.Files, path, SegmentResidence.Mapped);
            return new IndexTemplate
            {
                Dimension = segment.Dimension,
                Keys = segment.Keys.Kind,
                Attributes = segment.AttributeSchema,
                EncoderFingerprint = segment.BuildRecord.EncoderFingerprint,
                EncoderName = segment.BuildRecord.EncoderName,
                QueryEncoderFingerprint = segment.BuildRecord.QueryEncoderFingerprint,
                QueryEncoderName = segment.BuildRecord.QueryEncoderName,
                Metric = segment.Metric,
            };
        }
        using InputRows rows = new(tool with { Error = TextWriter.Null }, path, keys, new AttributeRequest(null, attributes));
        return new IndexTemplate
        {
            Dimension = rows.Dimension,
            Keys = rows.Keys?.Kind ?? KeyKind.UInt64,
            Attributes = rows.Attributes,
            EncoderFingerprint = rows.EncoderFingerprint,
            EncoderName = rows.EncoderName,
            QueryEncoderFingerprint = rows.QueryEncoderFingerprint,
            QueryEncoderName = rows.QueryEncoderName,
        };
    }

    /// <summary>A request for such an index. What it leaves out stays at the server's defaults.</summary>
    /// <param name="index">Its name.</param>
    /// <param name="metric">How nearness is measured.</param>
    public CreateRequest Request(string index, Core.Metric metric)
    {
        CreateRequest request = new()
        {
            Index = index,
            Dimension = (uint)Dimension,
            Metric = WireEnum<Core.Metric, Wire.Metric>.ToWire(metric),
            KeyKind = WireEnum<KeyKind, Wire.KeyKind>.ToWire(Keys),
        };
        if (EncoderFingerprint.Length > 0)
            request.EncoderFingerprint = FingerprintOf(EncoderFingerprint, "the encoder's fingerprint");
        if (EncoderName.Length > 0)
            request.EncoderName = EncoderName;
        if (QueryEncoderFingerprint is { Length: > 0 } queries)
        {
            request.QueryEncoderFingerprint = FingerprintOf(queries, "the query encoder's fingerprint");
            request.QueryEncoderName = QueryEncoderName ?? "";
        }
        request.Attributes.AddRange(RemoteAttributes.Fields(Attributes));
        return request;
    }

    /// <summary>A fingerprint as files and options have it.</summary>
    /// <exception cref="AnnException">InvalidArgument: names where it stood.</exception>
    public static ulong FingerprintOf(string hex, string where) =>
        hex.Length == 16 && ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : throw AnnException.Invalid(where, $"{where} is '{hex}'; it must be 16 hex digits.");
}
