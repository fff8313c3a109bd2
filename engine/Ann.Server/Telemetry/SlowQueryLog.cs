using System.Text.Json;
using System.Threading.Channels;
using Ann.Core.Files;
using Microsoft.Extensions.Options;

namespace Ann.Server.Telemetry;

/// <summary>
/// Writes slow calls to their file, on a thread of its own: who is slow already does not wait for a disk. What comes faster than the disk
/// takes it is lost, and counted.
/// </summary>
internal sealed partial class SlowQueryLog : IDisposable
{
    /// <summary>Bytes of requests that may wait to be written.</summary>
    private const long MostWaitingBytes = 8 << 20;

    /// <summary>Time between two lines of the log that tell of a failure.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    /// <summary>How long what waits may take when the server stops.</summary>
    private static readonly TimeSpan LastWriting = TimeSpan.FromSeconds(2);

    private readonly Channel<SlowQuery> _waiting = Channel.CreateBounded<SlowQuery>(
        new BoundedChannelOptions(1024) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly SlowQueryFile _file;
    private readonly RecentSlowQueries _recent;
    private readonly ServerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<SlowQueryLog> _log;
    private readonly Task _writing;
    private long _waitingBytes;
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
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Time from which a call is slow.</summary>
    public TimeSpan Threshold { get; }

    /// <summary>Takes a call to be written.</summary>
    public void Add(SlowQuery query)
    {
        if (Interlocked.Add(ref _waitingBytes, query.RequestBytes) <= MostWaitingBytes && _waiting.Writer.TryWrite(query))
            return;
        Interlocked.Add(ref _waitingBytes, -query.RequestBytes);
        _metrics.LostSlow();
    }

    /// <summary>Writes what waits, and closes the file.</summary>
    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        if (_writing.Wait(LastWriting))
            _file.Dispose();
    }

    private async Task WriteAsync()
    {
        await foreach (SlowQuery query in _waiting.Reader.ReadAllAsync())
        {
            _recent.Add(query);
            Write(query);
            Interlocked.Add(ref _waitingBytes, -query.RequestBytes);
        }
    }

    private void Write(SlowQuery query)
    {
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
