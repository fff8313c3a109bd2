using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;
using Microsoft.Extensions.Options;

namespace Ann.Server.Telemetry;

/// <summary>
/// Writes a sample of the searches to a file, on a thread of its own, until the file has what it may have. No call waits for it: what
/// comes faster than the disk takes it is lost, and counted.
/// </summary>
internal sealed partial class CaptureLog : IDisposable
{
    private readonly WriteBehind<CapturedCall> _writing;
    private readonly IAppendFile _file;
    private readonly string _path;
    private readonly long _most;
    private readonly double _share;
    private readonly ServerMetrics _metrics;
    private readonly ILogger<CaptureLog> _log;
    private long _asked;
    private volatile bool _isOver;

    /// <exception cref="AnnException">InvalidArgument: the file cannot be written.</exception>
    public CaptureLog(IFileSystem files, IOptions<ServerOptions> options, ServerMetrics metrics, ILogger<CaptureLog> log)
    {
        ServerOptions told = options.Value;
        _path = told.CaptureFile;
        _most = told.CaptureBytes;
        _share = told.CaptureShare;
        _metrics = metrics;
        _log = log;
        try
        {
            _file = files.OpenAppend(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AnnException.BadInput(_path, "", $"searches cannot be captured there: {e.Message}", e);
        }
        _writing = new WriteBehind<CapturedCall>(4096, static call => call.Request.Length, Write);
    }

    /// <summary>Whether a call that comes now is one of the sample.</summary>
    public bool Wants() => !_isOver && (_share >= 1 || Scattered(Interlocked.Increment(ref _asked)) < _share);

    /// <summary>Takes a call to be written.</summary>
    public void Add(CapturedCall call)
    {
        if (!_writing.TryAdd(call))
            _metrics.LostCapture();
    }

    /// <summary>A call of the sample cannot be written: it is too large, or has texts that were never made vectors.</summary>
    public void Lose() => _metrics.LostCapture();

    /// <summary>Writes what waits, and closes the file.</summary>
    public void Dispose()
    {
        if (_writing.TryEnd())
            _file.Dispose();
    }

    /// <summary>A number of 0 to 1 for a call, without a pattern that callers' own could fall in with.</summary>
    private static double Scattered(long call)
    {
        ulong value = (ulong)call * 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return ((value ^ (value >> 31)) >> 11) * (1.0 / (1L << 53));
    }

    private void Write(CapturedCall call)
    {
        if (_isOver || !TryWrite(JsonSerializer.SerializeToUtf8Bytes(call, CapturedCallJson.Default.CapturedCall)))
            _metrics.LostCapture();
        else
            _metrics.WroteCapture();
    }

    private bool TryWrite(byte[] line)
    {
        long before = _file.Length;
        if (before + line.Length + 1 > _most)
        {
            _isOver = true;
            IsFull(_path, before);
            return false;
        }
        try
        {
            _file.Append([.. line, (byte)'\n']);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _isOver = true; // a capture with a hole would replay what never was
            NotWritten(_path, e.Message);
            TakeBack(before);
            return false;
        }
    }

    private void TakeBack(long length)
    {
        try
        {
            _file.Truncate(length);
        }
        catch (IOException)
        {
            // Half a line is left at the end: who reads it is told the line.
        }
    }

    [LoggerMessage(EventId = 73, Level = LogLevel.Information, Message = "The capture {File} has {Bytes} bytes, its bound; it ends.")]
    private partial void IsFull(string file, long bytes);

    [LoggerMessage(EventId = 74, Level = LogLevel.Warning, Message = "The capture {File} ends, since it cannot be written: {Reason}")]
    private partial void NotWritten(string file, string reason);
}
