using System.Diagnostics;
using System.Globalization;
using Ann.Protocol.V1;
using Ann.Tests.Tool;
using Grpc.Net.Client;

namespace Ann.Tests.Server.Soak;

/// <summary>
/// Goal: a server under mixed load stays as it is. Method: <c>ann serve</c> as a process; in each round callers of all sorts beside each
/// other, while a generation is brought in, and then, with nothing under way, all of it held to what was acknowledged. The load is
/// bounded by calls. ANN_NIGHTLY=1 goes on for 30 minutes, ANN_SOAK_MINUTES=n for n; ANN_SOAK_SEED repeats a run.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class SoakTests(SampleIndexes samples, ITestOutputHelper output)
{
    private const int Readers = 6;
    private const int Writers = 3;
    private const int RoundsThatTell = 9;

    /// <summary>
    /// Rounds of 5,000 calls and more, less the first third, from which the line of memory is judged. The native heap needs half a million
    /// calls until its pages are spread over all of its threads; of fewer rounds the line is told, not judged.
    /// </summary>
    private const int RoundsThatSettle = 40;

    private static readonly int Minutes =
        Setting("ANN_SOAK_MINUTES") ?? (Environment.GetEnvironmentVariable("ANN_NIGHTLY") == "1" ? 30 : 0);

    private static readonly int Seed = Setting("ANN_SOAK_SEED") ?? Environment.TickCount;
    private static readonly int Keys = Minutes > 0 ? 20_001 : 3_000;
    private static readonly int CallsOfRound = Minutes > 0 ? 5_000 : 700;
    private static readonly int LeastRounds = Minutes > 0 ? RoundsThatTell : 2;

    /// <summary>
    /// What the process may seem to grow by: 2 % and 16 MiB. The heap of .NET gives and takes some MiB a collection, and how many segments
    /// there are differs from round to round. Over a million calls, which 30 minutes are, it would show a leak of 20 bytes a call.
    /// </summary>
    private const double GrowthShare = 0.02;
    private const double GrowthBytes = 16 << 20;

    private static readonly string[] Failures = ["Exception", "failed unexpectedly", "   at ", "crit:", "fail:"];

    /// <summary>
    /// What Grpc.AspNetCore logs where a deadline passes while it writes the reply: its timer ends the answer, and the writer finds it
    /// ended. The caller has DEADLINE_EXCEEDED, as it should. Seen once in some ten thousand calls on a machine with too much to do.
    /// </summary>
    private static readonly string[] EndedWhileWritten =
    [
        "Invalid ordering of calling StartAsync or CompleteAsync and Advance.",
        "Writing is not allowed after writer was completed.",
    ];

    /// <summary>Pool threads and files of segments come and go.</summary>
    private const int MoreHandles = 16;
    private const int MoreThreads = 8;

    private readonly string _data = samples.NewDirectory();
    private readonly string _imports = samples.NewDirectory();
    private readonly string _snapshots = samples.NewDirectory();
    private readonly SoakTally _tally = new();
    private readonly SoakModel _model = new(Seed, Keys);

    [Fact]
    public async Task MixedLoadChangesNothingThatStays()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals.");
        output.WriteLine($"seed {Seed}");
        long start = Stopwatch.GetTimestamp();
        using ServeProcess serve = await StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(serve.Address);
        SoakKeeper keeper = new(channel, _tally, _imports, _snapshots);
        SoakTexts texts = new(channel, _tally, Seed);
        SoakReader[] readers = [.. Enumerable.Range(0, Readers).Select(number => new SoakReader(channel, _model, _tally, number, Seed))];
        SoakWriter[] writers =
            [.. Enumerable.Range(0, Writers).Select(number => new SoakWriter(channel, _model, _tally, number, Writers, Seed))];
        SoakAudit audit = new(channel, _tally, Seed);
        ProcessTrend trend = new(serve);
        await keeper.CreateAsync();
        await texts.CreateAsync();
        await Task.WhenAll(writers.Select(static writer => writer.FillAsync()));

        for (int round = 1; round <= LeastRounds || Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(Minutes); round++)
        {
            keeper.Build(_model.All(), (await keeper.DescribeAsync()).Log.Visible);
            long until = _tally.Operations + CallsOfRound;
            Task change = keeper.ChangeAsync();
            Task[] callers =
            [
                change, .. readers.Select(reader => Task.Run(() => reader.RunAsync(GoesOn))), writers[0].CallAsync(GoesOn),
                writers[1].CallAsync(GoesOn), writers[2].StreamAsync(GoesOn), texts.RunAsync(GoesOn),
            ];
            await Task.WhenAll(callers);
            RequireNoFaults();
            IndexDescription described = await keeper.DescribeAsync();
            _tally.Require(
                described.Log is { WriteFailure: "", CompactionFailure: "" } && described.Generations.Count == 1, "describe",
                () => described.ToString());
            await audit.RunAsync(_model.All());
            RequireNoFaults();
            if (ProcessTrend.CanTell)
            {
                ProcessTrend.Sample now = trend.Look(_tally.Operations);
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"round {round}, {Stopwatch.GetElapsedTime(start):mm\\:ss}: {now.Operations} calls, {described.Count} items, "
                    + $"{described.Segments} segments, {now.Rss >> 20} MiB, {now.Handles} handles, {now.Threads} threads"));
            }

            bool GoesOn() => !_tally.Faults.Any() && (_tally.Operations < until || !change.IsCompleted);
        }

        (int code, string errors) = await serve.StopAsync("TERM");
        Assert.Equal(0, code);
        string[] failures =
        [
            .. errors.Split('\n').Where(static line => Failures.Any(one => line.Contains(one, StringComparison.Ordinal))
                && !EndedWhileWritten.Any(one => line.Contains(one, StringComparison.Ordinal))),
        ];
        Assert.True(failures.Length == 0, $"{failures.Length} lines of the log, as:\n{string.Join('\n', failures.Take(20))}");
        using (ServeProcess again = await StartAsync())
        {
            using GrpcChannel other = GrpcChannel.ForAddress(again.Address);
            await new SoakAudit(other, _tally, Seed).RunAsync(_model.All());
        }
        RequireNoFaults();
        Report(trend, audit, writers);
        HoldRecall(audit, writers);
        if (ProcessTrend.CanTell)
            HoldTrend(trend);
    }

    private static int? Setting(string name) => int.TryParse(
        Environment.GetEnvironmentVariable(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out int value)
        ? value
        : null;

    private Task<ServeProcess> StartAsync() => ServeProcess.StartAsync(_data, new Dictionary<string, string>
    {
        ["DOTNET_GCHeapHardLimit"] = "0x10000000", // 256 MiB: a heap that may grow as it likes tells little of what it holds
        ["Ann__EmbeddedEncoder"] = "true",
        ["Ann__EncoderCacheDirectory"] = ToolRun.CacheDirectory,
        ["Ann__EncoderProviders"] = "cpu",
        ["Ann__HeadRows"] = Minutes > 0 ? "1024" : "256",
        ["Ann__CommitWindowMs"] = "1",
        ["Ann__LogRetentionBytes"] = "4MiB",
        ["Ann__ImportDirectory"] = _imports,
        ["Ann__SnapshotDirectory"] = _snapshots,
    });

    private void RequireNoFaults() =>
        Assert.True(!_tally.Faults.Any(), $"seed {Seed}:\n{string.Join('\n', _tally.Faults)}\n{_tally}");

    private void Report(ProcessTrend trend, SoakAudit audit, SoakWriter[] writers)
    {
        output.WriteLine($"calls by kind and end:\n{_tally}");
        foreach ((string kind, List<double> recall) in audit.Recall)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  recall, {kind}: mean {recall.Average():F4}, least of a round {recall.Min():F4}"));
        }
        string atOnce = string.Join(", ", writers.Select(static writer => writer.FoundAtOnce.ToString("F4", CultureInfo.InvariantCulture)));
        output.WriteLine($"  found first as soon as acknowledged, by writer: {atOnce}");
        output.WriteLine(ProcessTrend.CanTell ? trend.ToString() : "  skipped: memory, handles and threads, which Linux alone tells");
    }

    /// <summary>Every round is in the band, and the last ones are as good as the first.</summary>
    private static void HoldRecall(SoakAudit audit, SoakWriter[] writers)
    {
        foreach ((string kind, List<double> recall) in audit.Recall)
        {
            string figures = $"{kind}: {string.Join(' ', recall)}; seed {Seed}";
            Assert.True(recall.Min() >= 0.9 && recall.Average() >= 0.97, figures);
            int third = Math.Max(1, recall.Count / 3);
            Assert.True(recall.TakeLast(third).Average() >= recall.Take(third).Average() - 0.02, figures);
        }
        Assert.All(writers, static writer => Assert.InRange(writer.FoundAtOnce, 0.97, 1));
    }

    private void HoldTrend(ProcessTrend trend)
    {
        ProcessTrend.Sample[] settled = trend.Settled;
        int half = settled.Length / 2;
        if (half < RoundsThatTell / 3)
        {
            output.WriteLine($"  not judged: memory, handles and threads of {settled.Length} rounds");
            return;
        }
        string figures = $"{trend}\nseed {Seed}";
        (double grown, double _, double mean) = trend.Line();
        if (settled.Length >= RoundsThatSettle)
            Assert.True(grown <= mean * GrowthShare + GrowthBytes, figures);
        else
            output.WriteLine($"  not judged: the memory's line, of {settled.Length} rounds; {RoundsThatSettle} are needed");
        Assert.True(Most(half.., static one => one.Handles) <= Most(..half, static one => one.Handles) + MoreHandles, figures);
        Assert.True(Most(half.., static one => one.Threads) <= Most(..half, static one => one.Threads) + MoreThreads, figures);

        int Most(Range rounds, Func<ProcessTrend.Sample, int> of) => settled[rounds].Max(of);
    }
}
