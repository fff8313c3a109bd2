using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Ann.Tests.Server;

/// <summary>A line of the log.</summary>
/// <param name="Level">How bad it is.</param>
/// <param name="Event">What it tells of.</param>
/// <param name="Text">As people read it.</param>
/// <param name="Values">As programs read it, by name.</param>
internal sealed record LogLine(LogLevel Level, int Event, string Text, IReadOnlyDictionary<string, object?> Values);

/// <summary>Keeps what the server logs. What a test does not claim by <see cref="Expect"/> of the errors fails it.</summary>
internal sealed class LogSink : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentQueue<LogLine> _lines = new();

    /// <summary>The lines of an event so far.</summary>
    public IReadOnlyList<LogLine> Of(int number) => [.. _lines.Where(line => line.Event == number)];

    /// <summary>All lines so far.</summary>
    public IReadOnlyList<LogLine> All => [.. _lines];

    /// <summary>Claims one error whose text contains <paramref name="part"/>.</summary>
    public void Expect(string part)
    {
        Assert.True(_errors.TryDequeue(out string? error), $"expected an error log with '{part}'; there is none");
        Assert.Contains(part, error, StringComparison.Ordinal);
    }

    public void RequireNoErrors() => Assert.True(_errors.IsEmpty, string.Join('\n', _errors));

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, this);

    public void Dispose()
    {
    }

    private sealed class Logger(string category, LogSink sink) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string text = formatter(state, exception);
            IEnumerable<KeyValuePair<string, object?>> values = state as IEnumerable<KeyValuePair<string, object?>> ?? [];
            sink._lines.Enqueue(new LogLine(logLevel, eventId.Id, text, new Dictionary<string, object?>(values)));
            if (logLevel >= LogLevel.Error)
                sink._errors.Enqueue($"{category}: {text} {exception}");
        }
    }
}
