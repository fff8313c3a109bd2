using System.Diagnostics;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Tool.Evaluation;

namespace Ann.Bench.Live;

/// <summary>What searches of a live index give and cost at one beam width.</summary>
/// <param name="Ef">Beam width.</param>
/// <param name="Recall">Recall@10 against exact search of the same snapshot, by <see cref="TieAwareRecall"/>.</param>
/// <param name="Qps">Queries a second on one thread.</param>
/// <param name="P50Us">Median, microseconds.</param>
/// <param name="P99Us">99th percentile, microseconds.</param>
internal sealed record LivePoint(int Ef, double Recall, double Qps, double P50Us, double P99Us);

/// <summary>Searches through the snapshot of a live index, as the server does.</summary>
internal sealed class LiveSearch(LiveIndex index, QuerySet queries)
{
    public const int K = 10;

    private const int TruthQueries = 200;
    private const double WarmUpSeconds = 1;
    private const double MeasuredSeconds = 2;

    private readonly SearchHit[] _hits = new SearchHit[K];

    /// <summary>Measures one beam width.</summary>
    public LivePoint Measure(int ef, CancellationToken cancellation)
    {
        Run(ef, WarmUpSeconds, [], cancellation);
        List<long> ticks = [];
        double seconds = Run(ef, MeasuredSeconds, ticks, cancellation);
        (_, double p50, double p99) = LatencySamples.Of(ticks).Summarise();
        return new LivePoint(ef, Recall(ef, cancellation), ticks.Count / seconds, p50, p99);
    }

    /// <summary>Searches for a time.</summary>
    /// <returns>Seconds that it took.</returns>
    public double Run(int ef, double seconds, List<long> ticks, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; Stopwatch.GetElapsedTime(began).TotalSeconds < seconds; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            ticks.Add(Search(ef, i % queries.Count));
        }
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>One search.</summary>
    /// <returns>Its time in ticks of the stopwatch.</returns>
    public long Search(int ef, int query)
    {
        long start = Stopwatch.GetTimestamp();
        using (SnapshotLease lease = index.Acquire())
            lease.Snapshot.Search(queries[query], new SearchParameters(K, ef), SearchBudget.Unlimited, null, _hits, out _);
        return Stopwatch.GetTimestamp() - start;
    }

    /// <summary>Recall@10 over the first queries.</summary>
    public double Recall(int ef, CancellationToken cancellation)
    {
        using SnapshotLease lease = index.Acquire();
        SearchHit[] exact = new SearchHit[K];
        long right = 0;
        long wanted = 0;
        int count = Math.Min(TruthQueries, queries.Count);
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            int known = lease.Snapshot.Search(
                queries[i], new SearchParameters(K, Exact: true), SearchBudget.Unlimited, null, exact, out _);
            int found = lease.Snapshot.Search(queries[i], new SearchParameters(K, ef), SearchBudget.Unlimited, null, _hits, out _);
            TieAwareRecall truth = TieAwareRecall.Of(exact.AsSpan(0, known));
            right += truth.CountRight(_hits.AsSpan(0, found));
            wanted += truth.Wanted;
        }
        return wanted == 0 ? 1 : (double)right / wanted;
    }
}
