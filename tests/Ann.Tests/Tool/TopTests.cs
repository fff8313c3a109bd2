using Ann.Core;
using Ann.Tests.Server;
using Ann.Tool.Reports;
using Ann.Tool.Top;
using Spectre.Console;

namespace Ann.Tests.Tool;

/// <summary>Goal: rates and quantiles between two looks are those of Prometheus, and a screen shows them.</summary>
[Collection(typeof(ServerTests))]
public sealed class TopTests(SampleIndexes samples)
{
    private const string Before = """
        # TYPE ann_search_duration_seconds histogram
        ann_search_duration_seconds_bucket{db_collection_name="shop",ann_plan="walk",le="0.001"} 10
        ann_search_duration_seconds_bucket{db_collection_name="shop",ann_plan="walk",le="0.01"} 10
        ann_search_duration_seconds_bucket{db_collection_name="shop",ann_plan="walk",le="+Inf"} 10
        ann_search_duration_seconds_count{db_collection_name="shop",ann_plan="walk"} 10
        rpc_server_call_duration_seconds_count{rpc_method="x",rpc_response_status_code="OK"} 10
        dotnet_process_cpu_time_seconds_total{cpu_mode="user"} 5
        """;

    private const string Now = """
        # HELP ann_search_duration_seconds Time.
        ann_search_duration_seconds_bucket{db_collection_name="shop",ann_plan="walk",le="0.001"} 90
        ann_search_duration_seconds_bucket{db_collection_name="shop",ann_plan="walk",le="0.01"} 110
        ann_search_duration_seconds_bucket{db_collection_name="shop",ann_plan="walk",le="+Inf"} 110
        ann_search_duration_seconds_count{db_collection_name="shop",ann_plan="walk"} 110
        rpc_server_call_duration_seconds_count{rpc_method="x",rpc_response_status_code="OK"} 100
        rpc_server_call_duration_seconds_count{rpc_method="x",rpc_response_status_code="INTERNAL"} 10
        ann_index_ready{db_collection_name="shop"} 1
        ann_index_ready{db_collection_name="gone"} NaN
        ann_index_items{db_collection_name="shop",ann_generation_role="serving"} 1234567
        ann_index_items{db_collection_name="shop",ann_generation_role="standby"} 7
        ann_recall_live{db_collection_name="shop",ann_k="10"} 0.99
        ann_recall_live{db_collection_name="shop",ann_k="100"} 0.97
        ann_memory_used_bytes{ann_component="indexes"} 1536
        ann_memory_limit_bytes{ann_component="indexes"} 1073741824
        dotnet_process_cpu_time_seconds_total{cpu_mode="user"} 7 1700000000000
        odd{text="a \"b\" \\ c\nd",other="{}"} +Inf
        """;

    [Fact]
    public void AFrameHasRatesAndQuantiles()
    {
        TopReport frame = TopFrames.Between("http://a", "serving", SampleOf(Before), SampleOf(Now), seconds: 2);

        Assert.Equal((50, 5, 1), (frame.CallsPerS, frame.ErrorsPerS, frame.CpuCores));
        TopIndex index = Assert.Single(frame.Indexes);
        Assert.Equal(("shop", true, 1_234_567, 50), (index.Index, index.Ready, index.Items, index.SearchesPerS));
        Assert.Equal(0.97, index.Recall);
        Assert.Equal(50 / 80.0, index.P50Ms!.Value, 9); // of 100 the 50th, in a bucket of 80 up to 1 ms
        Assert.Equal(1 + 9 * 19 / 20.0, index.P99Ms!.Value, 9); // the 99th is the 19th of 20 between 1 and 10 ms
        Assert.Null(index.QueueP99Ms);
        Assert.Null(frame.P99Ms);
    }

    [Fact]
    public void AServerThatWasRestartedHasNoNegativeRates()
    {
        TopReport frame = TopFrames.Between("http://a", "loading", SampleOf(Now), SampleOf(Before), seconds: 1);

        Assert.Equal((0, 0, 0), (frame.CallsPerS, frame.ErrorsPerS, frame.CpuCores));
    }

    [Fact]
    public void LabelsAreReadAsTheyAreWritten()
    {
        ExposedValue odd = Exposition.Parse(Now).Single(static one => one.Name == "odd");

        Assert.Equal("a \"b\" \\ c\nd", odd.Labels["text"]);
        Assert.Equal("{}", odd.Labels["other"]);
        Assert.Equal(double.PositiveInfinity, odd.Value);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("name{a=\"b} 1")]
    [InlineData("name{a=b} 1")]
    [InlineData("name x")]
    [InlineData("<html>")]
    public void WhatIsNoMetricIsRefused(string text) =>
        Assert.Contains("line 2", Assert.Throws<AnnException>(() => Exposition.Parse("# x\n" + text).ToArray()).Message);

    [Fact]
    public void AScreenShowsTheFrame()
    {
        StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = 160;

        console.Write(TopView.Of(TopFrames.Between("http://a[1]", "serving", SampleOf(Before), SampleOf(Now), seconds: 2)));

        string shown = text.ToString();
        Assert.Contains("http://a[1]  serving", shown, StringComparison.Ordinal);
        Assert.Contains("calls 50/s, errors 5.0/s", shown, StringComparison.Ordinal);
        Assert.Contains("indexes 1.5 KiB of 1 GiB", shown, StringComparison.Ordinal);
        string row = shown.Split('\n').Single(static line => line.Contains(" shop ", StringComparison.Ordinal));
        foreach (string part in (string[])["yes", "1,234,567", "50.0", "0.63 ms", "9.55 ms", "0.9700"])
            Assert.Contains(part, row, StringComparison.Ordinal);
        Assert.DoesNotContain("gone", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARunningServerIsWatched()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options => options.OpsListen = "127.0.0.1:0");

        ToolRun run = (await ToolRun.RunAsync("top", "--ops", server.Host.OpsAddress!, "--interval", "1", "--json")).Expect(0);

        Assert.Equal("serving", run.Json.GetProperty("state").GetString());
        Assert.Equal(
            ["named", "plain"],
            run.Json.GetProperty("indexes").EnumerateArray().Select(static one => one.GetProperty("index").GetString()));
    }

    [Fact]
    public async Task AServerThatIsNotThereIsToldInALine() =>
        (await ToolRun.RunAsync("top", "--ops", "127.0.0.1:1", "--once")).ExpectRefusal("http://127.0.0.1:1", "no server answers");

    private static TopSample SampleOf(string text) => new(0, [.. Exposition.Parse(text)]);
}
