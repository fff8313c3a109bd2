using System.Diagnostics.Metrics;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Telemetry;
using Ann.Tool.Top;

namespace Ann.Tests.Server.Telemetry;

/// <summary>Goal: a server tells what the documents list, with those attributes and no others; and it costs the heap nothing.</summary>
[Collection(typeof(ServerTests))]
public sealed class MetricsTests(SampleIndexes samples)
{
    [Fact]
    public async Task TheDocumentHasEveryInstrumentAsItIsPublished()
    {
        List<string> published = [];
        await using RunningServer server = await RunningServer.StartAsync(samples);
        ServerMetrics own = server.Part<ServerMetrics>(); // other tests' servers are in this process too
        using MeterListener meters = new();
        meters.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Scope == own)
                published.Add($"{instrument.Name} | {instrument.Unit} | {TypeOf(instrument)}");
        };
        meters.Start();

        Assert.Equal(
            published.Order(StringComparer.Ordinal),
            MetricTable.Rows.Select(static row => $"{row.Name} | {row.Unit} | {row.Type}").Order(StringComparer.Ordinal));
    }

    /// <summary>Searches of either plan, writes, texts, a refusal: then every metric that something happened for is on the page.</summary>
    [Fact]
    public async Task AScrapeHasWhatIsListedWithItsAttributes()
    {
        string data = samples.NewDirectory();
        await using RunningServer server = await TextShop.StartAsync(samples, options =>
        {
            options.OpsListen = "127.0.0.1:0";
            options.DataDirectory = data;
            options.LiveRecallShare = 1;
        });
        await LiveCalls.CreateAsync(server, "live");
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1, 2, 3).WithIndex("live"));
        await server.Retrieval.SearchAsync(RunningServer.Request(samples));
        await server.Retrieval.SearchAsync(new SearchRequest { Index = "shop", Texts = { "mouse" }, K = 2 });
        await LiveCalls.Fails(server.Retrieval.SearchAsync(new SearchRequest { Index = "nothing", K = 1 }));
        await RunningServer.Eventually(
            () => server.Part<Ann.Server.Recall.LiveRecallBoard>().Of("plain").Count > 0, "the search is measured");
        using HttpClient http = OpsPortTests.ClientOf(server);

        string text = await http.GetStringAsync("/metrics");
        ExposedValue[] values = [.. Exposition.Parse(text)];

        string[] quiet = ["ann.capture.written", "ann.capture.lost",
            "ann.slow_query.written", "ann.slow_query.lost", "ann.recall.dropped", "ann.compaction.duration",
            "ann.access.refused", "ann.audit.lost", "ann.tls.certificate_left", "ann.limits.refused", "ann.limits.slowed"];
        Dictionary<string, MetricRow> bySeries = MetricTable.Rows
            .SelectMany(static row => row.Series.Select(series => (Series: series, Row: row)))
            .ToDictionary(static pair => pair.Series, static pair => pair.Row);
        string[] told = [.. values.Select(static one => one.Name).Distinct()];
        string[] wanted = [.. bySeries.Where(pair => !quiet.Contains(pair.Value.Name)).Select(static pair => pair.Key)];
        Assert.Superset(wanted.ToHashSet(), told.ToHashSet());
        Assert.Subset(
            bySeries.Keys.ToHashSet(), told.Where(static name => name.StartsWith("ann_", StringComparison.Ordinal)).ToHashSet());
        Assert.All(values.Where(one => bySeries.ContainsKey(one.Name)), one => Assert.Subset(
            bySeries[one.Name].Attributes.Select(static name => name.Replace('.', '_')).Append("le").ToHashSet(),
            one.Labels.Keys.ToHashSet()));
        Assert.Superset(MetricTable.Platform.ToHashSet(), told.ToHashSet());
        double Value(string name, params (string, string)[] labels) => new TopSample(0, values).Sum(name, labels);
        Assert.Equal(1, Value("ann_search_duration_seconds_count", ("db_collection_name", "plain")));
        Assert.Equal(1, Value("rpc_server_call_duration_seconds_count", ("rpc_response_status_code", "NOT_FOUND")));
        Assert.Equal(1, Value("rpc_server_call_duration_seconds_count", ("rpc_method", "ann.v1.Ingest/Upsert")));
        Assert.Equal(3, Value("ann_log_items_total", ("db_collection_name", "live")));
        Assert.Equal(1, Value("ann_index_ready", ("db_collection_name", "live")));
        Assert.Equal(SampleIndexes.Count, Value("ann_index_items", ("db_collection_name", "plain")));
        Assert.True(Value("ann_encoder_batch_rows_sum", ("ann_encoder", "default")) >= 1);
    }

    /// <summary>Exporters repeat the last value of what is told no more: an index that is gone must not stay unready for ever.</summary>
    [Fact]
    public async Task ADroppedIndexIsToldAsNoNumber()
    {
        await using RunningServer server = await LiveCalls.StartAsync(
            samples, samples.NewDirectory(), static options => options.OpsListen = "127.0.0.1:0");
        await LiveCalls.CreateAsync(server);
        using HttpClient http = OpsPortTests.ClientOf(server);
        Assert.Contains("ann_index_ready{db_collection_name=\"shop\"} 1", await http.GetStringAsync("/metrics"));

        await server.Indexes.DropAsync(new DropRequest { Index = "shop" });

        await RunningServer.Eventually(
            () => Exposition.Parse(http.GetStringAsync("/metrics").Result)
                .Where(static one => one.Name == "ann_index_ready").All(static one => double.IsNaN(one.Value)),
            "the page is made anew");
    }

    [Fact]
    public void TellingAnAnswerAllocatesNothing()
    {
        using ServerMetrics metrics = new();
        double sum = 0;
        using MeterListener meters = new();
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == metrics)
                listener.EnableMeasurementEvents(instrument);
        };
        meters.SetMeasurementEventCallback<double>((_, value, _, _) => sum += value);
        meters.SetMeasurementEventCallback<long>((_, value, _, _) => sum += value);
        meters.Start();
        ToldAnswer facts = new(
            "shop", "0123456789abcdef", Plan.Walk, Completeness.Complete, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2), 800);
        FlushReport flush = new("shop", 3, 1, TimeSpan.FromMilliseconds(1));

        long bytes = Allocations.OfSteady(() =>
        {
            metrics.Answered(in facts);
            metrics.Called("ann.v1.Retrieval/Search", "OK", TimeSpan.FromMilliseconds(3));
            metrics.Flushed(flush);
        });

        Assert.Equal(0, bytes);
        Assert.True(sum > 0);
    }

    [Fact]
    public void GenerationsAreToldByTheirIdsUntilThereAreMany()
    {
        GenerationLabels labels = new();

        string[] told = [.. Enumerable.Range(0, 40).Select(i => labels.Of("shop", $"g{i}"))];

        Assert.Equal(Enumerable.Range(0, GenerationLabels.MostOfIndex).Select(static i => $"g{i}"), told[..GenerationLabels.MostOfIndex]);
        Assert.All(told[GenerationLabels.MostOfIndex..], static label => Assert.Equal(GenerationLabels.Later, label));
        Assert.Equal("g3", labels.Of("shop", "g3"));
        Assert.Equal("g39", labels.Of("other", "g39"));
        for (int index = 0; index < 2000; index++)
            labels.Of($"index-{index}", "g");
        Assert.Equal(GenerationLabels.Later, labels.Of("the last one", "g"));
    }

    private static string TypeOf(Instrument instrument) => instrument switch
    {
        Counter<long> => "counter",
        Histogram<double> or Histogram<long> => "histogram",
        _ => "gauge",
    };
}

/// <summary>A request to another index.</summary>
internal static class Upserts
{
    public static UpsertRequest WithIndex(this UpsertRequest request, string index)
    {
        request.Index = index;
        return request;
    }
}
