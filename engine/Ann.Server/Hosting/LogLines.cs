using Ann.Server.Errors;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Ann.Server.Hosting;

/// <summary>
/// Lines of the log as a formatter of the platform makes them, of a message in which nothing can begin another line or move the terminal
/// of who reads it: messages repeat names that strangers send.
/// </summary>
/// <param name="inner">The formatter.</param>
internal sealed class LogLines(ConsoleFormatter inner) : ConsoleFormatter(inner.Name), IDisposable
{
    /// <summary>Puts itself around all formatters but that of JSON, which escapes by itself.</summary>
    public static void Wrap(IServiceCollection services)
    {
        foreach (ServiceDescriptor one in services.Where(static one => one.ServiceType == typeof(ConsoleFormatter)).ToArray())
        {
            if (one.ImplementationType is not Type made)
                continue;
            services.Remove(one);
            services.AddSingleton<ConsoleFormatter>(parts =>
            {
                ConsoleFormatter formatter = (ConsoleFormatter)ActivatorUtilities.CreateInstance(parts, made);
                return formatter.Name == ConsoleFormatterNames.Json ? formatter : new LogLines(formatter);
            });
        }
    }

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        Func<TState, Exception?, string> message = logEntry.Formatter;
        inner.Write(
            new LogEntry<TState>(
                logEntry.LogLevel, logEntry.Category, logEntry.EventId, logEntry.State, logEntry.Exception,
                (state, e) => EscapedText.Of(message(state, e))),
            scopeProvider, textWriter);
    }

    /// <inheritdoc/>
    public void Dispose() => (inner as IDisposable)?.Dispose();
}
