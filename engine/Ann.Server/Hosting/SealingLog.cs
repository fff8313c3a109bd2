using Ann.Core.Indexes;
using Ann.Core.Segments;

namespace Ann.Server.Hosting;

/// <summary>Writes to the log what was measured of each segment that sealing or compacting has made.</summary>
internal sealed partial class SealingLog(ILogger<SealingLog> log)
{
    /// <summary>Of one segment. Any thread.</summary>
    public void Write(SealingReport made)
    {
        Sealed(made.Index, made.File, made.Rows, made.Build.Codes, RecallFloor.InWords(made.Certificate));
        if (made.Build.CodesReason.Length > 0)
            OtherCodes(made.Index, made.File, made.Build.CodesReason);
        if (RecallFloor.Default.Shortfall(made.Certificate) is { } shortfall)
            LowRecall(made.Index, made.File, shortfall);
    }

    [LoggerMessage(EventId = 40, Level = LogLevel.Information,
        Message = "Index {Index}: {File} holds {Rows} items, codes {Codes}. {Measured}")]
    private partial void Sealed(string index, string file, int rows, string codes, string measured);

    [LoggerMessage(EventId = 41, Level = LogLevel.Information, Message = "Index {Index}: {File}: {Reason}")]
    private partial void OtherCodes(string index, string file, string reason);

    [LoggerMessage(EventId = 42, Level = LogLevel.Warning, Message = "Index {Index}: {File}: {Shortfall}")]
    private partial void LowRecall(string index, string file, string shortfall);
}
