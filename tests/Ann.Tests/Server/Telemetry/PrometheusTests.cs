using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Ann.Tests.Server.Telemetry;

/// <summary>Goal: Debian's Prometheus scrapes a server and has what is listed; promtool finds nothing wrong with our names.</summary>
[Collection(typeof(ServerTests))]
public sealed class PrometheusTests(SampleIndexes samples)
{
    [Fact]
    public async Task PromtoolFindsNothingWrongWithOurNames()
    {
        Assert.SkipUnless(Find("promtool") is not null, "promtool is not on this machine (Debian: apt-get install prometheus).");
        await using RunningServer server = await RunningServer.StartAsync(samples, static options => options.OpsListen = "127.0.0.1:0");
        await server.Retrieval.SearchAsync(RunningServer.Request(samples));
        using HttpClient http = OpsPortTests.ClientOf(server);
        string page = await http.GetStringAsync("/metrics");

        using Process check = Start("promtool", "check", "metrics");
        await check.StandardInput.WriteAsync(page);
        check.StandardInput.Close();
        string said = await check.StandardOutput.ReadToEndAsync() + await check.StandardError.ReadToEndAsync();
        await check.WaitForExitAsync();

        // What the platform calls its own metrics is not ours to mend.
        Assert.DoesNotContain(
            said.Split('\n'), static line => line.Length > 0 && !line.StartsWith("dotnet_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AScrapeHasWhatIsListed()
    {
        Assert.SkipUnless(Find("prometheus") is not null, "prometheus is not on this machine (Debian: apt-get install prometheus).");
        await using RunningServer server = await RunningServer.StartAsync(samples, static options => options.OpsListen = "127.0.0.1:0");
        await server.Retrieval.SearchAsync(RunningServer.Request(samples));
        string folder = samples.NewDirectory();
        string config = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(config, $"""
            global: {"{"} scrape_interval: 1s {"}"}
            scrape_configs:
              - job_name: annserver
                static_configs: [ {"{"} targets: [ "{new Uri(server.Host.OpsAddress!).Authority}" ] {"}"} ]
            """);
        string port = FreePort();
        using Process prometheus = Start(
            "prometheus", $"--config.file={config}", $"--storage.tsdb.path={folder}/data", $"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error");
        try
        {
            using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            HashSet<string> names = [];
            await RunningServer.Eventually(
                () => (names = NamesOf(http)).Contains("ann_search_duration_seconds_bucket") || prometheus.HasExited, "it scrapes");

            string[] always =
            [
                .. MetricTable.Rows.Where(static row => row.Type == "gauge" && row.Name.StartsWith("ann.index", StringComparison.Ordinal))
                    .SelectMany(static row => row.Series),
                "ann_calls_active", "ann_queue_waiting", "ann_memory_used_bytes", "ann_memory_limit_bytes", "ann_search_answers_total",
                "rpc_server_call_duration_seconds_count",
                .. MetricTable.Platform,
            ];
            Assert.Superset(always.ToHashSet(), names);
            using JsonDocument count = JsonDocument.Parse(await http.GetStringAsync(
                "/api/v1/query?query=" + Uri.EscapeDataString("sum(ann_search_duration_seconds_count{db_collection_name=\"plain\"})")));
            Assert.Equal("1", count.RootElement.GetProperty("data").GetProperty("result")[0].GetProperty("value")[1].GetString());
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync();
        }
    }

    /// <summary>A program of the path; null where it is not there.</summary>
    internal static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static Process Start(string program, params string[] args) => Process.Start(new ProcessStartInfo(Find(program)!, args)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static HashSet<string> NamesOf(HttpClient http)
    {
        try
        {
            using JsonDocument names = JsonDocument.Parse(http.GetStringAsync("/api/v1/label/__name__/values").Result);
            return [.. names.RootElement.GetProperty("data").EnumerateArray().Select(static one => one.GetString()!)];
        }
        catch (AggregateException e) when (e.InnerException is HttpRequestException)
        {
            return []; // it is not up yet
        }
    }

    private static string FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
