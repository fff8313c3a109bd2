using System.Diagnostics;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool.Reports;

namespace Ann.Tool.Evaluation;

/// <summary>
/// Measures one beam width: all queries, again and again until the clock has something to measure. Every answer is kept for the recall,
/// which is computed afterwards, off the clock.
/// </summary>
/// <param name="segment">Searched.</param>
/// <param name="queries">What is asked.</param>
/// <param name="k">Results of a query.</param>
/// <param name="threads">That ask.</param>
/// <param name="leastSeconds">Of a measurement, at the least, unless that is too many passes; the first one warms up as long.</param>
internal sealed class SearchTrial(SealedSegment segment, QuerySet queries, int k, int threads, double leastSeconds = 0.5)
{
    private const int MaxPasses = 50;
    private const int WarmUpQueries = 200;

    private readonly Neighbor[] _found = new Neighbor[queries.Count * k];
    private bool _isWarm;

    /// <summary>The answers of the last run: k a query, fewer filled up with node −1.</summary>
    public ReadOnlySpan<Neighbor> Found => _found;

    /// <summary>Runs all queries with one beam width. Recall is left for the caller.</summary>
    public EvalRun Run(int ef, CancellationToken cancellation)
    {
        double secondsAPass = WarmUp(ef, cancellation);
        int passes = (int)Math.Clamp(leastSeconds / secondsAPass, 1, MaxPasses);
        LatencySamples latencies = new(passes * queries.Count);
        (double seconds, Work work) = Search(ef, passes * queries.Count, latencies, cancellation);

        (double mean, double p50, double p99) = latencies.Summarise();
        int searches = passes * queries.Count;
        return new EvalRun
        {
            Ef = ef,
            Recall = 0,
            Qps = searches / seconds,
            MeanUs = mean,
            P50Us = p50,
            P99Us = p99,
            Visited = (double)work.Visited / searches,
            Expanded = (double)work.Expanded / searches,
            Reranked = (double)work.Reranked / searches,
        };
    }

    /// <summary>Untimed searches: mapped pages and, before the first run, compiled code. Returns how long a pass will take.</summary>
    private double WarmUp(int ef, CancellationToken cancellation)
    {
        int count = Math.Min(queries.Count, WarmUpQueries);
        long start = Stopwatch.GetTimestamp();
        double seconds;
        do
        {
            (seconds, _) = Search(ef, count, new LatencySamples(count), cancellation);
        }
        while (!_isWarm && Stopwatch.GetElapsedTime(start).TotalSeconds < leastSeconds); // Tiered compilation needs time, too.
        _isWarm = true;
        return seconds * queries.Count / count;
    }

    private (double Seconds, Work Work) Search(
        int ef, int searches, LatencySamples latencies, CancellationToken cancellation)
    {
        int next = -1;
        Work all = new();
        long start = Stopwatch.GetTimestamp();
        if (threads == 1)
            Run();
        else
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ => Run());
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        cancellation.ThrowIfCancellationRequested();
        return (seconds, all);

        void Run()
        {
            SearchParameters parameters = new(k, ef);
            SearchBudget budget = SearchBudget.Unlimited with { Cancellation = cancellation };
            Work own = new();
            while (Interlocked.Increment(ref next) is int search && search < searches && !cancellation.IsCancellationRequested)
            {
                int query = search % queries.Count;
                Span<Neighbor> results = _found.AsSpan(query * k, k);
                long began = Stopwatch.GetTimestamp();
                int count = segment.Search(queries[query], in parameters, in budget, results, out SearchStatistics statistics);
                latencies.Set(search, Stopwatch.GetTimestamp() - began);
                results[count..].Fill(new Neighbor(-1, float.PositiveInfinity));
                own.Visited += statistics.Visited;
                own.Expanded += statistics.Expanded;
                own.Reranked += statistics.Reranked;
            }
            Interlocked.Add(ref all.Visited, own.Visited);
            Interlocked.Add(ref all.Expanded, own.Expanded);
            Interlocked.Add(ref all.Reranked, own.Reranked);
        }
    }

    /// <summary>Sums over searches.</summary>
    private struct Work
    {
        public long Visited;
        public long Expanded;
        public long Reranked;
    }
}
