using Ann.Server.Hosting;
using Microsoft.Extensions.Logging;

namespace Ann.Tool.Remote;

/// <summary>The log of a server that runs in the tool's process: on standard error, a line an event.</summary>
internal static class ServerLog
{
    /// <summary>Warnings only: the verb tells its own story.</summary>
    public static void Quiet(ILoggingBuilder logging)
    {
        logging.SetMinimumLevel(LogLevel.Warning);
        ServerLogging.AddStandardError(logging);
    }
}
