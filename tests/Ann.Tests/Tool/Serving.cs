using System.Text.Json;
using Ann.Core.Files;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary><c>ann serve</c> running in this process.</summary>
internal sealed class Serving : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Announcement _out = new();
    private Task<int> _run = Task.FromResult(0);

    public JsonElement Report { get; private set; }

    public string Address => Report.GetProperty("address").GetString()!;

    public static async Task<Serving> StartAsync(params string[] args)
    {
        Serving serving = new();
        ToolContext tool = new()
        {
            Out = serving._out,
            Error = TextWriter.Null,
            CacheDirectory = ToolRun.CacheDirectory,
            Files = PhysicalFileSystem.Instance,
        };
        serving._run = CommandLine.RunAsync(
            ["serve", "--listen", "127.0.0.1:0", "--providers", "cpu", "--json", .. args], tool, serving._stop.Token);
        Task first = await Task.WhenAny(serving._out.Written, serving._run).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(first == serving._out.Written, "the server ended before it served");
        serving.Report = JsonDocument.Parse(await serving._out.Written).RootElement;
        return serving;
    }

    public async Task<int> StopAsync()
    {
        await _stop.CancelAsync();
        return await _run.WaitAsync(TimeSpan.FromSeconds(120));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    /// <summary>Completes when the tool flushes what it wrote.</summary>
    private sealed class Announcement : StringWriter
    {
        private readonly TaskCompletionSource<string> _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Written => _written.Task;

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            _written.TrySetResult(ToString());
            return Task.CompletedTask;
        }
    }
}
