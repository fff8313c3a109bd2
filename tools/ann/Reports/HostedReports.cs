namespace Ann.Tool.Reports;

/// <summary>What a server hosts: <c>ann list</c>.</summary>
/// <param name="Address">The server.</param>
/// <param name="Indexes">In the order of their names.</param>
internal sealed record ListReport(string Address, IReadOnlyList<HostedIndexReport> Indexes);

/// <summary>An index as its server tells of it: <c>ann describe</c>. Of one that does not serve only the first members are known.</summary>
internal sealed record HostedIndexReport
{
    /// <summary>Its name.</summary>
    public required string Index { get; init; }

    /// <summary><c>serving</c>, <c>loading</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public string? Failure { get; init; }

    /// <summary>What of it there is to tell; null unless it serves.</summary>
    public HostedIndexFacts? Facts { get; init; }
}

/// <summary>What is known of an index that serves.</summary>
internal sealed record HostedIndexFacts
{
    /// <summary>True when it can be written to; else it is a file.</summary>
    public required bool Live { get; init; }

    /// <summary>The generation that answers, 16 hex digits.</summary>
    public required string Generation { get; init; }

    /// <summary><c>cosine</c>, <c>l2</c> or <c>ip</c>.</summary>
    public required string Metric { get; init; }

    /// <summary>Components of a vector.</summary>
    public required uint Dimension { get; init; }

    /// <summary><c>uint64</c> or <c>string</c>.</summary>
    public required string KeyType { get; init; }

    /// <summary>Items.</summary>
    public required ulong Items { get; init; }

    /// <summary>Rows of deleted and replaced items, until they are compacted.</summary>
    public required ulong Dead { get; init; }

    /// <summary>Segments that a search visits.</summary>
    public required uint Segments { get; init; }

    /// <summary><c>int8</c> or <c>f32</c>.</summary>
    public required string Codes { get; init; }

    /// <summary><c>fast</c> or <c>lean</c>.</summary>
    public required string Layout { get; init; }

    /// <summary>Neighbours kept a node on upper levels.</summary>
    public required uint M { get; init; }

    /// <summary>Beam width while inserting.</summary>
    public required uint EfConstruction { get; init; }

    /// <summary>Encoder of its rows; null when unknown.</summary>
    public IndexEncoderReport? Encoder { get; init; }

    /// <summary>Encoder of its queries; null when that of its rows makes them.</summary>
    public IndexEncoderReport? QueryEncoder { get; init; }

    /// <summary>Bytes of its files; of a live index those of all generations.</summary>
    public required ulong FileBytes { get; init; }

    /// <summary>Bytes of memory that the server holds for it, mapped files not counted.</summary>
    public required ulong LoadedBytes { get; init; }

    /// <summary>Bytes of its file that stay mapped; 0 of a live index.</summary>
    public required ulong MappedBytes { get; init; }

    /// <summary>Attributes of its items; null for none.</summary>
    public IReadOnlyList<AttributeColumnReport>? Attributes { get; init; }

    /// <summary>Where its log is; null for a file.</summary>
    public LogReport? Log { get; init; }

    /// <summary>Its generations, the serving one first; null for a file.</summary>
    public IReadOnlyList<HostedGenerationReport>? Generations { get; init; }

    /// <summary>Recall that was measured when the file was built, by beam width; null for a live index.</summary>
    public IReadOnlyList<CertificatePoint>? CertificateRecall { get; init; }

    /// <summary>Recall of real queries; null until there are some.</summary>
    public IReadOnlyList<LiveRecallReport>? LiveRecall { get; init; }
}

/// <summary>The encoder that an index needs.</summary>
/// <param name="Name">For people.</param>
/// <param name="Fingerprint">16 hex digits.</param>
/// <param name="Hosted">True when the server has it.</param>
internal sealed record IndexEncoderReport(string Name, string Fingerprint, bool Hosted);

/// <summary>Positions of a live index's log: writes of items, counted from 1.</summary>
/// <param name="First">The first write that it still holds.</param>
/// <param name="Durable">The last one on disk.</param>
/// <param name="Visible">The last one that a search sees.</param>
/// <param name="Bytes">Bytes of its files.</param>
/// <param name="WriteFailure">Why nothing can be written; null while all is well.</param>
/// <param name="CompactionFailure">Why sealing and compacting do not get on; null while they do.</param>
internal sealed record LogReport(
    ulong First, ulong Durable, ulong Visible, ulong Bytes, string? WriteFailure, string? CompactionFailure);

/// <summary>A generation of a live index.</summary>
internal sealed record HostedGenerationReport
{
    /// <summary>16 hex digits.</summary>
    public required string Generation { get; init; }

    /// <summary><c>serving</c>, <c>standby</c>, <c>catching_up</c> or <c>damaged</c>.</summary>
    public required string Role { get; init; }

    /// <summary>Why it is damaged; null when it is not.</summary>
    public string? Failure { get; init; }

    /// <summary>Encoder of its rows; null when unknown.</summary>
    public IndexEncoderReport? Encoder { get; init; }

    /// <summary>Encoder of its queries; null when that of its rows makes them.</summary>
    public IndexEncoderReport? QueryEncoder { get; init; }

    /// <summary>Items.</summary>
    public required ulong Items { get; init; }

    /// <summary>Rows of deleted and replaced items.</summary>
    public required ulong Dead { get; init; }

    /// <summary>Segments that a search visits, the head counted.</summary>
    public required uint Segments { get; init; }

    /// <summary>The last write that is part of its sealed files.</summary>
    public required ulong LogPosition { get; init; }

    /// <summary>The last write that it shows.</summary>
    public required ulong AppliedPosition { get; init; }

    /// <summary>Items whose last write it could not take.</summary>
    public required ulong MissedKeys { get; init; }

    /// <summary>Bytes of its files.</summary>
    public required ulong FileBytes { get; init; }

    /// <summary>Bytes of memory that it holds.</summary>
    public required ulong MemoryBytes { get; init; }
}

/// <summary>A measured point.</summary>
/// <param name="Ef">Beam width.</param>
/// <param name="RecallAt10">Share of the exact ten nearest, 0..1.</param>
internal sealed record CertificatePoint(uint Ef, double RecallAt10);

/// <summary>Recall of the real queries of one kind.</summary>
/// <param name="Generation">The one that answered.</param>
/// <param name="FilterClass"><c>none</c>, or the upper end of the share of items that filters take.</param>
/// <param name="K">Results wanted, up to this many.</param>
/// <param name="Recall">Share of the exact nearest that were returned, 0..1.</param>
/// <param name="RecallLow">Lower end of its 95 % interval.</param>
/// <param name="RecallHigh">Upper end.</param>
/// <param name="Samples">Queries measured.</param>
internal sealed record LiveRecallReport(
    string Generation, string FilterClass, uint K, double Recall, double RecallLow, double RecallHigh, uint Samples);

/// <summary>Text encoders of a server: <c>ann encoders</c>.</summary>
/// <param name="Address">The server.</param>
/// <param name="Encoders">Those that it hosts, then those that its indexes lack.</param>
internal sealed record EncodersReport(string Address, IReadOnlyList<EncoderReport> Encoders);

/// <summary>An encoder.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Fingerprint">16 hex digits, as <c>ann create --encoder-fingerprint</c> takes them.</param>
/// <param name="Hosted">False of one that an index needs and the server does not have.</param>
/// <param name="Dimension">Components of its vectors; null when it is not hosted.</param>
/// <param name="Provider">What it runs on; null when it is not hosted.</param>
/// <param name="Indexes">Indexes whose rows or queries come from it.</param>
internal sealed record EncoderReport(
    string Name, string Fingerprint, bool Hosted, uint? Dimension, string? Provider, IReadOnlyList<string> Indexes);
