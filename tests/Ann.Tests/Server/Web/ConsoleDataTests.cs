using System.Net;
using System.Text.Json;
using Ann.Protocol.V1;
using Ann.Server.Web;
using Google.Protobuf;

namespace Ann.Tests.Server.Web;

/// <summary>Goal: what only the console looks at is what there is.</summary>
[Collection(typeof(ServerTests))]
public sealed class ConsoleDataTests(SampleIndexes samples)
{
    [Fact]
    public async Task TheBoardCountsCallsOfBothPorts()
    {
        HandClock clock = new();
        await using WebServer web = await WebServer.StartAsync(samples, time: clock);
        string request = JsonFormatter.Default.Format(new SearchRequest { Queries = RunningServer.Floats(samples.Rows[0]), K = 5 });

        await web.Server.Retrieval.SearchAsync(RunningServer.Request(samples));
        (await web.PostAsync("/v1/indexes/plain:search", request)).Expect();
        await web.Server.Indexes.ListAsync(new ListRequest()); // no read of items
        JsonElement figures = default;
        await RunningServer.Eventually(() =>
        {
            clock.Tick();
            figures = web.GetAsync("/console/data/figures").GetAwaiter().GetResult().Expect();
            return Sum(figures, "reads") >= 2;
        }, "two reads on the board");

        Assert.Equal(2, Sum(figures, "reads"));
        Assert.Equal(0, Sum(figures, "writes"));
        JsonElement[] points = [.. figures.GetProperty("points").EnumerateArray()];
        Assert.Contains(points, static point => point.GetProperty("readP99Ms").ValueKind == JsonValueKind.Number);
        Assert.All(points, static point => Assert.True(point.GetProperty("processBytes").GetInt64() > 0));
        long last = points[^1].GetProperty("unixMs").GetInt64();
        Assert.Equal(0, (await web.GetAsync($"/console/data/figures?after={last}")).Expect().GetProperty("points").GetArrayLength());
        (await web.GetAsync("/console/data/figures?after=now")).Refused(HttpStatusCode.BadRequest, 3);
    }

    [Fact]
    public void TimesAreKnownToTheirBuckets()
    {
        CallTimes times = new();
        for (int i = 1; i <= 1000; i++)
            times.Add(i / 1000.0); // 1 ms to 1 s

        CallTimesTaken taken = times.Take();

        Assert.Equal(1000, taken.Count);
        Assert.InRange(taken.P50Ms!.Value, 500 / 1.09, 500 * 1.09);
        Assert.InRange(taken.P99Ms!.Value, 990 / 1.09, 990 * 1.09);
        Assert.Equal(new CallTimesTaken(0, null, null), times.Take());
    }

    [Fact]
    public async Task SegmentsHaveTheirCertificates()
    {
        await using WebServer web = await WebServer.StartAsync(samples);

        JsonElement report = (await web.GetAsync("/console/data/segments?index=named")).Expect();

        Assert.Equal(web.Server.GenerationOf("named"), report.GetProperty("generation").GetString());
        JsonElement segment = Assert.Single(report.GetProperty("segments").EnumerateArray());
        Assert.Equal(SampleIndexes.Count, segment.GetProperty("rows").GetInt32());
        Assert.Equal(SampleIndexes.Count, segment.GetProperty("certificate").GetProperty("reachable").GetInt32());
        Assert.True(segment.GetProperty("certificate").GetProperty("efRecall").GetArrayLength() > 0);
        (await web.GetAsync("/console/data/segments?index=absent")).Refused(HttpStatusCode.NotFound, 5);
    }

    [Fact]
    public async Task SetsAreListedByName()
    {
        await using WebServer web = WebServer.Of(await RunningServer.StartAsync(samples, options =>
        {
            options.Console = true;
            options.WebListen = "127.0.0.1:0";
            options.IndexFiles.Clear();
            options.DataDirectory = samples.NewDirectory();
        }));
        await LiveCalls.CreateAsync(web.Server);
        foreach (string name in new[] { "seen:2", "seen:1", "other" })
        {
            await web.Server.Ingest.AppendToSetAsync(
                new AppendToSetRequest { Index = "shop", Set = name, Keys = LiveCalls.Keys(1, 2), TtlS = 60 });
        }

        JsonElement all = (await web.GetAsync("/console/data/sets?index=shop")).Expect();
        JsonElement seen = (await web.GetAsync("/console/data/sets?index=shop&prefix=seen%3A")).Expect();

        Assert.Equal(["other", "seen:1", "seen:2"], NamesOf(all));
        Assert.Equal(["seen:1", "seen:2"], NamesOf(seen));
        Assert.Equal(3, seen.GetProperty("total").GetInt32());
        Assert.Equal(2, seen.GetProperty("sets")[0].GetProperty("size").GetInt32());
        Assert.Equal(JsonValueKind.String, seen.GetProperty("sets")[0].GetProperty("expires").ValueKind);
    }

    [Fact]
    public async Task AFiltersTextBecomesTheMessageThatCallsTake()
    {
        await using WebServer web = WebServer.Of(await ShopServer.StartAsync(samples, configure: static options =>
        {
            options.Console = true;
            options.WebListen = "127.0.0.1:0";
        }));

        Answer filter = await web.GetAsync("/console/data/filter?index=shop&text=" + Uri.EscapeDataString("key in (3, 4)"));
        Answer wrong = await web.GetAsync("/console/data/filter?index=shop&text=" + Uri.EscapeDataString("price <"));

        Filter read = JsonParser.Default.Parse<Filter>(filter.Expect().GetRawText());
        Assert.Equal([3ul, 4ul], read.Keys.Numbers);
        Assert.Contains("character 8", wrong.Refused(HttpStatusCode.BadRequest, 3), StringComparison.Ordinal);
    }

    private static string[] NamesOf(JsonElement report) =>
        [.. report.GetProperty("sets").EnumerateArray().Select(static set => set.GetProperty("name").GetString()!)];

    private static long Sum(JsonElement figures, string name) =>
        figures.GetProperty("points").EnumerateArray().Sum(point => point.GetProperty(name).GetInt64());

    /// <summary>The time of the system, but for timers of the board's period: a test rings them, which moves the clock by one.</summary>
    private sealed class HandClock : TimeProvider
    {
        private readonly List<Action> _rings = [];
        private long _moved;

        public override long GetTimestamp() => base.GetTimestamp() + _moved * (long)(FiguresBoard.Period.TotalSeconds * TimestampFrequency);

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _moved * FiguresBoard.Period;

        public void Tick()
        {
            _moved++;
            foreach (Action ring in _rings)
                ring();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (period != FiguresBoard.Period)
                return base.CreateTimer(callback, state, dueTime, period);
            _rings.Add(() => callback(state));
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
