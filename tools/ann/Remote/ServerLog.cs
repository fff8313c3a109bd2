using Microsoft.Extensions.Logging;

namespace Ann.Tool.Remote;

/// <summary>The log of a server that runs in the tool's process: on standard error, a line an event.</summary>
internal static class ServerLog
{
    /// <summary>Everything that the operator of a server wants to know.</summary>
    public static void Full(ILoggingBuilder logging) => Add(logging, LogLevel.Information);

    /// <summary>Warnings only: the verb tells its own story.</summary>
    public static void Quiet(ILoggingBuilder logging) => Add(logging, LogLevel.Warning);

    private static void Add(ILoggingBuilder logging, LogLevel least)
    {
        logging.SetMinimumLevel(least);
        // A start that fails ends the verb with its own line; the host would log the same with a stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddSimpleConsole(static console => console.SingleLine = true);
        logging.AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
