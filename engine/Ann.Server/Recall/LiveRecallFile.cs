using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Recall;
using Microsoft.Extensions.Options;

using static System.Text.Encoding;

namespace Ann.Server.Recall;

/// <summary>
/// Keeps live recall over a restart: one small file in the data directory, a line with the hash of the rest and then JSON. Without a data
/// directory nothing is kept. A file that is damaged, or of another version, is told of and passed over; so is one that cannot be written.
/// </summary>
internal sealed partial class LiveRecallFile(
    LiveRecallBoard board, IFileSystem files, IOptions<ServerOptions> options, TimeProvider time, ILogger<LiveRecallFile> log)
{
    /// <summary>Its name. No index can be named so.</summary>
    public const string FileName = "_live-recall";

    private const string Start = "ANNRECALL 1 ";
    private const int HashDigits = 16;
    private const int MaxBytes = 64 << 20;

    /// <summary>Steps that recall of a sample is kept in.</summary>
    private const double Steps = ushort.MaxValue;

    /// <summary>Time between two writes: what a crash forgets.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly string? _path =
        options.Value.DataDirectory.Length == 0 ? null : Path.Combine(options.Value.DataDirectory, FileName);
    private readonly Lock _saving = new();
    private long _savedAt = time.GetTimestamp();
    private long _savedVersion;

    /// <summary>Takes up what an earlier process kept.</summary>
    public void Load()
    {
        if (_path is null || !files.FileExists(_path))
            return;
        try
        {
            board.Restore(Read(_path));
            _savedVersion = board.Version;
        }
        catch (Exception e) when (e is AnnException or IOException or JsonException or FormatException)
        {
            NotRead(_path, e.Message);
        }
    }

    /// <summary>Writes what changed since the last time, if that is long enough ago.</summary>
    public void SaveIfDue()
    {
        if (time.GetElapsedTime(_savedAt) >= Interval)
            Save();
    }

    /// <summary>Writes what changed since the last time.</summary>
    public void Save()
    {
        lock (_saving)
        {
            _savedAt = time.GetTimestamp();
            long version = board.Version;
            if (_path is null || version == _savedVersion)
                return;
            try
            {
                Write(_path, board.Keep());
                _savedVersion = version;
            }
            catch (Exception e) when (e is AnnException or IOException or UnauthorizedAccessException)
            {
                NotWritten(_path, e.Message);
            }
        }
    }

    private static string HashOf(ReadOnlySpan<byte> json) => System.Convert.ToHexStringLower(XxHash3.Hash(json));

    private IEnumerable<KeptRecall> Read(string path)
    {
        using Stream stream = RegularFile.OpenRead(files, path);
        if (stream.Length > MaxBytes)
            throw new FormatException($"it has {stream.Length} bytes; at most {MaxBytes} were expected.");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        int head = Start.Length + HashDigits + 1;
        if (bytes.Length < head || Latin1.GetString(bytes, 0, Start.Length) != Start)
            throw new FormatException($"it does not begin with \"{Start}\".");
        ReadOnlySpan<byte> json = bytes.AsSpan(head);
        if (bytes[head - 1] != '\n' || Latin1.GetString(bytes, Start.Length, HashDigits) != HashOf(json))
            throw new FormatException("its content is not what its first line says.");
        RecallFileContent kept = JsonSerializer.Deserialize(json, RecallFileJson.Default.RecallFileContent) ?? new RecallFileContent([]);
        return [.. kept.Kinds.Select(Of)];
    }

    private void Write(string path, IReadOnlyList<KeptRecall> kept)
    {
        RecallFileContent all = new([.. kept.Select(Of)]);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(all, RecallFileJson.Default.RecallFileContent);
        using AtomicFile file = new(files, path);
        file.Stream.Write(Latin1.GetBytes($"{Start}{HashOf(json)}\n"));
        file.Stream.Write(json);
        file.Commit();
    }

    private static KeptRecall Of(RecallFileKind kind)
    {
        if (kind is not { Index: not null, Generation: not null, FilterClass: not null, Window: not null }
            || kind is not { Walks: not null, Plans: not null, Scans: not null, EfFactor: > 0 })
        {
            throw new FormatException("a kind lacks a part.");
        }
        return new KeptRecall(
            new RecallKind(kind.Index, kind.Generation, kind.FilterClass, kind.K),
            new KnownRecall(Of(kind.Walks), Of(kind.Plans), Of(kind.Scans)),
            [.. kind.Window.Select(static step => step / Steps)], kind.EfFactor);
    }

    private static RecallFileKind Of(KeptRecall kept) => new(
        kept.Kind.Index, kept.Kind.Generation, kept.Kind.FilterClass, kept.Kind.K,
        [.. kept.Window.Select(static recall => (ushort)Math.Round(Math.Clamp(recall, 0, 1) * Steps))],
        Of(kept.Known.Walks), Of(kept.Known.Plans), Of(kept.Known.Scans), kept.EfFactor);

    private static RecallCorrection Of(RecallFileSums sums) =>
        sums is { Samples: not null, Missed: not null, Expected: not null }
            && RecallCorrection.Of(sums.Samples, sums.Missed, sums.Expected) is { } correction
            ? correction
            : throw new FormatException("sums are not those of samples.");

    private static RecallFileSums Of(RecallCorrection correction) =>
        new([.. correction.Samples], [.. correction.Missed], [.. correction.Expected]);

    [LoggerMessage(EventId = 61, Level = LogLevel.Warning,
        Message = "Live recall of earlier runs is passed over, and measured anew: {Path}: {Reason}")]
    private partial void NotRead(string path, string reason);

    [LoggerMessage(EventId = 62, Level = LogLevel.Warning,
        Message = "Live recall could not be kept for the next start: {Path}: {Reason}")]
    private partial void NotWritten(string path, string reason);
}

/// <summary>What the file holds.</summary>
/// <param name="Kinds">The least recently sampled first.</param>
internal sealed record RecallFileContent(RecallFileKind[] Kinds);

/// <summary>One kind: see <see cref="RecallKind"/> and <see cref="KnownRecall"/>.</summary>
internal sealed record RecallFileKind(
    string Index, string Generation, string FilterClass, int K, ushort[] Window, RecallFileSums Walks, RecallFileSums Plans,
    RecallFileSums Scans, double EfFactor);

/// <summary>Sums by place: see <see cref="RecallCorrection"/>.</summary>
internal sealed record RecallFileSums(double[] Samples, double[] Missed, double[] Expected);

/// <summary>Serialisers made at compile time.</summary>
[JsonSerializable(typeof(RecallFileContent))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class RecallFileJson : JsonSerializerContext;
