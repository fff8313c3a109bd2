using Ann.Core.Attributes;

namespace Ann.Core.Segments;

/// <summary>Compressed rows that the graph walk reads. Stored in files: values never change.</summary>
public enum CodesKind : byte
{
    /// <summary>No compression: the walk reads the float32 rows.</summary>
    F32 = 1,

    /// <summary>One signed byte a component; the best candidates are reranked with the float32 rows.</summary>
    Int8 = 2,

    /// <summary>
    /// Four bits a component, of rotated rows; the best candidates are reranked with the float32 rows. Goes with
    /// <see cref="SegmentLayout.Compact"/>: asking for one asks for both.
    /// </summary>
    Int4 = 3,
}

/// <summary>How a segment lays out what the walk reads. Stored in files: values never change.</summary>
public enum SegmentLayout : byte
{
    /// <summary>Links, and codes by themselves: half the memory of <see cref="Fast"/>.</summary>
    Lean = 0,

    /// <summary>Beside a node's links, estimates of its neighbours' distances: the least latency. Needs int8 codes.</summary>
    Fast = 1,

    /// <summary>
    /// Links, and codes of half a byte a component; rows are read from the file when they are reranked, and hold no memory of the process:
    /// the least memory, and indexes larger than memory.
    /// </summary>
    Compact = 2,
}

/// <summary>Where the links and codes of a segment lie, which a walk reads. Float32 rows and keys always stay in the mapped file.</summary>
public enum SegmentResidence
{
    /// <summary><see cref="Mapped"/> in the lean layout, <see cref="Loaded"/> in the others.</summary>
    ByLayout,

    /// <summary>In the mapped file: nothing is held twice, processes share pages, and a file larger than memory works.</summary>
    Mapped,

    /// <summary>Copied to memory on huge pages when the file is opened: the least latency.</summary>
    Loaded,
}

/// <summary>What to build.</summary>
internal sealed record SegmentBuildOptions
{
    /// <summary>How nearness is measured.</summary>
    public required Metric Metric { get; init; }

    /// <summary>Codes of the walk. Default: <see cref="CodesKind.Int8"/>.</summary>
    public CodesKind Codes { get; init; } = CodesTraits.Standard;

    /// <summary>Layout of what the walk reads. Default: <see cref="SegmentLayout.Fast"/>.</summary>
    public SegmentLayout Layout { get; init; } = SegmentLayout.Fast;

    /// <summary>Neighbours kept per node on levels ≥ 1; twice as many on level 0. 2 to 128. Default: 16.</summary>
    public int M { get; init; } = 16;

    /// <summary>Beam width while inserting, nodes. M to 4,096. Default: 200.</summary>
    public int EfConstruction { get; init; } = 200;

    /// <summary>Seed of level sampling and insertion order. Default: 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Attributes that the rows may have: <see cref="SegmentBuilder.AddAttributes"/>. Default: none.</summary>
    public AttributeSchema Attributes { get; init; } = AttributeSchema.Empty;

    /// <summary>Threads of the build. Does not change the result. Default: one per logical core.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Queries that a certificate is measured with at most: with so many chance does not show.</summary>
    public const int MostQueries = 1024;

    /// <summary>
    /// Queries that the certificate is measured with, or as many of them as chance and the size of the segment ask for, at most
    /// <see cref="MostQueries"/>. Default: none, so rows stand in for them.
    /// </summary>
    public CertificateQueries? Queries { get; init; }

    /// <summary>Index name, for people; empty when none.</summary>
    public string Name { get; init; } = "";

    /// <summary>Fingerprint of the encoder of the rows, 16 hex digits; empty when unknown.</summary>
    public string EncoderFingerprint { get; init; } = "";

    /// <summary>Name of that encoder, for people.</summary>
    public string EncoderName { get; init; } = "";

    /// <summary>
    /// Fingerprint of the encoder of the queries, 16 hex digits, or empty when unknown. Default: null, the encoder of the rows makes them.
    /// </summary>
    public string? QueryEncoderFingerprint { get; init; }

    /// <summary>Name of that encoder, for people; null with the fingerprint.</summary>
    public string? QueryEncoderName { get; init; }

    /// <summary>File the rows came from, without its directory.</summary>
    public string Source { get; init; } = "";

    /// <summary>Position in the log of the live index that the rows were exported from; null when they come from elsewhere.</summary>
    public long? LogPosition { get; init; }
}

/// <summary>Stages of a build, in order.</summary>
internal enum BuildStage
{
    /// <summary>Compressing rows.</summary>
    Codes,

    /// <summary>Inserting nodes into the graph.</summary>
    Graph,

    /// <summary>Proving that every node is reachable, and measuring the certificate.</summary>
    Certificate,

    /// <summary>Writing the file, in bytes.</summary>
    Write,
}

/// <summary>How far a build is.</summary>
/// <param name="Stage">The stage under way.</param>
/// <param name="Done">Rows, nodes or bytes done in this stage.</param>
/// <param name="Total">Rows, nodes or bytes of this stage.</param>
internal readonly record struct BuildProgress(BuildStage Stage, long Done, long Total);
