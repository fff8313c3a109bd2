using System.Net;
using System.Text.Json;
using Ann.Protocol.V1;
using Ann.Server;
using Ann.Tests.Server.Access;

namespace Ann.Tests.Server.Web;

/// <summary>Goal: the console has the latest slow queries, with what was asked, for those who may see it and nobody else.</summary>
[Collection(typeof(ServerTests))]
public sealed class ConsoleSlowQueriesTests(SampleIndexes samples)
{
    private const string Slow = "/console/data/slow";

    [Fact]
    public async Task TheLatestAreTold()
    {
        await using WebServer web = await WebServer.StartAsync(samples, Keep);
        SearchRequest asked = RunningServer.Request(samples);
        asked.RequestTag = "mine";
        asked.Filter = new Filter { Keys = LiveCalls.Keys(1, 2, 3) };
        await web.Server.Retrieval.SearchAsync(asked);
        await LiveCalls.Fails(web.Server.Retrieval.SearchAsync(new SearchRequest { Index = "nothing", K = 1 }));
        JsonElement[] queries = await QueriesAsync(web, 2);

        JsonElement report = (await web.GetAsync(Slow)).Expect();
        Assert.True(report.GetProperty("isOn").GetBoolean());
        Assert.Equal(0, report.GetProperty("thresholdMs").GetDouble());
        Assert.Equal("slow.jsonl", report.GetProperty("file").GetString());
        Assert.Equal(["NOT_FOUND", "OK"], queries.Select(static one => one.GetProperty("query").GetProperty("status").GetString()));
        JsonElement detail = (await web.GetAsync($"{Slow}/{queries[1].GetProperty("number").GetInt64()}")).Expect();
        JsonElement query = detail.GetProperty("query");
        Assert.Equal(("mine", asked.K), (query.GetProperty("requestTag").GetString(), query.GetProperty("k").GetUInt32()));
        Assert.True(query.GetProperty("costs").GetProperty("searchMs").GetDouble() > 0);
        Assert.Equal("key in (1, 2, 3)", detail.GetProperty("filterText").GetString());
        Assert.Equal(JsonValueKind.Null, query.GetProperty("request").ValueKind);
        string request = detail.GetProperty("request").GetRawText();
        Assert.Equal(asked, Google.Protobuf.JsonParser.Default.Parse<SearchRequest>(request));
        (await web.PostAsync("/v1/indexes/plain:search", request)).Expect();

        (await web.GetAsync($"{Slow}/7")).Refused(HttpStatusCode.NotFound, 5);
        (await web.GetAsync($"{Slow}/first")).Refused(HttpStatusCode.NotFound, 5);
    }

    [Fact]
    public async Task WithoutAFileThereIsNone()
    {
        await using WebServer web = await WebServer.StartAsync(samples);
        await web.Server.Retrieval.SearchAsync(RunningServer.Request(samples));

        JsonElement report = (await web.GetAsync(Slow)).Expect();

        Assert.False(report.GetProperty("isOn").GetBoolean());
        Assert.Empty(report.GetProperty("queries").EnumerateArray());
    }

    [Fact]
    public async Task EachIsShownToWhoAdministersItsIndex()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples, Keep);
        string all = server.NewKey("all", "admin:*").Key;
        string plain = server.NewKey("keeper", "admin:plain").Key;
        string named = server.NewKey("other", "admin:named").Key;
        server.LookAtFiles();
        foreach (string index in new[] { "plain", "named" })
            await AskAsync(server, all, HttpMethod.Post, $"/v1/indexes/{index}:scroll", "{\"limit\":1}");
        await AskAsync(server, all, HttpMethod.Post, "/v1/encoders/none:embed", "{\"texts\":[\"x\"]}");
        await RunningServer.Eventually(() => Seen(server, all).Length == 3, "three calls are kept");

        Assert.Equal(["", "named", "plain"], Seen(server, all).Select(static one => one.Index).Order(StringComparer.Ordinal));
        Assert.Equal("plain", Assert.Single(Seen(server, plain)).Index);
        (string index_, long number) = Assert.Single(Seen(server, named));
        Assert.Equal("named", index_);
        (HttpStatusCode own, string text) = await AskAsync(server, named, HttpMethod.Get, $"{Slow}/{number}");
        Assert.Equal(HttpStatusCode.OK, own);
        Assert.Contains("\"caller\":\"key:all\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain(all, text, StringComparison.Ordinal);
        (HttpStatusCode others, _) = await AskAsync(server, plain, HttpMethod.Get, $"{Slow}/{number}");
        Assert.Equal(HttpStatusCode.NotFound, others);
    }

    private void Keep(ServerOptions options)
    {
        options.Console = true;
        options.WebListen = "127.0.0.1:0";
        options.SlowQueryFile = Path.Combine(samples.NewDirectory(), "slow.jsonl");
        options.SlowQueryMs = 0;
    }

    private static async Task<JsonElement[]> QueriesAsync(WebServer web, int count)
    {
        JsonElement[] queries = [];
        await RunningServer.Eventually(() =>
        {
            queries = [.. web.GetAsync(Slow).GetAwaiter().GetResult().Expect().GetProperty("queries").EnumerateArray()];
            return queries.Length == count;
        }, $"{count} calls are kept");
        return queries;
    }

    private static (string Index, long Number)[] Seen(GuardedServer server, string key)
    {
        (HttpStatusCode status, string text) = AskAsync(server, key, HttpMethod.Get, Slow).GetAwaiter().GetResult();
        Assert.Equal(HttpStatusCode.OK, status);
        using JsonDocument report = JsonDocument.Parse(text);
        return
        [
            .. report.RootElement.GetProperty("queries").EnumerateArray().Select(static one =>
                (one.GetProperty("query").GetProperty("index").GetString() ?? "", one.GetProperty("number").GetInt64())),
        ];
    }

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(
        GuardedServer server, string key, HttpMethod method, string path, string? body = null)
    {
        using HttpClient client = new(server.Handler(key)) { BaseAddress = new Uri(server.Host.WebAddress!) };
        using HttpRequestMessage request = new(method, path);
        if (body is not null)
            request.Content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        using HttpResponseMessage answer = await client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
