using Ann.Server.Admission;
using Ann.Server.Health;
using Microsoft.Extensions.Options;

namespace Ann.Server.Hosting;

/// <summary>
/// A graceful stop, in this order: health says NOT_SERVING, new calls get UNAVAILABLE, calls under way end (or the drain time does),
/// watches end, and only then does the host close the port. The host runs it before it stops anything else.
/// </summary>
internal sealed partial class StopPhase(
    DrainGate gate, HealthBoard health, IOptions<ServerOptions> options, TimeProvider time, ILogger<StopPhase> log)
    : IHostedLifecycleService
{
    /// <summary>
    /// Between the end of the last call under way and the end of its connection. A stream that the server ends while its client may still
    /// send, is over for clients (.NET's among them) with the reset after its status; where the connection ends before that, they see no
    /// status but a lost connection.
    /// </summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(200);

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        health.StopServing();
        Task empty = gate.DrainAsync();
        int active = gate.Active;
        Draining(active);
        try
        {
            await empty.WaitAsync(TimeSpan.FromSeconds(options.Value.DrainSeconds), time, cancellationToken);
            if (active > 0)
                await Task.Delay(LastWords, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            DrainTimeOver(gate.Active);
        }
        health.Close();
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Stopped();
        return Task.CompletedTask;
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Information, Message = "Stopping; {Active} calls are under way.")]
    private partial void Draining(int active);

    [LoggerMessage(EventId = 22, Level = LogLevel.Information, Message = "Stopped.")]
    private partial void Stopped();

    [LoggerMessage(EventId = 21, Level = LogLevel.Warning, Message = "The drain time is over; {Active} calls are cut.")]
    private partial void DrainTimeOver(int active);
}
