using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ann.Core;
using Ann.Core.Files;
using Ann.Server.Telemetry;
using Microsoft.Extensions.Options;

namespace Ann.Server.Access;

/// <summary>
/// The record of administrative acts and of refusals: a JSON document a line, in files of bounded length and number.
/// </summary>
/// <remarks>
/// What cannot be written is told in the log and counted; the act itself goes on: a full disk must not keep an operator out.
/// </remarks>
internal sealed partial class AuditFile : IDisposable
{
    /// <summary>For people and programs that read lines, not for pages: quotation marks and other languages stay as they are.</summary>
    private static readonly AuditJson Json = new(
        new JsonSerializerOptions(AuditJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private readonly IFileSystem _files;
    private readonly TimeProvider _time;
    private readonly ILogger<AuditFile> _log;
    private readonly string _path;
    private readonly long _most;
    private readonly int _kept;
    private readonly Lock _writing = new();
    private readonly ServerMetrics _metrics;
    private IAppendFile? _file;
    private bool _told;

    public AuditFile(
        IOptions<ServerOptions> options, IFileSystem files, TimeProvider time, ServerMetrics metrics, ILogger<AuditFile> log)
    {
        _files = files;
        _time = time;
        _log = log;
        _path = options.Value.AuditLogFile;
        _most = options.Value.AuditLogBytes;
        _kept = options.Value.AuditLogFiles;
        _metrics = metrics;
    }

    /// <summary>True where there is a record at all.</summary>
    public bool IsOn => _path.Length > 0;

    /// <summary>Opens the file, so that a start fails where it could not be written.</summary>
    /// <exception cref="AnnException">InvalidArgument: it cannot be opened for writing.</exception>
    public void Open()
    {
        if (!IsOn)
            return;
        try
        {
            _file = _files.OpenAppend(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AnnException.BadInput(_path, "", "the audit log cannot be written: " + e.Message, e);
        }
    }

    /// <summary>Writes a line, with the time.</summary>
    /// <param name="line">What is told.</param>
    /// <param name="isAct">True to have it on the disk before this returns.</param>
    public void Write(AuditLine line, bool isAct)
    {
        if (!IsOn)
            return;
        byte[] bytes =
        [
            .. JsonSerializer.SerializeToUtf8Bytes(line with { Time = _time.GetUtcNow() }, Json.AuditLine), (byte)'\n',
        ];
        lock (_writing)
        {
            try
            {
                Append(bytes, isAct);
                _told = false;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or AnnException)
            {
                _metrics.AuditLost();
                _file?.Dispose();
                _file = null; // opened anew by the next line: the disk may have room again
                if (!_told)
                    Lost(_path, e.Message);
                _told = true;
            }
        }
    }

    /// <summary>Records that files of the operator were read again.</summary>
    /// <param name="what">Which.</param>
    /// <param name="fault">Why they cannot be used; null where they are.</param>
    public void WriteReload(string what, string? fault) => Write(
        new AuditLine { Kind = "reload", Call = what, Code = fault is null ? "OK" : "FAILED_PRECONDITION", Reason = fault }, isAct: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_writing)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    private void Append(byte[] bytes, bool isAct)
    {
        _file ??= _files.OpenAppend(_path);
        if (_file.Length > 0 && _file.Length + bytes.Length > _most)
        {
            _file.Dispose();
            _file = null;
            Rename();
            _file = _files.OpenAppend(_path);
        }
        long before = _file.Length;
        try
        {
            _file.Append(bytes);
        }
        catch (IOException)
        {
            _file.Truncate(before); // half a line is no document
            throw;
        }
        if (isAct)
            _file.Flush();
    }

    private void Rename()
    {
        if (_kept == 1)
            _files.Delete(_path);
        for (int number = _kept - 1; number > 0; number--)
        {
            string older = number == 1 ? _path : NameOf(number - 1);
            if (_files.FileExists(older))
                _files.Replace(older, NameOf(number));
        }
    }

    private string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{_path}.{number}");

    [LoggerMessage(EventId = 94, Level = LogLevel.Error,
        Message = "The audit log {File} cannot be written; what should stand in it is lost until it can. {Reason}")]
    private partial void Lost(string file, string reason);
}

/// <summary>A line of the record. Holds no key, no token, nothing of a request but the names that it has.</summary>
internal sealed record AuditLine
{
    /// <summary>When it was written, UTC.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary><c>act</c>, <c>refusal</c> or <c>reload</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Who: <c>key:ranking</c>, <c>token:alice</c>, <c>certificate:CN=…</c>; null without a good credential.</summary>
    public string? Caller { get; init; }

    /// <summary>Address of the caller, without its port.</summary>
    public string? From { get; init; }

    /// <summary>What was called, as <c>/ann.v1.Indexes/Promote</c>; of a reload what was read.</summary>
    public required string Call { get; init; }

    /// <summary>The index that it names; null for none.</summary>
    public string? Index { get; init; }

    /// <summary>What of the request tells which act it is: a generation, a file, a snapshot.</summary>
    public string? Of { get; init; }

    /// <summary>How it ended, as a gRPC code: <c>OK</c>, <c>PERMISSION_DENIED</c>.</summary>
    public required string Code { get; init; }

    /// <summary>Why, where it did not end well.</summary>
    public string? Reason { get; init; }

    /// <summary>How long it took, seconds; of an act.</summary>
    public double? Seconds { get; init; }

    /// <summary>Refusals like it, this one included, since the line before of the same.</summary>
    public long? Count { get; init; }
}

/// <summary>A line as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuditLine))]
internal sealed partial class AuditJson : JsonSerializerContext;
