using System.Net;
using System.Text.Json;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Recall;

namespace Ann.Tests.Server.Telemetry;

/// <summary>Goal: probes over HTTP tell what health over gRPC tells, and say what is not ready and why.</summary>
[Collection(typeof(ServerTests))]
public sealed class OpsPortTests(SampleIndexes samples)
{
    [Fact]
    public async Task AServingServerIsReadyAndSoAreItsIndexes()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options => options.OpsListen = "127.0.0.1:0");
        using HttpClient http = ClientOf(server);

        Assert.Equal("ok", await http.GetStringAsync("/livez"));
        (HttpStatusCode status, JsonElement body) = await GetAsync(http, "/readyz");
        Assert.Equal((HttpStatusCode.OK, true, "serving"), (status, body.GetProperty("ready").GetBoolean(), StateOf(body)));
        Assert.Equal(
            ["named", "plain"], body.GetProperty("indexes").EnumerateArray().Select(static one => one.GetProperty("index").GetString()));
        (status, body) = await GetAsync(http, "/readyz/plain");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            ["loaded", "warm", "recall", "memory", "log"],
            body.GetProperty("checks").EnumerateArray().Select(static one => one.GetProperty("check").GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri("/readyz/nothing", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri("/", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task ALoadingServerLivesAndIsNotReady()
    {
        await using RunningServer server =
            await RunningServer.StartAsync(samples, static options => options.OpsListen = "127.0.0.1:0", load: false);
        using HttpClient http = ClientOf(server);

        Assert.Equal("ok", await http.GetStringAsync("/livez"));
        (HttpStatusCode status, JsonElement body) = await GetAsync(http, "/readyz");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "loading"), (status, StateOf(body)));
        (status, body) = await GetAsync(http, "/readyz/plain");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal("loading", Failed(body)["loaded"]);
        Assert.Equal("not announced yet", Failed(body)["warm"]);
        await server.Host.LoadAsync(CancellationToken.None);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(http, "/readyz")).Status);
    }

    [Fact]
    public async Task ADrainingServerSaysSoWhileItsCallsEnd()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options =>
        {
            options.OpsListen = "127.0.0.1:0";
            options.MaxConcurrentSearches = 1;
            options.DrainSeconds = 60;
        });
        using HttpClient http = ClientOf(server);
        AdmissionQueue queue = server.Part<AdmissionControl>().Searches;
        QueuePlace held = await queue.EnterAsync(default);
        Grpc.Core.AsyncUnaryCall<SearchResponse> old = server.Retrieval.SearchAsync(RunningServer.Request(samples));
        await RunningServer.Eventually(() => queue.Waiting == 1, "the call waits");

        Task stop = server.Host.StopAsync();

        await RunningServer.Eventually(() => server.Part<DrainGate>().IsDraining, "the drain has begun");
        Assert.Equal("ok", await http.GetStringAsync("/livez"));
        (HttpStatusCode status, JsonElement body) = await GetAsync(http, "/readyz");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "draining"), (status, StateOf(body)));
        held.Dispose();
        Assert.Equal(5, (await old).Keys.Numbers.Count);
        await stop;
    }

    [Fact]
    public async Task AnIndexThatFailedIsToldWithItsReasonAndKeepsNobodyOut()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            options.OpsListen = "127.0.0.1:0";
            options.IndexFiles.Add(samples.Damaged("broken"));
        });
        server.Log.Expect("broken");
        using HttpClient http = ClientOf(server);

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(http, "/readyz")).Status);
        (HttpStatusCode status, JsonElement body) = await GetAsync(http, "/readyz/broken");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("broken.ann", Failed(body)["loaded"], StringComparison.Ordinal);
        Assert.DoesNotContain(Path.GetTempPath(), body.GetRawText(), StringComparison.Ordinal);
    }

    /// <summary>Recall that is known to be low makes an index unready only where that is wanted.</summary>
    [Theory]
    [InlineData(0.0, HttpStatusCode.OK)]
    [InlineData(0.9, HttpStatusCode.ServiceUnavailable)]
    public async Task LowRecallIsReadyUnlessItMustNotBe(double least, HttpStatusCode expected)
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            options.OpsListen = "127.0.0.1:0";
            options.ReadyMinRecall = least;
        });
        using HttpClient http = ClientOf(server);
        LiveRecallBoard board = server.Part<LiveRecallBoard>();
        RecallKind kind = new("plain", server.GenerationOf("plain"), "none", 10);
        for (int i = 0; i < 300; i++)
            board.Add(kind, new MeasuredAnswer(0.5, AnswerWay.Walk, 10, 64, 0.99, 0.01, 0.5));

        (HttpStatusCode status, JsonElement body) = await GetAsync(http, "/readyz/plain");

        Assert.Equal(expected, status);
        Assert.Contains("0.500", body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(http, "/readyz/named")).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(http, "/readyz")).Status);
    }

    [Fact]
    public async Task ThePortOfCallsAnswersNoneOfIt()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options => options.OpsListen = "127.0.0.1:0");
        using HttpClient http = new()
        {
            BaseAddress = new Uri(server.Host.Address),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        foreach (string path in (string[])["/metrics", "/livez", "/readyz"])
            Assert.NotEqual(HttpStatusCode.OK, (await http.GetAsync(new Uri(path, UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task WithoutTheSettingThereIsNoPort()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        Assert.Null(server.Host.OpsAddress);
    }

    internal static HttpClient ClientOf(RunningServer server) => new() { BaseAddress = new Uri(server.Host.OpsAddress!) };

    private static async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(HttpClient http, string path)
    {
        using HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative));
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
    }

    private static string? StateOf(JsonElement body) => body.GetProperty("state").GetString();

    private static Dictionary<string, string> Failed(JsonElement index) => index.GetProperty("checks").EnumerateArray()
        .Where(static one => !one.GetProperty("ok").GetBoolean())
        .ToDictionary(static one => one.GetProperty("check").GetString()!, static one => one.GetProperty("detail").GetString()!);
}
