using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Recall;
using Ann.Server.Web;
using Ann.Tests.House;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Ann.Tests.Server.Web;

/// <summary>Goal: REST is the same calls: the same answers, errors, limits and deadlines, on a port of its own.</summary>
[Collection(typeof(ServerTests))]
public sealed class RestCallsTests(SampleIndexes samples)
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default);

    /// <summary>Each method of ours with its rule; null where it has none.</summary>
    internal static (MethodDescriptor Method, HttpRule? Rule)[] Rules { get; } =
    [
        .. new[] { RetrievalReflection.Descriptor, IngestReflection.Descriptor, IndexesReflection.Descriptor }
            .SelectMany(static file => file.Services).SelectMany(static service => service.Methods)
            .Select(static method => (method, method.GetOptions()?.GetExtension(AnnotationsExtensions.Http))),
    ];

    [Fact]
    public void EveryCallButStreamsHasARuleThatTheDocumentTells()
    {
        string page = File.ReadAllText(Path.Combine(TidyTests.Root, "engine", "docs", "rest.md"));

        TidyTests.AssertNone(
            from rule in Rules
            where rule.Rule is null != rule.Method.IsClientStreaming
            select $"{rule.Method.FullName} wants a google.api.http rule, or is a stream and has one.");
        TidyTests.AssertNone(
            from rule in Rules
            where rule.Rule is not null
            let path = PathOf(rule.Rule!).Replace("{search.index}", "{index}", StringComparison.Ordinal)
            where !page.Contains($"`{path}`", StringComparison.Ordinal)
                && !page.Contains($"`:{path.Split(':')[^1]}`", StringComparison.Ordinal)
            select $"engine/docs/rest.md does not tell {path}");
    }

    [Fact]
    public async Task AnswersAreThoseOfGrpc()
    {
        await using WebServer web = await WebServer.StartAsync(samples);
        SearchRequest request = RunningServer.Request(samples, "named");
        request.Index = "";
        SearchRequest floats = new() { Queries = RunningServer.Floats(samples.Rows[0]), K = 5 };

        SearchResponse asked = await web.Server.Retrieval.SearchAsync(RunningServer.Request(samples, "named"));
        JsonElement bytes = (await web.PostAsync("/v1/indexes/named:search", JsonFormatter.Default.Format(request))).Expect();
        JsonElement numbers = (await web.PostAsync("/v1/indexes/named:search", JsonFormatter.Default.Format(floats))).Expect();
        JsonElement index = (await web.GetAsync("/v1/indexes/named")).Expect().GetProperty("index");
        ListResponse list = Parser.Parse<ListResponse>((await web.GetAsync("/v1/indexes")).Text);

        foreach (JsonElement answer in new[] { bytes, numbers })
        {
            SearchResponse rest = Parser.Parse<SearchResponse>(answer.GetRawText());
            Assert.Equal(asked.Keys, rest.Keys);
            Assert.Equal(asked.Scores, rest.Scores);
            Assert.Equal(asked.Generation, rest.Generation);
        }
        Assert.Equal($"{SampleIndexes.EncoderFingerprint}", index.GetProperty("encoder").GetProperty("fingerprint").GetString());
        Assert.Equal(
            (await web.Server.Indexes.ListAsync(new ListRequest())).Indexes.Select(static one => one.Name),
            list.Indexes.Select(static one => one.Name));
    }

    [Fact]
    public async Task ErrorsAreStatusesWithTheirDetails()
    {
        await using WebServer web = await WebServer.StartAsync(samples);

        Answer noIndex = await web.GetAsync("/v1/indexes/absent");
        string row = string.Join(',', samples.Rows[0]);
        Answer badField = await web.PostAsync("/v1/indexes/plain:search", $$"""{"queries": {"values": [{{row}}]}, "k": 0}""");
        Answer readOnly = await web.PostAsync("/v1/indexes/plain:rollback", "{}");

        Assert.Contains("absent", noIndex.Refused(HttpStatusCode.NotFound, 5), StringComparison.Ordinal);
        Assert.Contains("k is 0", badField.Refused(HttpStatusCode.BadRequest, 3), StringComparison.Ordinal);
        JsonElement violation = badField.Json.GetProperty("details").EnumerateArray()
            .Single(static detail => detail.GetProperty("@type").GetString()!.EndsWith("BadRequest", StringComparison.Ordinal))
            .GetProperty("fieldViolations")[0];
        Assert.Equal("k", violation.GetProperty("field").GetString());
        readOnly.Refused(HttpStatusCode.BadRequest, 9);
        (await web.PostAsync("/v1/indexes/plain:search", "{\"k\": ")).Refused(HttpStatusCode.BadRequest, 3);
        (await web.PostAsync("/v1/indexes/plain:fly", "{}")).Refused(HttpStatusCode.NotFound, 5);
        (await web.GetAsync("/v2/indexes")).Refused(HttpStatusCode.NotFound, 5);
    }

    /// <summary>A mistyped filter must not let everything through.</summary>
    [Theory]
    [InlineData("""{"filtr": {}, "k": 5}""", "filtr", "SearchRequest has no member 'filtr'. Did you mean filter?")]
    [InlineData(
        """{"filter": {"allOf": {"clauses": [{"in": {"attribut": "a"}}]}}}""", "filter.allOf.clauses.in.attribut",
        "InClause has no member 'attribut'. Did you mean attribute?")]
    [InlineData("""{"request_tag": "as the file has it", "zzzzzz": {"k": [1, {}]}}""", "zzzzzz", "SearchRequest has no member 'zzzzzz'.")]
    [InlineData("""{"k": 5, "requesttag": "x"}""", "requesttag", "Did you mean requestTag?")]
    public async Task AMemberThatThereIsNotIsRefused(string body, string field, string message)
    {
        await using WebServer web = await WebServer.StartAsync(samples);

        Answer answer = await web.PostAsync("/v1/indexes/plain:search", body);
        Answer many = await web.PostAsync("/v1/indexes/plain:searchMany", $$"""{"searches": [{}, {{body}}]}""");
        Answer endless = await web.PostAsync("/v1/indexes/plain:search", $$"""{"{{new string('f', 100_000)}}": 1}""");

        Assert.Contains(message, answer.Refused(HttpStatusCode.BadRequest, 3), StringComparison.Ordinal);
        Assert.Contains($"\"field\":\"{field}\"", answer.Text.Replace(": ", ":", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains(message, many.Refused(HttpStatusCode.BadRequest, 3), StringComparison.Ordinal);
        Assert.Contains($"searches.{field}", many.Text, StringComparison.Ordinal);
        Assert.InRange(endless.Refused(HttpStatusCode.BadRequest, 3).Length, 64, 200);
    }

    /// <summary>A caller beyond his rate is told so before he has sent what he wanted to; what is announced too large, likewise.</summary>
    [Fact]
    public async Task ABodyThatWillBeRefusedIsNotReadFirst()
    {
        string limits = Path.Combine(samples.NewDirectory(), "limits.json");
        File.WriteAllText(
            limits, """{"version": 1, "limits": [{"caller": "*", "requests_per_second": 2, "k": 7, "rows_per_request": 1}]}""");
        StoppedTime time = new();
        await using WebServer web = await WebServer.StartAsync(samples, options => options.LimitsFile = limits, time);
        string row = string.Join(',', samples.Rows[0]);
        string path = "/v1/indexes/plain:search";

        Answer k = await web.PostAsync(path, $$"""{"queries": {"values": [{{row}}]}, "k": 8}""");
        Answer rows = await web.PostAsync(path, $$"""{"queries": {"values": [{{row}},{{row}}], "dim": 16}, "k": 5}""");
        string tooLarge = await FirstAnswerAsync(web, path, 5_000_000);
        (await web.PostAsync(path, $$"""{"queries": {"values": [{{row}}]}, "k": 5}""")).Expect();
        (await web.PostAsync(path, $$"""{"queries": {"values": [{{row}}]}, "k": 5}""")).Expect();
        string late = await FirstAnswerAsync(web, path, 1_000_000);

        Assert.Contains("k of caller", k.Refused(HttpStatusCode.TooManyRequests, 8), StringComparison.Ordinal);
        Assert.Contains("rows_per_request of caller", rows.Refused(HttpStatusCode.TooManyRequests, 8), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 429 ", tooLarge, StringComparison.Ordinal);
        Assert.Contains("A body of 5000000 bytes", tooLarge, StringComparison.Ordinal);
        Assert.Contains("at most 4194304", tooLarge, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 429 ", late, StringComparison.Ordinal);
        Assert.Contains("requests_per_second of caller 'anonymous' is 2", late, StringComparison.Ordinal);
    }

    /// <summary>What comes back when a body was announced, and no byte of it sent.</summary>
    private static async Task<string> FirstAnswerAsync(WebServer web, string path, int announced)
    {
        Uri address = web.Http.BaseAddress!;
        using TcpClient client = new(address.Host, address.Port);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {announced}\r\n\r\n"));
        using StreamReader reader = new(stream);
        StringBuilder heard = new();
        while (!heard.ToString().Contains("details", StringComparison.Ordinal))
            heard.Append((char)await ReadOneAsync(reader));
        return heard.ToString();
    }

    [Fact]
    public async Task ADeadlineIsAHeader()
    {
        await using WebServer web = await WebServer.StartAsync(samples);
        string request = JsonFormatter.Default.Format(new SearchRequest { Queries = RunningServer.Floats(samples.Rows[0]), K = 5 });

        Answer late = await web.PostAsync("/v1/indexes/plain:search", request, (RestDeadline.Header, "0.0000001"));
        Answer unreadable = await web.PostAsync("/v1/indexes/plain:search", request, (RestDeadline.Header, "soon"));
        Answer enough = await web.PostAsync("/v1/indexes/plain:search", request, (RestDeadline.Header, "600"));

        late.Refused(HttpStatusCode.GatewayTimeout, 4);
        Assert.Contains("soon", unreadable.Refused(HttpStatusCode.BadRequest, 3), StringComparison.Ordinal);
        enough.Expect();
    }

    [Fact]
    public async Task AdmissionAndBudgetsAreThoseOfGrpc()
    {
        await using WebServer web = await WebServer.StartAsync(samples, static options =>
        {
            options.MaxConcurrentSearches = 1;
            options.SearchQueueLimit = 0;
            options.MaxQueryBytes = 64 << 10;
            options.RequestBudgetBytes = 1 << 20;
        });
        string request = JsonFormatter.Default.Format(new SearchRequest { Queries = RunningServer.Floats(samples.Rows[0]), K = 5 });
        string path = "/v1/indexes/plain:search";
        AdmissionControl admission = web.Server.Part<AdmissionControl>();
        RequestGauge gauge = web.Server.Part<RequestGauge>();

        Answer full;
        using (await admission.Searches.EnterAsync(CancellationToken.None))
            full = await web.PostAsync(path, request);
        Answer large = await web.PostAsync(path, $$"""{"requestTag": "{{new string('a', 64 << 10)}}"}""");
        Answer nested = await web.PostAsync(path, $$"""{"floors": [{{string.Join(',', Enumerable.Repeat("{}", 6_000))}}]}""");
        Assert.True(gauge.Budget.TryTake(gauge.Budget.Limit));
        Answer crowded = await web.PostAsync(path, request);
        gauge.Budget.Release(gauge.Budget.Limit);

        full.Refused(HttpStatusCode.TooManyRequests, 8);
        Assert.All([full, crowded], static answer => Assert.Contains("RetryInfo", answer.Text, StringComparison.Ordinal));
        Assert.Contains("at most 65536", large.Refused(HttpStatusCode.TooManyRequests, 8), StringComparison.Ordinal);
        Assert.Contains("RequestBudgetBytes", nested.Refused(HttpStatusCode.TooManyRequests, 8), StringComparison.Ordinal);
        Assert.Contains("RequestBudgetBytes", crowded.Refused(HttpStatusCode.TooManyRequests, 8), StringComparison.Ordinal);
        (await web.PostAsync(path, request)).Expect();
        CallLimits limits = web.Server.Part<CallLimits>();
        await RunningServer.Eventually(() => gauge.Budget.Used == 0 && limits.Replies.Used == 0, "the budgets are whole again");
    }

    [Fact]
    public async Task ABodyThatDoesNotComeEndsItsCall()
    {
        await using WebServer web = await WebServer.StartAsync(samples, static options => options.BodySeconds = 1);
        Uri address = web.Http.BaseAddress!;
        using TcpClient client = new(address.Host, address.Port);
        await using NetworkStream stream = client.GetStream();
        string begin = $"POST /v1/indexes/plain:search HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\n"
            + "Content-Length: 1000\r\nConnection: close\r\n\r\n{\"k\": 5, ";
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(begin));

        using StreamReader reader = new(stream);
        StringBuilder heard = new();
        while (!heard.ToString().Contains("details", StringComparison.Ordinal))
            heard.Append((char)await ReadOneAsync(reader));
        string answer = heard.ToString();

        Assert.StartsWith("HTTP/1.1 503 ", answer, StringComparison.Ordinal);
        Assert.Contains("within 1 s", answer, StringComparison.Ordinal);
        await RunningServer.Eventually(() => web.Server.Part<RequestGauge>().Budget.Used == 0, "the budget is whole again");
    }

    [Fact]
    public async Task EachPortAnswersItsOwn()
    {
        await using WebServer web = await WebServer.StartAsync(samples);
        using HttpClient grpc = new()
        {
            BaseAddress = new Uri(web.Server.Host.Address),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        foreach (string path in new[] { "/v1/indexes", "/console", "/console/data/figures", "/openapi/v1.json" })
            Assert.Equal(HttpStatusCode.NotFound, (await grpc.GetAsync(path)).StatusCode);
        (await web.PostAsync("/ann.v1.Indexes/List", "{}")).Refused(HttpStatusCode.NotFound, 5);
        (await web.GetAsync("/grpc.health.v1.Health/Check")).Refused(HttpStatusCode.NotFound, 5);
    }

    [Fact]
    public async Task WithRestAloneThereIsNoConsole()
    {
        await using WebServer web = await WebServer.StartAsync(samples, static options => (options.Console, options.Rest) = (false, true));

        (await web.GetAsync("/v1/indexes")).Expect();
        (await web.GetAsync("/openapi/v1.json")).Expect();
        foreach (string path in new[] { "/", "/console", "/console/main.js", "/console/data/figures" })
            (await web.GetAsync(path)).Refused(HttpStatusCode.NotFound, 5);
    }

    [Fact]
    public async Task OwnCallsAndSamplesStayAsTheyWere()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        Assert.Null(server.Host.WebAddress);
        Assert.Null(server.Host.Services.GetService(typeof(WebCalls)));
        Assert.Null(server.Host.Services.GetService(typeof(FiguresBoard)));
        Assert.NotNull(server.Host.Services.GetService(typeof(LiveRecallBoard)));
    }

    /// <summary>Of a process, since here other tests have loaded all there is.</summary>
    [Fact]
    public async Task AServerWithoutThemLoadsNothingOfThem()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells what a process has mapped.");
        DirectoryInfo data = Directory.CreateTempSubdirectory("ann-web-");
        using ServeProcess server = await ServeProcess.StartAsync(data.FullName, new Dictionary<string, string>());

        string[] loaded =
            [.. File.ReadLines($"/proc/{server.Id}/maps").Where(static line => line.EndsWith(".dll", StringComparison.Ordinal))];

        Assert.Contains(loaded, static line => line.EndsWith("Ann.Server.dll", StringComparison.Ordinal));
        Assert.DoesNotContain(loaded, static line => line.Contains("Ann.Web", StringComparison.Ordinal)
            || line.Contains("Transcoding", StringComparison.Ordinal) || line.Contains("Swashbuckle", StringComparison.Ordinal));
        data.Delete(recursive: true);
    }

    private static async Task<int> ReadOneAsync(StreamReader reader)
    {
        char[] one = new char[1];
        Assert.Equal(1, await reader.ReadAsync(one));
        return one[0];
    }

    internal static string PathOf(HttpRule rule) => rule.PatternCase switch
    {
        HttpRule.PatternOneofCase.Get => rule.Get,
        HttpRule.PatternOneofCase.Delete => rule.Delete,
        HttpRule.PatternOneofCase.Post => rule.Post,
        _ => throw new InvalidOperationException($"A rule of {rule.PatternCase}."),
    };
}
