using Ann.Bench.Curves;
using Ann.Bench.Peers;
using Ann.Bench.Reports;
using Ann.Bench.Sets.Hard;
using Ann.Tool;

namespace Ann.Bench.Hard;

/// <summary>Measures recall of every set in every column, and prints a set's lines when they are known.</summary>
internal sealed class HardRun(ToolContext tool, HardRequest request)
{
    /// <summary>Runs all of it.</summary>
    /// <param name="commandLine">For the report.</param>
    /// <param name="cancellation">Ends it early.</param>
    public async Task<HardReport> RunAsync(string commandLine, CancellationToken cancellation)
    {
        DateTimeOffset started = tool.Time.GetUtcNow();
        Machine machine = Machine.Describe(tool.Files);
        (HardPeer? peer, string missing) = await HardPeer.CompileAsync(tool, request, machine, cancellation);
        if (peer is null)
            tool.Notice($"{PeerEngine.Baseline} is not compared: {missing}");
        HardTable.PrintHead(tool.Out);

        List<HardSetReport> sets = [];
        using ProgressMeter progress = new(tool, "hard", "sets", request.Sets.Count);
        foreach (HardSet set in request.Sets)
        {
            HardSetReport report = await MeasureAsync(set, peer, cancellation);
            sets.Add(report);
            HardTable.Print(tool.Out, report);
            progress.Report(sets.Count);
        }
        return new HardReport
        {
            CommandLine = commandLine,
            Started = started,
            Machine = machine,
            Seed = request.Seed,
            Missing = peer is null ? new MissingEngine(PeerEngine.Baseline, missing) : null,
            Sets = sets,
        };
    }

    /// <summary>Measures one set.</summary>
    /// <param name="set">Which.</param>
    /// <param name="peer">What is measured beside; null for nothing.</param>
    /// <param name="cancellation">Ends it early.</param>
    public async Task<HardSetReport> MeasureAsync(HardSet set, HardPeer? peer, CancellationToken cancellation)
    {
        HardRows rows = HardRows.Make(set, request.Seed, request.Ks.Max(), request.Threads, cancellation);
        (int K, int Ef)[] widths = [.. request.Ks.SelectMany(k => request.Ef.Where(ef => ef >= k).Select(ef => (k, ef)))];
        Dictionary<int, AnswerCheck> checks =
            request.Ks.ToDictionary(static k => k, k => new AnswerCheck(rows.Metric, rows.Base, rows.Queries, rows.Truth, k));
        IReadOnlyDictionary<(int K, int Ef), double> peers = peer is null
            ? new Dictionary<(int, int), double>()
            : await peer.MeasureAsync(rows, widths, k => checks[k], cancellation);

        HardIndexes indexes = new(tool.Files, tool.Time, rows, widths, request.Threads);
        Dictionary<HardColumn, IReadOnlyList<HardAnswers>> answers = [];
        foreach (HardColumn column in HardColumn.All.Where(static column => column.Place == HardPlace.Sealed))
        {
            string path = Path.Combine(request.Work, "sealed.ann");
            answers[column] = indexes.AskSealed(column.Codes, column.Layout, path, cancellation);
            HardColumn live = column with { Place = HardPlace.Live };
            (answers[column with { Place = HardPlace.Head }], answers[live]) = await indexes.AskLiveAsync(
                column.Codes, column.Layout, Path.Combine(request.Work, "live"), cancellation);
        }
        HardCell[] cells =
        [
            .. HardColumn.All.SelectMany(column => answers[column].Select(answer => new HardCell
            {
                Column = column.Name,
                K = answer.K,
                Ef = answer.Ef,
                Recall = checks[answer.K].Recall(answer.Rows),
                Certified = answer.Certified,
            })),
        ];
        return HardSetReport.Of(rows, cells, peers);
    }
}
