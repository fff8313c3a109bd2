using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Ann.Bench.Curves;
using Ann.Bench.Micro;
using Ann.Bench.Peers;
using Ann.Bench.Reports;
using Ann.Bench.Verbs;
using Ann.Bench.Workers;
using Ann.Tests.Files.Formats;
using Ann.Tests.Tool;
using Ann.Tool;

namespace Ann.Tests.Bench;

/// <summary>The comparison from the command line to the page, and the micro-benchmarks against rot.</summary>
public sealed partial class PeersTests
{
    /// <summary>Runs with and without the C++ libraries: a peer is measured, or named with the command that installs it.</summary>
    [Fact]
    public async Task EnginesAreMeasuredOrNamed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "workers are pinned with taskset, which only Linux has");
        using TemporaryFolder folder = new();
        (await BenchRun.RunAsync(
            "gen", "--rows", "600", "--dim", "12", "--queries", "20", "--truth", "10", "--output", folder["set"])).Expect(0);
        string rows = Path.Combine(folder["set"], "base.fbin"), queries = Path.Combine(folder["set"], "query.fbin");

        ToolRun run = (await BenchRun.RunAsync(
            "peers", "--base", rows, "--queries", queries, "--metric", "cosine",
            "--engines", "ann-lean,ann-fast-batch,exact,hnswlib,hnswlib-huge,hnsw.net",
            "--ef", "10,40", "--rounds", "2", "--build-threads", "1", "--point-ms", "1", "--cache", folder["cache"],
            "--json", folder["peers.json"], "--report", folder["peers.html"])).Expect(0);

        JsonElement report = JsonDocument.Parse(File.ReadAllText(folder["peers.json"])).RootElement;
        JsonElement[] engines = [.. report.GetProperty("engines").EnumerateArray()];
        string[] names = [.. engines.Select(engine => engine.GetProperty("name").GetString()!)];
        string[] missing =
            [.. report.GetProperty("missing").EnumerateArray().Select(engine => engine.GetProperty("remedy").GetString()!)];
        Assert.Equal(["ann-lean", "ann-fast-batch", "exact"], names.Where(name => !name.StartsWith("hnswlib", StringComparison.Ordinal)));
        Assert.True(names.Contains("hnswlib") || missing.Any(remedy => remedy.Contains("apt-get install g++ libhnswlib-dev")));
        Assert.Contains(missing, remedy => remedy.Contains("-p:HnswNet=true"));

        JsonElement lean = engines[0].GetProperty("threads")[0].GetProperty("rounds");
        Assert.Equal(2, lean.GetArrayLength());
        Assert.True(lean[0][1].GetProperty("recall").GetDouble() > 0.9);
        Assert.Equal(0, engines[0].GetProperty("allocated_per_query").GetDouble());
        Assert.Equal(1, engines[2].GetProperty("threads")[0].GetProperty("rounds")[0][0].GetProperty("recall").GetDouble());
        Assert.Contains("ann-lean", run.Out);
        Assert.Contains("-bit kernels", run.Out);
        Assert.All(engines, engine => Assert.True(
            engine.GetProperty("threads")[0].GetProperty("rounds")[0][0].GetProperty("cpu_us").GetDouble() > 0));
        Assert.Contains("data-series='exact'", File.ReadAllText(folder["peers.html"]));
        Assert.Empty(Directory.GetFiles(folder["cache"], "*.partial"));
    }

    /// <summary>
    /// The run is ended when the second round begins: the first is printed, and stands in the file. It is one of USearch, where its library
    /// loads, and finds more with a wider beam; elsewhere the library is named.
    /// </summary>
    [Fact]
    public async Task RoundsThatAreFinishedOutliveTheRun()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "workers are pinned with taskset, which only Linux has");
        bool hasUsearch = UsearchTarget.Missing() is null;
        using TemporaryFolder folder = new();
        (await BenchRun.RunAsync(
            "gen", "--rows", "600", "--dim", "12", "--queries", "40", "--truth", "10", "--output", folder["set"])).Expect(0);
        using CancellationTokenSource stop = new();

        ToolRun run = (await BenchRun.RunAsync(
            new EndingWriter("round 2 of 3", stop), stop.Token,
            "peers", "--base", Path.Combine(folder["set"], "base.fbin"), "--queries", Path.Combine(folder["set"], "query.fbin"),
            "--metric", "cosine", "--engines", hasUsearch ? "usearch-f32" : "usearch-f32,ann-lean", "--ef", "10,40", "--rounds", "3",
            "--point-ms", "1", "--cache", folder["cache"], "--json", folder["peers.json"])).Expect(130);

        Assert.Contains("1 of 3 rounds, since the run was cut off", run.Out);
        JsonElement report = JsonDocument.Parse(File.ReadAllText(folder["peers.json"])).RootElement;
        Assert.Equal((1, 3), (report.GetProperty("rounds").GetInt32(), report.GetProperty("rounds_asked").GetInt32()));
        JsonElement engine = Assert.Single(report.GetProperty("engines").EnumerateArray());
        JsonElement round = Assert.Single(engine.GetProperty("threads")[0].GetProperty("rounds").EnumerateArray());
        double[] recalls = [.. round.EnumerateArray().Select(point => point.GetProperty("recall").GetDouble())];
        Assert.True(recalls[0] < recalls[1] && recalls[1] > 0.9, $"{recalls[0]} at ef 10, {recalls[1]} at ef 40");
        Assert.StartsWith(hasUsearch ? "USearch 2." : "AnnServer ", engine.GetProperty("version").GetString());
        Assert.Equal(!hasUsearch, run.Out.Contains("usearch-f32: not here: its library does not load", StringComparison.Ordinal));
    }

    [Fact]
    public void RoundsThatDifferMuchAreWarnedOf()
    {
        PeersReport report = Sample();
        Assert.Empty(RangeNotes.Of(report));
        IReadOnlyList<CurvePoint> own = report.Engines[0].Threads[0].Rounds[0], other = report.Engines[1].Threads[0].Rounds[0];
        IReadOnlyList<CurvePoint> slow = [.. own.Select(static point => point with { Qps = point.Qps / 2 })];
        ThreadsReport part = new() { Threads = 1, Rounds = [own, slow], Targets = TargetTable.Of([own, slow], [other, other]) };
        report = report with { Engines = [report.Engines[0] with { Threads = [part] }, report.Engines[1]], Rounds = 2, RoundsAsked = 2 };

        string note = Assert.Single(RangeNotes.Of(report));

        Assert.Contains("warning: the rounds of ann-fast on 1 thread differ by more than 20 % at recall 0.9, 0.95, 0.99; ", note);
        Assert.Contains("from 1.50 to 3.00 times hnswlib, by processor time from 1.00 to 1.00.", note);
        StringWriter text = new();
        PeersTable.Print(text, report);
        Assert.Contains(note, text.ToString());
        Assert.Contains("1.50..3.00!", text.ToString());
        Assert.Contains("differ by more than 20 %", HtmlReport.Render(report));
    }

    [Fact]
    public async Task BadInputIsOneLine()
    {
        using TemporaryFolder folder = new();
        string rows = SampleVectors.Write(folder, "base.fbin", 30);
        string cache = folder["cache"];

        (await BenchRun.RunAsync("peers", "--base", rows, "--queries", rows, "--metric", "l2", "--engines", "warp", "--cache", cache))
            .ExpectRefusal("--engines holds 'warp'", "hnswlib");
        (await BenchRun.RunAsync("peers", "--base", rows, "--queries", rows, "--metric", "l2", "--ef", "5", "--cache", cache))
            .ExpectRefusal("--ef holds '5'");
        (await BenchRun.RunAsync("peers", "--base", folder["no.fbin"], "--queries", rows, "--metric", "l2", "--cache", cache))
            .ExpectRefusal("no such file");
        (await BenchRun.RunAsync("peers", "--base", rows, "--queries", rows, "--metric", "l2", "--k", "31", "--cache", cache))
            .ExpectRefusal("--k is 31");
    }

    [Fact]
    public void ThePageHasALineForEveryEngineAndFetchesNothing()
    {
        string page = HtmlReport.Render(Sample());

        Assert.Equal(4, page.Split("<polyline").Length - 1); // two curves, and two entries of the legend
        Assert.Contains("data-series='ann-fast'", page);
        Assert.Contains("data-series='hnswlib'", page);
        Assert.Contains("apt-get install g++", page);
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.Contains("3.00", page);
    }

    [Fact]
    public void ThePageFitsThemeAndWidthAndTellsSpreadAndHeadline()
    {
        PeersReport report = Sample();
        EngineReport own = report.Engines[0];
        IReadOnlyList<CurvePoint> first = own.Threads[0].Rounds[0];
        IReadOnlyList<CurvePoint> second = [.. first.Select(static point => point with { Qps = point.Qps * 2 })];
        string page = HtmlReport.Render(report with
        {
            Engines = [own with { Threads = [own.Threads[0] with { Rounds = [first, second] }] }, report.Engines[1]],
        });

        Assert.Contains("prefers-color-scheme: dark", page);
        Assert.Contains("content='width=device-width, initial-scale=1'", page);
        Assert.Contains("@media (max-width: 640px)", page);
        Assert.Contains("<strong>3.00 &#215;</strong> as many queries a second as hnswlib at recall 0.95 on 1 thread", page);
        Assert.Equal(2, page.Split("<line class='spread'").Length - 1); // of one engine only: the other has one round
        Assert.Contains("ef 10: recall 0.9000, 4,500 queries/s (3,000 to 6,000)", page);
        string body = page[page.IndexOf("<body>", StringComparison.Ordinal)..];
        Assert.DoesNotContain("stroke='#", body); // colours are the theme's
        Assert.DoesNotContain("<svg viewBox='0 0 800 500' width", body);
        XDocument.Parse("<p>" + Svg().Match(body).Value + "</p>");
    }

    [Fact]
    public void BeamWidthsStartAtK()
    {
        Assert.Equal([10, 12, 14], PeersVerb.BeamWidths("", 10).Take(3));
        Assert.Equal(1000, PeersVerb.BeamWidths("", 1000)[0]);
        Assert.Equal([16, 32], PeersVerb.BeamWidths("32,16", 10));
    }

    [Fact]
    public void EveryMicroBenchmarkStillRuns()
    {
        IReadOnlyList<string> ran = MicroRun.Smoke();

        Assert.Contains("KernelBenchmarks.Int8DotKernel", ran);
        Assert.Contains("WalkBenchmarks.Search", ran);
        Assert.Contains("WireBenchmarks.ReadResponse", ran);
        Assert.Equal(11, ran.Count);
    }

    /// <summary>Ends a run when it tells a certain thing.</summary>
    private sealed class EndingWriter(string words, CancellationTokenSource stop) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(words, StringComparison.Ordinal) == true)
                stop.Cancel();
        }
    }

    [GeneratedRegex("<svg viewBox='0 0 800.*?</svg>")]
    private static partial Regex Svg();

    private static PeersReport Sample()
    {
        CurvePoint[] own = [new(10, 0.9, 3_000, 300, 600, 100, 0, 290), new(40, 0.995, 1_500, 600, 900, 300, 0, 590)];
        CurvePoint[] other = [.. own.Select(point => point with { Qps = point.Qps / 3, Allocated = -1 })];
        return new PeersReport
        {
            CommandLine = "ann-bench peers",
            Started = DateTimeOffset.UnixEpoch,
            Machine = new Machine
            {
                Cpu = "cpu",
                Cores = 2,
                SimdBits = "512",
                InstructionSet = "avx2 avx512bw",
                OperatingSystem = "os",
                Runtime = "runtime",
            },
            Set = new SetReport
            {
                Base = "set/base.fbin",
                Queries = "query.fbin",
                Rows = 1000,
                Dimension = 8,
                QueryCount = 10,
                Metric = "l2",
                Truth = "exact scan",
            },
            K = 10,
            Rounds = 1,
            RoundsAsked = 1,
            M = 16,
            EfConstruction = 200,
            Core = 0,
            Engines = [Engine("ann-fast", own), Engine("hnswlib", other)],
            Missing = [new MissingEngine("faiss-hnsw-flat", "there is no g++: apt-get install g++ libfaiss-dev")],
        };

        EngineReport Engine(string name, CurvePoint[] points) => new()
        {
            Name = name,
            Version = "1",
            Settings = "as always",
            Builds = [new BuildNote(1.5, 2, 1000)],
            DiskBytesPerRow = 1,
            MemoryPerRow = new MemoryReport(3, 2, 1),
            AllocatedPerQuery = 0,
            Threads = [new ThreadsReport { Threads = 1, Rounds = [points], Targets = TargetTable.Of([points], [other]) }],
        };
    }
}
