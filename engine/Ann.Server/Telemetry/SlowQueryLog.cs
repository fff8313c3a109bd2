using System.Text.Json;
using Ann.Core.Files;
using Microsoft.Extensions.Options;

namespace Ann.Server.Telemetry;

/// <summary>
/// Writes slow calls to their file, on a thread of its own: who is slow already does not wait for a disk. What comes faster than the disk
/// takes it is lost, and counted.
/// </summary>
internal sealed partial class SlowQueryLog : IDisposable
{
    /// <summary>Time between two lines of the log that tell of a failure.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly WriteBehind<SlowQuery> _writing;
    private readonly SlowQueryFile _file;
    private readonly RecentSlowQueries _recent;
    private readonly ServerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<SlowQueryLog> _log;
    private long _toldFailure;

    public SlowQueryLog(
        IFileSystem files, IOptions<ServerOptions> options, RecentSlowQueries recent, ServerMetrics metrics, TimeProvider time,
        ILogger<SlowQueryLog> log)
    {
        ServerOptions told = options.Value;
        Threshold = TimeSpan.FromMilliseconds(told.SlowQueryMs);
        _file = new SlowQueryFile(files, told.SlowQueryFile, told.SlowQueryBytes);
        _recent = recent;
        _metrics = metrics;
        _time = time;
        _log = log;
        _writing = new WriteBehind<SlowQuery>(1024, static query => query.RequestBytes, Write);
    }

    /// <summary>Time from which a call is slow.</summary>
    public TimeSpan Threshold { get; }

    /// <summary>Takes a call to be written.</summary>
    public void Add(SlowQuery query)
    {
        if (!_writing.TryAdd(query))
            _metrics.LostSlow();
    }

    /// <summary>Writes what waits, and closes the file.</summary>
    public void Dispose()
    {
        if (_writing.TryEnd())
            _file.Dispose();
    }

    private void Write(SlowQuery query)
    {
        _recent.Add(query);
        try
        {
            if (_file.Write(JsonSerializer.SerializeToUtf8Bytes(query, SlowQueryJson.Default.SlowQuery)))
                _metrics.WroteSlow();
            else
                _metrics.LostSlow();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _metrics.LostSlow();
            long now = _time.GetTimestamp();
            if (_toldFailure != 0 && _time.GetElapsedTime(_toldFailure, now) < Quiet)
                return;
            _toldFailure = now;
            NotWritten(e.Message);
        }
    }

    [LoggerMessage(EventId = 72, Level = LogLevel.Warning, Message = "Slow queries cannot be written now: {Reason}")]
    private partial void NotWritten(string reason);
}
