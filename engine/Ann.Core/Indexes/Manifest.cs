using System.Text;
using System.Text.Json.Serialization;
using Ann.Core.Log;
using Ann.Core.Releases;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>What a live index consists of: everything on disk that counts is named here, or is the log.</summary>
internal sealed record Manifest
{
    /// <summary>
    /// The largest number of a manifest, 2⁶²: all of them are counted on, and none may come to the end of its type.
    /// </summary>
    public const long MostNumber = 1L << 62;

    /// <summary>Grows with every manifest of the index, from 1.</summary>
    public required long Revision { get; init; }

    /// <summary>What never changes.</summary>
    public required IndexSchema Schema { get; init; }

    /// <summary>Number of the next file that is named by one, from 1. No file of a number at or above it counts.</summary>
    public required long NextFile { get; init; }

    /// <summary>The generation that answers.</summary>
    public required string Serving { get; init; }

    /// <summary>The attached generation that a rollback lets serve again; null when there is none.</summary>
    public string? Previous { get; init; }

    /// <summary>Every attached generation.</summary>
    public required IReadOnlyList<ManifestGeneration> Generations { get; init; }

    /// <summary>How far each producer had come at <see cref="LastSequence"/>, or later.</summary>
    public required IReadOnlyList<ManifestProducer> Producers { get; init; }

    /// <summary>
    /// A write that the log held, flushed, when this was written: a log that ends earlier has lost something. 0 before the first.
    /// </summary>
    public required long LastSequence { get; init; }

    /// <summary>
    /// Name of the file of the log that took the next write when this was written: a log without it has lost something. Null in older
    /// manifests.
    /// </summary>
    public string? LogFile { get; init; }

    /// <summary>What is wrong with it; null when nothing is.</summary>
    public string? Fault()
    {
        if (Revision is < 1 or > MostNumber)
            return $"revision is {Revision}; it must be 1 to {MostNumber}.";
        if (NextFile is < 1 or > MostNumber)
            return $"next_file is {NextFile}; it must be 1 to {MostNumber}.";
        if (LastSequence is < 0 or > MostNumber)
            return $"last_sequence is {LastSequence}; it must be 0 to {MostNumber}.";
        if (LogFile is not null && (!WalFileHeader.TryParseName(LogFile, out long first) || WalFileHeader.NameOf(first) != LogFile))
            return $"log_file is '{Shown(LogFile)}', which is no name of a log's file.";
        try
        {
            Schema.Validate();
        }
        catch (AnnException e)
        {
            return $"schema: {e.Message}";
        }
        if (Generations.Contains(null!) || Producers.Contains(null!))
            return "one of the generations or producers is null.";
        HashSet<string> ids = new(StringComparer.Ordinal);
        HashSet<string> names = new(StringComparer.Ordinal) { ManifestFile.FileName };
        foreach (ManifestGeneration generation in Generations)
        {
            if (!IsHex(generation.Id))
                return $"generation '{Shown(generation.Id)}' is not 16 hex digits.";
            if (!ids.Add(generation.Id))
                return $"generation {generation.Id} appears twice.";
            if (generation.Fault(LastSequence, names) is string fault)
                return $"generation {generation.Id}: {fault}";
        }
        if (!ids.Contains(Serving))
            return $"serving is '{Shown(Serving)}', which is none of the generations.";
        if (Previous is not null && (Previous == Serving || !ids.Contains(Previous)))
            return $"previous is '{Shown(Previous)}', which is none of the other generations.";
        HashSet<string> producers = new(StringComparer.Ordinal);
        foreach (ManifestProducer producer in Producers)
        {
            if (Encoding.UTF8.GetByteCount(producer.Name) is 0 or > WriteBatch.MaxProducerBytes)
                return $"producer '{Shown(producer.Name)}' must take 1 to {WriteBatch.MaxProducerBytes} bytes.";
            if (!producers.Add(producer.Name))
                return $"producer '{producer.Name}' appears twice.";
        }
        return null;
    }

    /// <summary>True for 16 lower-case hex digits.</summary>
    internal static bool IsHex(string id) => id.Length == 16 && id.All(char.IsAsciiHexDigitLower);

    /// <summary>A text of a hostile file, as much of it as an error should hold.</summary>
    internal static string Shown(string text) => text.Length <= 64 ? text : text[..64] + "…";
}

/// <summary>One generation: its sealed segments, oldest first, and the log position that they and their tombstones reflect.</summary>
internal sealed record ManifestGeneration
{
    /// <summary>16 hex digits, lower case.</summary>
    public required string Id { get; init; }

    /// <summary>Encoder of its rows; null when unknown. Written as 16 hex digits.</summary>
    public ulong? EncoderFingerprint { get; init; }

    /// <summary>Name of that encoder, for people; empty when unknown.</summary>
    public required string EncoderName { get; init; }

    /// <summary>Who makes the queries that are asked of it; null when the encoder of its rows does, as in older manifests.</summary>
    public ManifestQueryEncoder? QueryEncoder { get; init; }

    /// <summary>The last write that is part of its files. Recovery replays what comes after it.</summary>
    public required long LogPosition { get; init; }

    /// <summary>Its sealed segments, oldest first.</summary>
    public required IReadOnlyList<ManifestSegment> Segments { get; init; }

    /// <summary>File of the keys whose last write could not be applied; null when there is none.</summary>
    public string? MissedKeysFile { get; init; }

    /// <summary>Who made its rows, and who makes its queries.</summary>
    [JsonIgnore]
    public EncoderPair Encoders => new(
        new SnapshotEncoder(EncoderFingerprint, EncoderName),
        QueryEncoder is null || QueryEncoder.Fingerprint == EncoderFingerprint ? null : QueryEncoder.Encoder);

    /// <summary>Every file that it names, and the directory of its encoder.</summary>
    public IEnumerable<string> NamedFiles() => Segments
        .SelectMany(static segment => new[] { segment.File, segment.TombstoneFile })
        .Append(MissedKeysFile)
        .Append(QueryEncoder?.Directory)
        .OfType<string>();

    /// <summary>What is wrong with it; null when nothing is.</summary>
    /// <param name="lastSequence">Of the manifest.</param>
    /// <param name="names">Names of files that are taken; those of this generation are added.</param>
    public string? Fault(long lastSequence, HashSet<string> names)
    {
        if (LogPosition < 0 || LogPosition > lastSequence)
            return $"log_position is {LogPosition}; 0 to last_sequence {lastSequence} was expected.";
        if (Segments.Contains(null!))
            return "one of the segments is null.";
        foreach (ManifestSegment segment in Segments)
        {
            if (!Manifest.IsHex(segment.Hash))
                return $"hash '{Manifest.Shown(segment.Hash)}' is not 16 hex digits.";
            if (segment.Count is < 1 or > SegmentBuilder.MaxRows)
                return $"a segment's count is {segment.Count}; 1 to {SegmentBuilder.MaxRows} was expected.";
            if (segment.Dead < 0 || segment.Dead > segment.Count)
                return $"{segment.Dead} of {segment.Count} items of a segment are dead.";
            if (segment.Dead > 0 && segment.TombstoneFile is null)
                return $"{segment.Dead} items of a segment are dead, and no tombstone file says which.";
            if (NameFault(segment.File, names) is string fault)
                return fault;
            if (segment.TombstoneFile is not null && NameFault(segment.TombstoneFile, names) is string second)
                return second;
        }
        if (MissedKeysFile is not null && NameFault(MissedKeysFile, names) is string third)
            return third;
        if (QueryEncoder?.Directory is not null && NameFault(QueryEncoder.Directory, names) is string fourth)
            return fourth;
        return QueryEncoder?.Fault();
    }

    private static string? NameFault(string name, HashSet<string> names)
    {
        // The rules of an index's name leave no way out of the directory.
        if (!IndexName.IsValid(name))
            return $"'{Manifest.Shown(name)}' is no plain file name.";
        return names.Add(name) ? null : $"the file {name} is named twice.";
    }
}

/// <summary>Who makes the queries of a generation.</summary>
internal sealed record ManifestQueryEncoder
{
    /// <summary>Its fingerprint; null when unknown. Written as 16 hex digits.</summary>
    public ulong? Fingerprint { get; init; }

    /// <summary>Its name, for people; empty when unknown.</summary>
    public required string Name { get; init; }

    /// <summary>Directory of its files, in the index's; null when the generation brought none along.</summary>
    public string? Directory { get; init; }

    /// <summary>Its files, by their paths in <see cref="Directory"/>; null with it.</summary>
    public IReadOnlyList<string>? Files { get; init; }

    /// <summary>The same as generations have it.</summary>
    [JsonIgnore]
    public SnapshotEncoder Encoder => new(Fingerprint, Name);

    /// <summary>Its files; null when the generation brought none along.</summary>
    [JsonIgnore]
    public CarriedEncoder? Carried => Directory is null || Files is null ? null : new CarriedEncoder(Directory, Files);

    /// <summary>
    /// What a manifest says of a generation's; null when the encoder of its rows makes its queries too, and it brought none.
    /// </summary>
    public static ManifestQueryEncoder? Of(Generation generation)
    {
        CarriedEncoder? carried = generation.Encoder?.Carried;
        if (generation.Encoders.OwnQueries is null && carried is null)
            return null;
        SnapshotEncoder queries = generation.Encoders.Queries;
        return new ManifestQueryEncoder
        {
            Fingerprint = queries.Fingerprint,
            Name = queries.Name,
            Directory = carried?.Directory,
            Files = carried?.Files,
        };
    }

    /// <summary>What is wrong with its files; null when nothing is.</summary>
    public string? Fault()
    {
        if (Directory is null != Files is null)
            return "query_encoder: a directory and its files belong together.";
        if (Files is null)
            return null;
        if (Files.Count is 0 or > ReleaseDirectory.MostFiles)
            return $"query_encoder: {Files.Count} files; 1 to {ReleaseDirectory.MostFiles} were expected.";
        string? wrong = Files.FirstOrDefault(static file => file is null || ReleasedFile.NameFault(file) is not null, "");
        if (wrong is not "")
            return $"query_encoder: file '{Manifest.Shown(wrong ?? "")}' is no path below its directory.";
        return Files.Distinct(StringComparer.OrdinalIgnoreCase).Count() == Files.Count ? null : "query_encoder: a file is named twice.";
    }
}

/// <summary>One sealed segment of a generation.</summary>
internal sealed record ManifestSegment
{
    /// <summary>Name of the <c>.ann</c> file, in the index's directory.</summary>
    public required string File { get; init; }

    /// <summary>Its generation: the hash of its header, 16 hex digits. Another file under that name is refused.</summary>
    public required string Hash { get; init; }

    /// <summary>Items, dead ones counted.</summary>
    public required int Count { get; init; }

    /// <summary>Name of the file that says which are dead; null when none is.</summary>
    public string? TombstoneFile { get; init; }

    /// <summary>Items that are dead by that file.</summary>
    public required int Dead { get; init; }
}

/// <summary>How far a producer has come.</summary>
/// <param name="Name">1 to <see cref="WriteBatch.MaxProducerBytes"/> bytes.</param>
/// <param name="Sequence">The last of its batches that was written.</param>
internal sealed record ManifestProducer(string Name, ulong Sequence);
