using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Server.Telemetry;

namespace Ann.Server.Hosting;

/// <summary>Tells log and metrics of each segment that sealing or compacting has made, and metrics of each fsync.</summary>
internal sealed partial class SealingLog(ServerMetrics metrics, ILogger<SealingLog> log)
{
    /// <summary>Of an fsync of the log. Any thread.</summary>
    public void Flushed(FlushReport flush) => metrics.Flushed(flush);

    /// <summary>Of one segment. Any thread.</summary>
    public void Write(SealingReport made)
    {
        metrics.Merged(made);
        string measured = RecallFloor.InWords(made.Certificate);
        double seconds = Math.Round(made.Elapsed.TotalSeconds, 3);
        Sealed(made.Index, made.Generation, made.File, made.Rows, made.Build.Codes, seconds, measured);
        if (made.Build.CodesReason.Length > 0)
            OtherCodes(made.Index, made.Generation, made.File, made.Build.CodesReason);
        if (RecallFloor.Default.Shortfall(made.Certificate) is { } shortfall)
            LowRecall(made.Index, made.Generation, made.File, shortfall);
    }

    [LoggerMessage(EventId = 40, Level = LogLevel.Information,
        Message = "Index {Index}@{Generation}: {File} was made after {Seconds} s; it holds {Rows} items, codes {Codes}. {Measured}")]
    private partial void Sealed(
        string index, string generation, string file, int rows, string codes, double seconds, string measured);

    [LoggerMessage(EventId = 41, Level = LogLevel.Information, Message = "Index {Index}@{Generation}: {File}: {Reason}")]
    private partial void OtherCodes(string index, string generation, string file, string reason);

    [LoggerMessage(EventId = 42, Level = LogLevel.Warning, Message = "Index {Index}@{Generation}: {File}: {Shortfall}")]
    private partial void LowRecall(string index, string generation, string file, string shortfall);
}
