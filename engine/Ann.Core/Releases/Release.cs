using System.Text.Json.Serialization;

namespace Ann.Core.Releases;

/// <summary>
/// What the file <c>release.json</c> says of a release: an index and the encoder of its queries, which were built and proven together.
/// <c>engine/docs/file-format.md</c> documents every member.
/// </summary>
internal sealed record Release
{
    /// <summary>The format version that this build writes and reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Format version.</summary>
    [JsonPropertyName("ann_release")]
    public required int Version { get; init; }

    /// <summary>Generation of the index, 16 hex digits.</summary>
    public required string Generation { get; init; }

    /// <summary>Who made the rows.</summary>
    public required ReleaseEncoder ItemEncoder { get; init; }

    /// <summary>Who makes the queries.</summary>
    public required ReleaseEncoder QueryEncoder { get; init; }

    /// <summary>Every file of the release but this one, by its path in it.</summary>
    public required IReadOnlyList<ReleasedFile> Files { get; init; }

    /// <summary>What was measured before it was released; null when nothing was.</summary>
    public ReleaseVerification? Verification { get; init; }

    /// <summary>The files of the encoder, by their paths in its directory; empty when the release has none.</summary>
    [JsonIgnore]
    public IEnumerable<ReleasedFile> EncoderFiles => Files.Where(static file =>
        file.Name.StartsWith(ReleaseDirectory.EncoderDirectory + '/', StringComparison.Ordinal));

    /// <summary>What is wrong with it; null when nothing is. Whatever a member may be in a file that somebody else wrote.</summary>
    public string? Fault()
    {
        if (!IsHex(Generation))
            return $"generation is '{Shown(Generation)}'; 16 hex digits were expected.";
        if (!IsHex(ItemEncoder.Fingerprint))
            return $"item_encoder: fingerprint is '{Shown(ItemEncoder.Fingerprint)}'; 16 hex digits were expected.";
        if (!IsHex(QueryEncoder.Fingerprint))
            return $"query_encoder: fingerprint is '{Shown(QueryEncoder.Fingerprint)}'; 16 hex digits were expected.";
        if (Files.Count is 0 or > ReleaseDirectory.MostFiles)
            return $"it names {Files.Count} files; 1 to {ReleaseDirectory.MostFiles} were expected.";
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        foreach (ReleasedFile? file in Files)
        {
            if (file?.Name is null || ReleasedFile.NameFault(file.Name) is not null)
                return $"file '{Shown(file?.Name ?? "")}': {ReleasedFile.NameFault(file?.Name ?? "")}";
            if (!names.Add(file.Name))
                return $"file '{file.Name}' is named twice.";
            if (file.Bytes < 0 || !IsHex(file.Hash))
                return $"file '{file.Name}': bytes of 0 or more and a hash of 16 hex digits were expected.";
        }
        return Files.Any(static file => file.Name == ReleaseDirectory.IndexFile)
            ? null
            : $"it names no {ReleaseDirectory.IndexFile}.";
    }

    private static bool IsHex(string? text) => text is { Length: 16 } && text.All(char.IsAsciiHexDigitLower);

    private static string Shown(string? text) => text is null ? "" : text.Length <= 64 ? text : text[..64] + "…";
}

/// <summary>An encoder of a release.</summary>
/// <param name="Name">For people.</param>
/// <param name="Fingerprint">16 hex digits.</param>
internal sealed record ReleaseEncoder(string Name, string Fingerprint);

/// <summary>What was measured of a release before it was one.</summary>
internal sealed record ReleaseVerification
{
    /// <summary>Items of the index.</summary>
    public required long Rows { get; init; }

    /// <summary>Items that the graph leads to.</summary>
    public required long Reachable { get; init; }

    /// <summary>Recall against exact search, 0..1, of the queries at <see cref="Ef"/>.</summary>
    public required double Recall { get; init; }

    /// <summary>Results of each query that recall counts.</summary>
    public required int K { get; init; }

    /// <summary>Beam width that it was measured at.</summary>
    public required int Ef { get; init; }

    /// <summary>Queries that it was measured with.</summary>
    public required int Queries { get; init; }

    /// <summary><c>queries</c>, or <c>items</c> where items stood in for queries.</summary>
    public required string QuerySource { get; init; }
}

/// <summary>A file of a release.</summary>
/// <param name="Name">Its path in the release, parts by <c>/</c>.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Hash">XxHash3 of its content, 16 hex digits.</param>
internal sealed record ReleasedFile(string Name, long Bytes, string Hash)
{
    private const int MaxParts = 8;
    private const int MaxPartLength = 128;
    private const string Refused = "\\:*?\"<>|";

    /// <summary>Why a path is none that a release may name: it must stay in it, on any system; null for nothing.</summary>
    public static string? NameFault(string name)
    {
        string[] parts = name.Split('/');
        if (parts.Length > MaxParts)
            return $"a path of at most {MaxParts} parts was expected.";
        foreach (string part in parts)
        {
            // A first dot would be "..", or a file that listings hide; Windows drops dots and spaces at an end.
            if (part.Length is 0 or > MaxPartLength || part[0] == '.' || part[^1] is '.' or ' '
                || part.Any(static character => character < ' ' || Refused.Contains(character, StringComparison.Ordinal)))
            {
                return "a path below the release was expected, its parts by '/', of 1 to 128 characters, none of them hidden.";
            }
        }
        return null;
    }
}

/// <summary>The list of a release as JSON. Members that it does not know are of later builds, and are left alone.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false, MaxDepth = 8,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Release))]
internal sealed partial class ReleaseJson : JsonSerializerContext;
