using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;

[assembly: AssemblyFixture(typeof(Ann.Tests.House.AssertionWatch))]

namespace Ann.Tests.House;

/// <summary>
/// No failed <see cref="Debug.Assert(bool)"/> goes by unseen. The runner turns one into an exception, so the test that it comes to fails.
/// It may never come to one: a background thread catches what it can and tries again. So all are told as they happen, and the run itself
/// fails at its end.
/// </summary>
public sealed class AssertionWatch : IAsyncLifetime
{
    /// <summary>The runner's exception of a failed assertion; its type is not public.</summary>
    internal const string Thrown = "TraceAssertException";

    private static readonly AsyncLocal<bool> Expects = new();

    private readonly Listener _listener = new();

    /// <summary>Runs what is meant to fail an assertion.</summary>
    public static void Expect(Action act)
    {
        Expects.Value = true;
        try
        {
            act();
        }
        finally
        {
            Expects.Value = false;
        }
    }

    /// <summary>
    /// An assertion that fails on a thread where nobody catches it ends the process, with its message. The runner's own handler would come
    /// first otherwise, and wait for a test that waits for the thread.
    /// </summary>
    [ModuleInitializer]
    internal static void EndWhereNobodyCatches() => AppDomain.CurrentDomain.UnhandledException += static (_, unhandled) =>
    {
        if (unhandled.ExceptionObject is Exception thrown && thrown.GetType().Name == Thrown)
            Environment.FailFast(thrown.Message, thrown);
    };

    /// <summary>Before the runner's own listener, whose exception ends the round.</summary>
    public ValueTask InitializeAsync()
    {
        Trace.Listeners.Insert(0, _listener);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Trace.Listeners.Remove(_listener);
        _listener.Dispose();
        return _listener.Failures.IsEmpty
            ? ValueTask.CompletedTask
            : throw new InvalidOperationException($"Assertions failed:\n{string.Join('\n', _listener.Failures)}");
    }

    private sealed class Listener : TraceListener
    {
        public ConcurrentQueue<string> Failures { get; } = [];

        public override void Fail(string? message, string? detailMessage)
        {
            if (Expects.Value)
                return;
            string failure = $"{message} {detailMessage}\n{new StackTrace(fNeedFileInfo: true)}";
            Failures.Enqueue(failure);
            Console.Error.WriteLine($"An assertion failed: {failure}"); // also where the process ends of it
        }

        public override void Fail(string? message) => Fail(message, null);

        public override void Write(string? message)
        {
            // Only assertions are of interest.
        }

        public override void WriteLine(string? message)
        {
            // Only assertions are of interest.
        }
    }
}
