namespace Ann.Server.Hosting;

/// <summary>The process's signals belong to the program that hosts the server; a library does not take them.</summary>
internal sealed class HostedByCaller : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
