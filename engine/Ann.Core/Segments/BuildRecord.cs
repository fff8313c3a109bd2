using System.Text.Json.Serialization;

namespace Ann.Core.Segments;

/// <summary>
/// How a segment was made. Stored as JSON in its file. Holds nothing of the clock, the machine or the thread count: the same input,
/// options and seed give the same file.
/// </summary>
internal sealed record BuildRecord
{
    /// <summary>Index name the builder was given; empty when none.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>HNSW M.</summary>
    public int M { get; init; }

    /// <summary>HNSW efConstruction.</summary>
    public int EfConstruction { get; init; }

    /// <summary>Seed of level sampling and insertion order.</summary>
    public ulong Seed { get; init; }

    /// <summary>Codes of the walk: <c>f32</c> or <c>int8</c>.</summary>
    public string Codes { get; init => field = value ?? ""; } = "";

    /// <summary>Codes that were asked for: <c>f32</c> or <c>int8</c>. Empty in older files, which have those that were asked for.</summary>
    public string CodesAsked { get; init => field = value ?? ""; } = "";

    /// <summary>
    /// Why the codes are not those that ordinary rows get where int8 is asked for, one scale for all rows of L2 and cosine: a sentence,
    /// with what was measured. Empty when they are.
    /// </summary>
    public string CodesReason { get; init => field = value ?? ""; } = "";

    /// <summary>
    /// Factor on the margin of the estimates of the fast layout, where the usual one lost recall when it was measured, 1 to 16. Null for 1.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? EstimateMargin { get; init; }

    /// <summary>Fingerprint of the encoder of the rows, 16 hex digits; empty when unknown.</summary>
    public string EncoderFingerprint { get; init => field = value ?? ""; } = "";

    /// <summary>Name of that encoder, for people; empty when unknown.</summary>
    public string EncoderName { get; init => field = value ?? ""; } = "";

    /// <summary>
    /// Fingerprint of the encoder of the queries that are asked of the rows, 16 hex digits; empty when unknown. Null where the encoder of
    /// the rows makes them too, as in older files.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? QueryEncoderFingerprint { get; init; }

    /// <summary>Name of that encoder, for people; null with the fingerprint.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? QueryEncoderName { get; init; }

    /// <summary>File the rows came from, without its directory; empty when they came from none.</summary>
    public string Source { get; init => field = value ?? ""; } = "";

    /// <summary>
    /// Position in the log of the live index that the rows were exported from: its writes up to there are in them. Null when unknown.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? LogPosition { get; init; }

    /// <summary>Version of the engine that wrote the file.</summary>
    public string EngineVersion { get; init => field = value ?? ""; } = "";
}
