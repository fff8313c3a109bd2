using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Protocol.V1;
using Ann.Tests.Files.Formats;
using Ann.Tests.Server;
using Ann.Tests.Tool.Pages;
using Ann.Tool;
using Ann.Tool.Evaluation;
using Ann.Tool.Load;

namespace Ann.Tests.Tool;

/// <summary>Goal: <c>ann load</c> measures a real server and the recall of its very answers, and refuses what it cannot measure.</summary>
[Collection(typeof(ServerTests))]
public sealed class LoadVerbTests(SampleIndexes samples) : IDisposable
{
    private const int Queries = 30;
    private const int K = 10;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AnOpenLoopReportsRatesLatencyAndRecall()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        ToolRun run = (await Load(server, "plain", "--truth", Truth(), "--rate", "200", "--duration", "1s", "--warmup", "200ms",
            "--ef", "200", "--connections", "2", "--deadline", "30000", "--min-recall", "0.95", "--json",
            "--report", _folder["page.html"])).Expect(0);

        JsonElement report = run.Json;
        Assert.Equal("open", report.GetProperty("mode").GetString());
        Assert.Equal("the intended time of a request", report.GetProperty("latency_counts").GetString());
        Assert.Equal("poisson", report.GetProperty("arrivals").GetString());
        Assert.Equal(30_000, report.GetProperty("deadline_ms").GetInt32());
        JsonElement only = report.GetProperty("runs").EnumerateArray().Single();
        Assert.Equal(200, only.GetProperty("rate").GetDouble());
        long due = only.GetProperty("due").GetInt64();
        Assert.InRange(due, 130, 280);
        Assert.Equal(due, only.GetProperty("answered").GetInt64());
        Assert.Equal(due, only.GetProperty("offered").GetDouble());
        Assert.Empty(only.GetProperty("errors").EnumerateObject());
        Assert.InRange(only.GetProperty("recall").GetDouble(), 0.95, 1);
        JsonElement latency = only.GetProperty("latency");
        double[] ordered = [.. new[] { "p50_us", "p90_us", "p99_us", "p999_us" }.Select(name => latency.GetProperty(name).GetDouble())];
        Assert.Equal(ordered.Order(), ordered);
        Assert.True(ordered[0] > 0 && latency.GetProperty("mean_us").GetDouble() > 0 && latency.GetProperty("max_us").GetDouble() > 0);
        JsonElement harness = only.GetProperty("harness");
        Assert.Equal(0, harness.GetProperty("not_sent").GetInt64());
        Assert.InRange(harness.GetProperty("cpu_share").GetDouble(), 0, 1);
        Assert.True(harness.TryGetProperty("late_p99_us", out _) && harness.TryGetProperty("peak_in_flight", out _));
        Assert.Single(only.GetProperty("series").EnumerateArray());
        Assert.NotEmpty(only.GetProperty("verdict").GetString()!);
        await PageInBrowser.RequireSoundAsync("load", _folder["page.html"], 6);
    }

    [Fact]
    public async Task AClosedLoopSaysThatItIsOne()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        string[] options = ["--closed", "--concurrency", "3", "--duration", "300ms", "--warmup", "0s", "--batch", "7", "--truth", Truth()];

        ToolRun text = (await Load(server, "plain", options)).Expect(0);
        ToolRun json = (await Load(server, "plain", [.. options, "--json"])).Expect(0);

        Assert.Contains("CLOSED loop", text.Out);
        Assert.Contains("7 rows a request", text.Out);
        Assert.Contains("a stall delays later requests", text.Out);
        Assert.Equal("closed", json.Json.GetProperty("mode").GetString());
        JsonElement only = json.Json.GetProperty("runs").EnumerateArray().Single();
        Assert.Equal(3, only.GetProperty("concurrency").GetInt32());
        Assert.False(only.TryGetProperty("rate", out _));
        Assert.False(only.TryGetProperty("sustained", out _));
        Assert.True(only.GetProperty("answered").GetInt64() > 0);
        Assert.InRange(only.GetProperty("recall").GetDouble(), 0.95, 1);
    }

    [Fact]
    public async Task RecallBelowTheTargetAndFailedRequestsAreFailedChecks()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        int[] wrong = [.. Enumerable.Range(0, Queries * K).Select(static i => i % 20 + 500)];
        VectorFile.WriteIbin(PhysicalFileSystem.Instance, _folder["wrong.ibin"], K, wrong);

        string[] brief = ["--duration", "200ms", "--warmup", "0s"];
        ToolRun low = (await Load(
            server, "plain", [.. brief, "--rate", "100", "--truth", _folder["wrong.ibin"], "--min-recall", "0.9"])).Expect(1);
        // One request under way, and one due each half millisecond by chance: some are due while another is answered.
        ToolRun late = (await Load(server, "plain", [.. brief, "--rate", "2000", "--max-in-flight", "1"])).Expect(1);

        Assert.Contains("0.9 was asked for", low.Error);
        Assert.Contains("requests got no answer", late.Error);
        Assert.Contains("were not sent", late.Out);
    }

    [Fact]
    public async Task TheHighestRateIsSearchedAndRunsFollowAtSharesOfIt()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        // No server answers within 10 µs: every probe fails, down to one request a second.
        ToolRun none = (await Load(server, "plain", "--find-max", "--slo-p99", "0.01", "--rate", "2", "--probe", "100ms",
            "--arrivals", "constant", "--warmup", "0s", "--at", "50", "--json")).Expect(1);

        JsonElement maximum = none.Json.GetProperty("maximum");
        Assert.Equal(0, maximum.GetProperty("rate").GetDouble());
        Assert.Equal([2.0, 1.0], maximum.GetProperty("probes").EnumerateArray().Select(probe => probe.GetProperty("rate").GetDouble()));
        Assert.Empty(none.Json.GetProperty("runs").EnumerateArray());
        Assert.Contains("no rate was sustained", none.Error);
    }

    [Fact]
    public async Task AnInterruptedRunReportsWhatItMeasured()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        using CancellationTokenSource stop = new();
        stop.CancelAfter(TimeSpan.FromSeconds(1.5));

        ToolRun run = (await ToolRun.RunAsync(PhysicalFileSystem.Instance, stop.Token, "load", "--address", server.Host.Address, "--index",
            "plain", "--queries", QueryFile(), "--rate", "100", "--duration", "1m", "--warmup", "0s", "--json",
            "--report", _folder["page.html"])).Expect(ExitCodes.Cancelled);

        Assert.True(run.Json.GetProperty("ended_early").GetBoolean());
        Assert.InRange(run.Json.GetProperty("runs")[0].GetProperty("seconds").GetDouble(), 0, 30);
        Assert.Contains("page.html is not written", run.Error);
        Assert.Empty(Directory.EnumerateFiles(_folder.Root, "page*"));
    }

    [Fact]
    public async Task WhatCannotBeMeasuredIsRefused()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        (await Load(server, "named", "--truth", Truth())).ExpectRefusal("index 'named' has text keys");
        (await Load(server, "plain", "--truth", Truth(), "--k", "11")).ExpectRefusal("fewer than 11 neighbours");
        (await Load(server, "absent")).ExpectRefusal("NotFound", "absent");
        (await Load(server, "plain", "--batch", "1025")).ExpectRefusal("InvalidArgument", "1025 rows");
        (await Load(server, "plain", "--closed", "--find-max")).ExpectRefusal("--closed has no rate");
        (await Load(server, "plain", "--closed", "--rate", "5")).ExpectRefusal("--rate has no meaning with --closed");
        (await Load(server, "plain", "--concurrency", "5")).ExpectRefusal("add --closed");
        (await Load(server, "plain", "--at", "50")).ExpectRefusal("--find-max");
        (await Load(server, "plain", "--find-max", "--at", "50,x")).ExpectRefusal("--at holds 'x'");
        (await Load(server, "plain", "--ef", "50", "--recall-target", "0.9")).ExpectRefusal("--recall-target takes the place of --ef");
        (await Load(server, "plain", "--on-deadline", "best-so-far")).ExpectRefusal("needs --deadline");
        (await Load(server, "plain", "--min-recall", "0.5")).ExpectRefusal("--min-recall needs --truth");
        (await Load(server, "plain", "--k", "10", "--ef", "5")).ExpectRefusal("--ef is 5; it must be k (10)");
        (await Load(server, "plain", "--duration", "soon")).ExpectRefusal("--duration is 'soon'; expected a time such as");
        (await Load(server, "plain", "--rate", "0")).ExpectRefusal("--rate is 0; it must be 0.1 to");
        (await ToolRun.RunAsync("load", "--address", server.Host.Address, "--index", "plain", "--queries",
            _folder.Write("narrow.fbin", TemporaryFolder.Bytes(1u, 2u), TemporaryFolder.Bytes(1f, 2f))))
            .ExpectRefusal("narrow.fbin: the queries have dimension 2; index 'plain' has 16");
    }

    [Fact]
    public void RecallCountsTrueNeighboursAndTiesOfTheVeryAnswer()
    {
        QuerySet queries = new([0f, 1f, 2f], count: 3, dimension: 1);
        LoadRequests requests = new(new SearchRequest { Index = "x", K = 3 }, queries, batch: 2);
        VectorFile.WriteIbin(PhysicalFileSystem.Instance, _folder["t.ibin"], 3, [3, 2, 1, 6, 5, 4, 7, 8, 9]);
        ToolContext tool = new() { Out = TextWriter.Null, Error = TextWriter.Null, CacheDirectory = ToolRun.CacheDirectory };
        AnswerRecall recall = new(requests, GroundTruth.Load(tool, _folder["t.ibin"], 3, 3, "x", 100)!);
        // Request 1 holds query 2 and, from the start again, query 0.
        SearchResponse response = new()
        {
            Keys = new KeyColumn { Numbers = { 7, 8, 50, 1, 60, 61 } },
            Scores = { 1f, 2f, 2f, 1f, 2f, 3f },
            RowOffsets = { 0, 3, 6 },
        };

        int right = recall.CountRight(1, response, out int wanted);

        Assert.Equal(6, wanted);
        Assert.Equal(4, right); // 7, 8, and 50, which ties with 8; of the second row only 1.
        Assert.Equal(2, requests.QueryOf(1, 0));
        Assert.Equal(0, requests.QueryOf(1, 1));
        Assert.Equal(requests[0], requests[2]);
    }

    private Task<ToolRun> Load(RunningServer server, string index, params string[] more) =>
        ToolRun.RunAsync(["load", "--address", server.Host.Address, "--index", index, "--queries", QueryFile(), .. more]);

    private string QueryFile()
    {
        using VectorWriter writer = VectorFile.CreateWriter(
            PhysicalFileSystem.Instance, _folder["q.fbin"], Queries, SampleIndexes.Dimension);
        for (int i = 0; i < Queries; i++)
            writer.Write(samples.Rows[i]);
        writer.Commit();
        return _folder["q.fbin"];
    }

    /// <summary>By a plain double loop.</summary>
    private string Truth()
    {
        int[] nodes =
        [
            .. samples.Rows.Take(Queries).SelectMany(query => Enumerable.Range(0, SampleIndexes.Count)
                .OrderBy(row => samples.Rows[row].Zip(query, static (x, y) => ((double)x - y) * ((double)x - y)).Sum()).Take(K)),
        ];
        VectorFile.WriteIbin(PhysicalFileSystem.Instance, _folder["t10.ibin"], K, nodes);
        return _folder["t10.ibin"];
    }
}
