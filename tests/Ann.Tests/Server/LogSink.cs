using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Ann.Tests.Server;

/// <summary>Keeps what the server logs at Error and above. What a test does not claim by <see cref="Expect"/> fails it.</summary>
internal sealed class LogSink : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _errors = new();

    /// <summary>Claims one error whose text contains <paramref name="part"/>.</summary>
    public void Expect(string part)
    {
        Assert.True(_errors.TryDequeue(out string? error), $"expected an error log with '{part}'; there is none");
        Assert.Contains(part, error, StringComparison.Ordinal);
    }

    public void RequireNoErrors() => Assert.Empty(_errors);

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _errors);

    public void Dispose()
    {
    }

    private sealed class Logger(string category, ConcurrentQueue<string> errors) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                errors.Enqueue($"{category}: {formatter(state, exception)} {exception}");
        }
    }
}
