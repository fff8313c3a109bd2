using Ann.Server.Settings;
using Microsoft.Extensions.Logging.Console;

namespace Ann.Server.Hosting;

/// <summary>What the server logs, and where to. The section <c>Logging</c> of the settings goes before all of it.</summary>
internal static class ServerLogging
{
    /// <summary>Of one form everywhere, so that lines of several machines sort.</summary>
    private const string Timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <param name="builder">The server.</param>
    /// <param name="sinks">Adds the sinks of the log; null sends it to standard error.</param>
    /// <param name="sources">The settings.</param>
    public static void AddLogging(this WebApplicationBuilder builder, Action<ILoggingBuilder>? sinks, SettingSources sources)
    {
        builder.Logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning);
        // It logs nothing that we keep, and while it may log, ASP.NET makes an Activity and a log scope for every call.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // A start that fails is told by its exception; the host would log the same with a stack trace.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        (sinks ?? AddStandardError)(builder.Logging);
        if (LoggingSettings.Faults(sources).Count == 0) // else the validation of the settings tells them, together with all others
            builder.Logging.AddConfiguration(sources.Root.GetSection(LoggingSettings.Section));
    }

    /// <summary>
    /// A line an event with its time in UTC, or a JSON document a line where the settings ask for it. Standard output belongs to the
    /// program that hosts the server.
    /// </summary>
    public static void AddStandardError(ILoggingBuilder logging)
    {
        // Before AddConsole, which lets the section Logging:Console override them.
        logging.Services.Configure<ConsoleLoggerOptions>(static console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.FormatterName = ConsoleFormatterNames.Simple; // without a name the formatter takes older options, not its own
        });
        logging.Services.Configure<SimpleConsoleFormatterOptions>(static simple =>
        {
            simple.SingleLine = true;
            simple.UseUtcTimestamp = true;
            simple.TimestampFormat = Timestamp + ' ';
        });
        logging.Services.Configure<JsonConsoleFormatterOptions>(static json =>
        {
            json.UseUtcTimestamp = true;
            json.TimestampFormat = Timestamp;
        });
        logging.AddConsole();
        LogLines.Wrap(logging.Services);
    }
}
