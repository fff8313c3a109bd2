using System.Diagnostics;
using System.Globalization;
using Ann.Bench.Curves;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool;
using Ann.Tool.Evaluation;

namespace Ann.Bench.Filters;

/// <summary>
/// Searches without some items: any, and those nearest to the query, which is what a user has seen. Measured as a request has it: the keys
/// as numbers, their set, their nodes, the search.
/// </summary>
/// <param name="tool">Files and console.</param>
/// <param name="index">An <c>.ann</c> file with numeric keys.</param>
/// <param name="vectors">Queries.</param>
/// <param name="queryCount">Queries used.</param>
/// <param name="rounds">Rounds of timed searches.</param>
/// <param name="counts">Keys excluded, a row of cells each.</param>
internal sealed class ExclusionsRun(
    ToolContext tool, string index, string vectors, int queryCount, int rounds, IReadOnlyList<int> counts)
{
    private const double MostAddedUs = 1000;
    private const double MostLost = 0.005;
    private const int JudgedCount = 10_000;

    private readonly SearchHit[] _found = new SearchHit[SearchParameters.MaxK];
    private readonly SearchHit[] _exact = new SearchHit[SearchParameters.MaxK];

    /// <summary>Prints a line a cell.</summary>
    /// <returns>True when 10,000 keys cost at most 1 ms, and no recall.</returns>
    public bool Run(CancellationToken cancellation)
    {
        tool.Out.WriteLine(Machine.Describe(tool.Files).ToText());
        LiveSealedSegment segment = new(SealedSegment.Open(tool.Files, index));
        IndexSnapshot snapshot = new("bench", segment.Sealed.Generation, default, [segment]);
        segment.Release(); // the snapshot holds it
        try
        {
            QuerySet queries = QuerySet.Load(tool, vectors, index, snapshot.Dimension);
            int count = Math.Min(queries.Count, queryCount);
            bool isKept = true;
            foreach (bool nearest in (bool[])[false, true])
                foreach (int keys in counts)
                    isKept &= Cells(snapshot, queries, count, Math.Min(keys, segment.Count / 2), nearest, cancellation);
            return isKept;
        }
        finally
        {
            snapshot.Release();
        }
    }

    private bool Cells(
        IndexSnapshot snapshot, QuerySet queries, int count, int keys, bool nearest, CancellationToken cancellation)
    {
        KeyColumn[] excluded = [.. Enumerable.Range(0, count).Select(query => Keys(snapshot, queries[query], keys, nearest, query))];
        bool isKept = true;
        foreach (int k in FiltersRequest.Ks)
        {
            double without = 0;
            double recall = 0;
            for (int query = 0; query < count; query++)
            {
                cancellation.ThrowIfCancellationRequested();
                without += Recall(snapshot, queries[query], null, k);
                recall += Recall(snapshot, queries[query], excluded[query], k);
            }
            (double plain, double p50, double p99) = Times(snapshot, queries, excluded, k);
            bool kept = keys != JudgedCount || (p50 - plain <= MostAddedUs && recall >= without - MostLost * count);
            isKept &= kept;
            tool.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(nearest ? "nearest" : "any"),-8}{keys,9:N0} keys  k {k,-4} recall {recall / count:F4} ({without / count:F4} without)  "
                    + $"p50 {p50,8:F0} us, p99 {p99,8:F0} us, added {p50 - plain,8:F0} us{(kept ? "" : "  MISSED")}"));
        }
        return isKept;
    }

    private static KeyColumn Keys(IndexSnapshot snapshot, ReadOnlySpan<float> query, int count, bool nearest, int seed)
    {
        KeyColumn keys = new(KeyKind.UInt64);
        if (!nearest)
        {
            Random random = new(seed);
            for (int i = 0; i < count; i++)
                keys.Add(snapshot.KeyOf(new SearchHit(0, random.Next((int)snapshot.Rows), 0)));
            return keys;
        }
        // More than k at once: every distance, sorted.
        (float Distance, int Node)[] all = new (float, int)[snapshot.Rows];
        LiveSealedSegment segment = (LiveSealedSegment)snapshot.Segments[0];
        for (int node = 0; node < all.Length; node++)
            all[node] = (segment.Sealed.Distance(query, node), node);
        Array.Sort(all);
        for (int i = 0; i < count; i++)
            keys.Add(snapshot.KeyOf(new SearchHit(0, all[i].Node, 0)));
        return keys;
    }

    private double Recall(IndexSnapshot snapshot, ReadOnlySpan<float> query, KeyColumn? excluded, int k)
    {
        using ItemSelection? selection = snapshot.Select(null, excluded is null ? null : Exclusion.OfKeys(excluded));
        SearchBudget budget = SearchBudget.Unlimited;
        int known = snapshot.Search(query, new SearchParameters(k, Exact: true), in budget, selection, _exact, out _);
        int found = snapshot.Search(query, new SearchParameters(k), in budget, selection, _found, out _);
        return TieAwareRecall.Of(_exact.AsSpan(0, known)).RecallOf(_found.AsSpan(0, found));
    }

    private (double Plain, double P50, double P99) Times(IndexSnapshot snapshot, QuerySet queries, KeyColumn[] excluded, int k)
    {
        List<double> plain = [];
        List<double> p50 = [];
        List<double> p99 = [];
        for (int round = 0; round <= rounds; round++) // the first one warms up
        {
            (double own, _) = Time(snapshot, queries, excluded, k, excludes: false);
            (double with, double tail) = Time(snapshot, queries, excluded, k, excludes: true);
            if (round == 0)
                continue;
            plain.Add(own);
            p50.Add(with);
            p99.Add(tail);
        }
        return (Spread.Of(plain)!.Median, Spread.Of(p50)!.Median, Spread.Of(p99)!.Median);
    }

    private (double P50, double P99) Time(IndexSnapshot snapshot, QuerySet queries, KeyColumn[] excluded, int k, bool excludes)
    {
        long[] ticks = new long[excluded.Length];
        SearchBudget budget = SearchBudget.Unlimited;
        for (int query = 0; query < ticks.Length; query++)
        {
            long start = Stopwatch.GetTimestamp();
            using (ItemSelection? selection = snapshot.Select(null, excludes ? Exclusion.OfKeys(excluded[query]) : null))
                snapshot.Search(queries[query], new SearchParameters(k), in budget, selection, _found, out _);
            ticks[query] = Stopwatch.GetTimestamp() - start;
        }
        (_, double p50, double p99) = LatencySamples.Of(ticks).Summarise();
        return (p50, p99);
    }
}
