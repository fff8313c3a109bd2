using System.Diagnostics;
using System.Globalization;
using Ann.Core.Distances;
using Ann.Core.Searching;

namespace Ann.Core.Indexes;

/// <summary>What was measured of a candidate.</summary>
/// <param name="Queries">Real queries used.</param>
/// <param name="SampledRows">Rows used as queries for want of real ones.</param>
/// <param name="Recall">Recall@10; null when not measured.</param>
/// <param name="Overlap">Share of the serving generation's ten nearest; null when not measured.</param>
/// <param name="P99">Of the search time; null when not measured.</param>
/// <param name="Refusals">What falls short, each with its figures; empty when the candidate may take over.</param>
internal sealed record PromotionFigures(
    int Queries, int SampledRows, double? Recall, double? Overlap, TimeSpan? P99, IReadOnlyList<AnnViolation> Refusals)
{
    /// <summary>Nothing measured.</summary>
    public static PromotionFigures None { get; } = new(0, 0, null, null, null, []);
}

/// <summary>
/// Judges a candidate by recent real queries, and by rows of its own where there are too few. It also warms the candidate up: nobody has
/// searched it before.
/// </summary>
internal static class PromotionMeasurement
{
    private const int K = 10;

    /// <summary>Fewer real queries than this say nothing; rows of the candidate join them.</summary>
    private const int FewestQueries = 32;

    /// <summary>Multiply-adds that the exact answers may cost: some seconds of one core.</summary>
    private const double ExactBudget = 2e10;

    /// <summary>Refuses a gate that nobody can mean.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the field.</exception>
    public static void Validate(PromotionGate gate)
    {
        RequireShare("min_recall", gate.MinRecall);
        RequireShare("min_overlap", gate.MinOverlap);
        if (gate.MaxP99Ms is { } p99 && !(p99 is > 0 and <= PromotionGate.MostMs))
        {
            throw AnnException.Invalid(
                "max_p99_ms", Text($"max_p99_ms is {p99}; it must be above 0 and at most {PromotionGate.MostMs}."));
        }
    }

    /// <summary>What is missing in a candidate, for people.</summary>
    public static string MissedText(Generation candidate) =>
        $"{candidate.Missed.Count} items were last written with another encoder than generation {candidate.Id} has; write them to it too";

    /// <summary>Measures what the gate asks for, and compares.</summary>
    public static PromotionFigures Measure(LiveState state, Generation candidate, PromotionGate gate, CancellationToken cancellation)
    {
        if (!candidate.TryAcquire(out SnapshotLease held))
            throw AnnException.Refused("generation", $"Generation {candidate.Id} was detached.");
        using SnapshotLease lease = held;
        List<AnnViolation> refusals = [];
        if (candidate.Missed.Count > 0)
            refusals.Add(new AnnViolation("missed_keys", MissedText(candidate)));

        bool sameEncoder = candidate.Encoders.Queries.Fingerprint == state.Serving.Encoders.Queries.Fingerprint;
        List<float[]> real = [.. candidate.Samples.Copy(), .. sameEncoder ? state.Serving.Samples.Copy() : []];
        real = Bounded(real, lease.Snapshot);
        List<float[]> queries = [.. real, .. Rows(lease.Snapshot, Math.Max(0, FewestQueries - real.Count))];
        TimeSpan? p99 = Time(lease.Snapshot, queries, cancellation);
        double? recall = gate.MinRecall is null || queries.Count == 0 ? null : Recall(lease.Snapshot, queries, cancellation);
        double? overlap = null;
        if (gate.MinOverlap is not null && sameEncoder && real.Count > 0)
            overlap = Overlap(state, lease.Snapshot, real, cancellation);

        Compare(refusals, "min_recall", "recall@10", recall, gate.MinRecall, "the candidate holds no items to measure it with");
        Compare(refusals, "min_overlap", "overlap", overlap, gate.MinOverlap, sameEncoder
            ? "no recent queries are known to measure it with"
            : "the generations take queries of different encoders, so no query can be asked of both");
        if (gate.MaxP99Ms is { } most && p99 is { TotalMilliseconds: double found } && found > most)
            refusals.Add(new AnnViolation("max_p99_ms", Text($"p99 {found:F2} ms is above {most:F2}")));
        return new PromotionFigures(real.Count, queries.Count - real.Count, recall, overlap, p99, refusals);
    }

    private static void RequireShare(string field, double? value)
    {
        if (value is { } share && !(share is >= 0 and <= 1))
            throw AnnException.Invalid(field, Text($"{field} is {share}; it must be 0 to 1."));
    }

    private static void Compare(List<AnnViolation> refusals, string field, string what, double? found, double? least, string unknown)
    {
        if (least is null)
            return;
        if (found is null)
            refusals.Add(new AnnViolation(field, $"{what} cannot be measured: {unknown}"));
        else if (found < least)
            refusals.Add(new AnnViolation(field, Text($"{what} {found:F4} is below {least:F4}")));
    }

    private static List<float[]> Bounded(List<float[]> queries, IndexSnapshot snapshot)
    {
        double cost = Math.Max(1.0, snapshot.Items) * snapshot.Dimension;
        int most = (int)Math.Clamp(ExactBudget / cost, FewestQueries, Math.Max(FewestQueries, queries.Count));
        return queries.Count <= most ? queries : queries[^most..];
    }

    /// <summary>Rows spread over the largest segment.</summary>
    private static IEnumerable<float[]> Rows(IndexSnapshot snapshot, int count)
    {
        Segments.LiveSegment largest = snapshot.Segments.MaxBy(static segment => segment.Count)!;
        int rows = Math.Min(count, largest.Count);
        for (int i = 0; i < rows; i++)
        {
            float[] row = largest.Row((int)((long)i * largest.Count / rows)).ToArray();
            if (RowPreparation.IsQuery(snapshot.Metric, row))
                yield return row;
        }
    }

    private static TimeSpan? Time(IndexSnapshot snapshot, List<float[]> queries, CancellationToken cancellation)
    {
        if (queries.Count == 0)
            return null;
        SearchHit[] hits = new SearchHit[K];
        TimeSpan[] times = new TimeSpan[queries.Count];
        for (int round = 0; round < 2; round++) // the first one warms up
        {
            for (int i = 0; i < times.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                long began = Stopwatch.GetTimestamp();
                snapshot.Search(queries[i], new SearchParameters(K), SearchBudget.Unlimited, selection: null, hits, out _);
                times[i] = Stopwatch.GetElapsedTime(began);
            }
        }
        Array.Sort(times);
        return times[(int)Math.Ceiling(0.99 * times.Length) - 1];
    }

    private static double Recall(IndexSnapshot snapshot, List<float[]> queries, CancellationToken cancellation)
    {
        SearchHit[] exact = new SearchHit[K];
        SearchHit[] found = new SearchHit[K];
        long right = 0;
        long all = 0;
        foreach (float[] query in queries)
        {
            cancellation.ThrowIfCancellationRequested();
            int known = snapshot.Search(query, new SearchParameters(K, Exact: true), SearchBudget.Unlimited, selection: null, exact, out _);
            int count = snapshot.Search(query, new SearchParameters(K), SearchBudget.Unlimited, selection: null, found, out _);
            all += known;
            right += TieAwareRecall.Of(exact.AsSpan(0, known)).CountRight(found.AsSpan(0, count));
        }
        return all == 0 ? 1 : (double)right / all;
    }

    private static double Overlap(LiveState state, IndexSnapshot candidate, List<float[]> queries, CancellationToken cancellation)
    {
        if (!state.Serving.TryAcquire(out SnapshotLease serving))
            return 0;
        using SnapshotLease lease = serving;
        SearchHit[] hits = new SearchHit[K];
        long shared = 0;
        long all = 0;
        foreach (float[] query in queries)
        {
            cancellation.ThrowIfCancellationRequested();
            HashSet<string> now = Keys(lease.Snapshot, query, hits);
            HashSet<string> then = Keys(candidate, query, hits);
            all += now.Count;
            now.IntersectWith(then);
            shared += now.Count;
        }
        return all == 0 ? 1 : (double)shared / all;
    }

    private static HashSet<string> Keys(IndexSnapshot snapshot, float[] query, SearchHit[] hits)
    {
        int count = snapshot.Search(query, new SearchParameters(K), SearchBudget.Unlimited, selection: null, hits, out _);
        HashSet<string> keys = new(StringComparer.Ordinal);
        foreach (SearchHit hit in hits.AsSpan(0, count))
            keys.Add(snapshot.KeyOf(hit).ToString());
        return keys;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
