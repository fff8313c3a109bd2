using System.Text.Json;
using System.Text.Json.Serialization;
using Ann.Core;
using Ann.Core.Files;

namespace Ann.Tool.Bulk;

/// <summary>What of an encoding is durable, and what it was asked for: <c>OUTPUT.part.json</c>.</summary>
internal sealed record EncodeJournal
{
    /// <summary>What is appended to the name of an output for its parts.</summary>
    public const string Suffix = ".part";

    private const string FileSuffix = Suffix + ".json";
    private const int KnownVersion = 1;

    /// <summary>Version of this file.</summary>
    public int Version { get; init; } = KnownVersion;

    /// <summary>All that decides what the output is, by names that a person knows. The input is told by <see cref="ItemsHash"/>.</summary>
    public required Dictionary<string, string> Settings { get; init; }

    /// <summary>Items of the input that were read, those that were left out too.</summary>
    public required long ItemsRead { get; init; }

    /// <summary>Hash of those items.</summary>
    public required string ItemsHash { get; init; }

    /// <summary>Items left out.</summary>
    public required long LeftOut { get; init; }

    /// <summary>Vectors.</summary>
    public required long Rows { get; init; }

    /// <summary><c>uint64</c> or <c>string</c>.</summary>
    public required string KeyType { get; init; }

    /// <summary>Bytes of keys.</summary>
    public required long KeyBytes { get; init; }

    /// <summary>Bytes of attributes.</summary>
    public required long AttributeBytes { get; init; }

    /// <summary>True when the parts are complete and take their places: some may have done so.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Where the journal of an output lies.</summary>
    public static string PathOf(string output) => output + FileSuffix;

    /// <summary>Reads the journal of an output.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="AnnException">InvalidArgument: it cannot be understood.</exception>
    public static EncodeJournal? Read(IFileSystem files, string output)
    {
        string path = PathOf(output);
        if (!files.FileExists(path))
            return null;
        using Stream stream = files.OpenRead(path);
        try
        {
            EncodeJournal? journal = JsonSerializer.Deserialize(stream, EncodeJournalJson.Default.EncodeJournal);
            if (journal is { Version: KnownVersion, ItemsRead: > 0, Rows: >= 0, KeyBytes: >= 0, AttributeBytes: >= 0 })
                return journal;
        }
        catch (JsonException e)
        {
            throw AnnException.BadInput(path, "", "it is no journal of an encoding: " + e.Message, e);
        }
        throw AnnException.BadInput(path, "", $"it is no journal of an encoding of version {KnownVersion}.");
    }

    /// <summary>Writes it in the place of the one before, durably.</summary>
    public void Write(IFileSystem files, string output)
    {
        using AtomicFile file = new(files, PathOf(output));
        JsonSerializer.Serialize(file.Stream, this, EncodeJournalJson.Default.EncodeJournal);
        file.Commit();
    }

    /// <summary>Refuses to go on with other settings.</summary>
    /// <exception cref="AnnException">InvalidArgument: names what differs, what it was and what it is.</exception>
    public void RequireSame(string output, IReadOnlyDictionary<string, string> settings)
    {
        string[] differences =
        [
            .. from name in settings.Keys.Union(Settings.Keys).Order(StringComparer.Ordinal)
               let was = Settings.GetValueOrDefault(name, "")
               let now = settings.GetValueOrDefault(name, "")
               where was != now
               select $"{name} was '{was}' and is '{now}'",
        ];
        if (differences.Length > 0)
        {
            throw AnnException.BadInput(
                output + Suffix, "",
                $"it was begun otherwise: {string.Join(", ", differences)}. --resume goes on with the same alone; remove {PathOf(output)} "
                + "to begin anew.");
        }
    }
}

/// <summary>Compile-time JSON of the journal.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(EncodeJournal))]
internal sealed partial class EncodeJournalJson : JsonSerializerContext;
