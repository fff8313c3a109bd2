using System.Diagnostics;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Tool;
using Ann.Tool.Evaluation;

namespace Ann.Bench.Live;

/// <summary>What is run.</summary>
/// <param name="Base">File of rows.</param>
/// <param name="Queries">File of queries.</param>
/// <param name="Rows">Rows used; 0 for all.</param>
/// <param name="Metric">Of the index.</param>
/// <param name="Work">Directory for the index; must not exist.</param>
/// <param name="BeamWidths">Of the searches.</param>
/// <param name="HeadShares">Shares of the rows that are in the head while it is searched, in per cent.</param>
/// <param name="ChurnRounds">How often the whole content is replaced while it is searched.</param>
/// <param name="ChurnRate">Updates a second meanwhile; 0 for as many as go.</param>
internal sealed record LiveRequest(
    string Base, string Queries, int Rows, Metric Metric, string Work, int[] BeamWidths, int[] HeadShares, int ChurnRounds, int ChurnRate);

/// <summary>Ingests, compacts, searches with heads of several sizes, and replaces everything while searches go on.</summary>
internal sealed class LiveRun(ToolContext tool, LiveRequest request, CancellationToken cancellation)
{
    private readonly LiveSet _set = LiveSet.Load(tool, request.Base, request.Rows);
    private double _sealedRecall;

    /// <summary>Runs all of it and prints a line for each figure.</summary>
    public async Task RunAsync()
    {
        tool.Out.WriteLine(Machine.Describe(tool.Files).ToText());
        LiveIndexOptions options = new() { HeadBytes = 1L << 32 };
        await using LiveIndex index = Create(request.Work, options);
        QuerySet queries = QuerySet.Load(tool, request.Queries, request.Work, _set.Dimension);
        LiveSearch search = new(index, queries);

        await IngestAsync(index);
        Measure("sealed", search);
        if (request.ChurnRounds > 0)
            await ChurnAsync(index, search);
        await HeadsAsync(queries);
    }

    private LiveIndex Create(string directory, LiveIndexOptions options)
    {
        IndexSchema schema = new() { Dimension = _set.Dimension, Metric = request.Metric };
        return LiveIndex.Create(
            new(tool.Files, directory, "bench", schema, options, MemoryBudget.Unlimited(), tool.Time), new(null, ""));
    }

    private async Task IngestAsync(LiveIndex index)
    {
        using ProgressMeter progress = new(tool, "ingest", "rows", _set.Count);
        long began = Stopwatch.GetTimestamp();
        await _set.WriteAsync(index, 0, _set.Count, static i => i, done => progress.Report(done), cancellation);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        int segments = index.Generations[0].Segments;
        await index.CompactAsync(cancellation);
        double compacted = Stopwatch.GetElapsedTime(began).TotalSeconds;
        tool.Out.WriteLine(
            $"ingest: {_set.Count:N0} rows visible in {seconds:F1} s ({_set.Count / seconds:N0} rows/s), {segments} segments; "
            + $"compacted into one after {compacted:F1} s");
    }

    /// <summary>An index of all rows but a share, sealed, and the share in heads that are not sealed.</summary>
    private async Task HeadsAsync(QuerySet queries)
    {
        foreach (int share in request.HeadShares)
        {
            int head = (int)((long)_set.Count * share / 100);
            string directory = Path.Combine(request.Work, $"head-{share}");
            LiveIndexOptions options = new() { HeadBytes = 1L << 40, HeadRows = Math.Max(head + 1, 4096), MaxFrozenHeads = 1 };
            await using LiveIndex index = Create(directory, options);
            await _set.WriteAsync(index, 0, _set.Count - head, static i => i, null, cancellation);
            await index.CompactAsync(cancellation);
            await _set.WriteAsync(index, _set.Count - head, head, static i => i, null, cancellation);
            Measure($"sealed + head of {share} %, {index.Generations[0].Segments} segments", new LiveSearch(index, queries));
        }
    }

    private async Task ChurnAsync(LiveIndex index, LiveSearch search)
    {
        int ef = request.BeamWidths[^1];
        List<long> idle = [];
        search.Run(ef, 10, idle, cancellation);
        List<long> busy = [];
        using CancellationTokenSource ended = new();
        Task searching = Task.Run(() =>
        {
            for (int i = 0; !ended.IsCancellationRequested; i++)
                busy.Add(search.Search(ef, i % 1000));
        }, cancellation);

        long began = Stopwatch.GetTimestamp();
        for (int round = 1; round <= request.ChurnRounds; round++)
        {
            int shift = round * 7919; // each key gets another row of the set
            await _set.WriteAsync(
                index, 0, _set.Count, i => (int)((i + (long)shift) % _set.Count), null, cancellation, request.ChurnRate);
        }
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await ended.CancelAsync();
        await searching;
        GenerationStatus churned = index.Generations[0];
        double recall = search.Recall(ef, cancellation);
        (_, double idleP50, double idleP99) = LatencySamples.Of(idle).Summarise();
        (_, double busyP50, double busyP99) = LatencySamples.Of(busy).Summarise();
        tool.Out.WriteLine(
            $"churn: {(long)request.ChurnRounds * _set.Count:N0} updates in {seconds:F1} s "
            + $"({request.ChurnRounds * _set.Count / seconds:N0}/s), {busy.Count:N0} searches beside them; "
            + $"p50/p99 idle {idleP50:F0}/{idleP99:F0} us, churn {busyP50:F0}/{busyP99:F0} us ({busyP99 / idleP99:F2} x); "
            + $"{churned.Segments} segments, {churned.Dead:N0} dead rows, {churned.MemoryBytes:N0} bytes, recall@10 {recall:F4} at ef "
                + $"{ef}");
        await index.CompactAsync(cancellation);
        GenerationStatus compacted = index.Generations[0];
        tool.Out.WriteLine(
            $"churn, compacted: {compacted.Items:N0} items, {compacted.Dead} dead rows, {compacted.MemoryBytes:N0} bytes, "
            + $"recall@10 {search.Recall(ef, cancellation):F4} at ef {ef}; {_sealedRecall:F4} before: the same rows under other keys");
    }

    private void Measure(string what, LiveSearch search)
    {
        foreach (int ef in request.BeamWidths)
        {
            LivePoint point = search.Measure(ef, cancellation);
            _sealedRecall = point.Recall;
            tool.Out.WriteLine(
                $"{what}: ef {ef}: recall@10 {point.Recall:F4}, {point.Qps:N0} queries/s, p50 {point.P50Us:F0} us, p99 "
                    + $"{point.P99Us:F0} us");
        }
    }
}
