using System.Diagnostics;
using Ann.Bench.Reports;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool.Evaluation;

namespace Ann.Bench.Filters;

/// <summary>Measures the masks of all queries of one shape and share at one k.</summary>
internal sealed class FilterTrial(LiveSegment segment, QuerySet queries, FiltersRequest request)
{
    private readonly Neighbor[] _found = new Neighbor[SearchParameters.MaxK];
    private readonly Neighbor[] _exact = new Neighbor[SearchParameters.MaxK];

    /// <summary>Searches until the compiler has done what it will do.</summary>
    public void WarmUp(NodeMask mask, CancellationToken cancellation)
    {
        for (int burst = 0; burst < 4 && request.WarmUpMs > 0; burst++)
        {
            long began = Stopwatch.GetTimestamp();
            for (int i = 0; Stopwatch.GetElapsedTime(began).TotalMilliseconds < request.WarmUpMs; i++)
            {
                Search(i % queries.Count, new SearchParameters(10, request.Ef), mask, _found, out _);
                Search(i % queries.Count, new SearchParameters(100), mask, _found, out _);
                Search(i % queries.Count, new SearchParameters(10, request.Ef), null, _found, out _);
            }
            cancellation.WaitHandle.WaitOne(200);
        }
    }

    /// <summary>One cell of the table.</summary>
    public FilterCell Measure(FilterShape shape, double selectivity, int k, NodeMask[] masks, CancellationToken cancellation)
    {
        SearchParameters walk = new(k, request.Ef == 0 ? 0 : Math.Max(k, request.Ef));
        SearchParameters exact = new(k, Exact: true);
        long[] scanTicks = new long[masks.Length];
        double visited = 0;
        int answered = 0;
        long wanted = 0;
        bool isShort = false;
        Dictionary<SearchPlan, int> plans = [];
        for (int query = 0; query < masks.Length; query++)
        {
            cancellation.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            int known = Search(query, exact, masks[query], _exact, out _);
            scanTicks[query] = Stopwatch.GetTimestamp() - start;
            int found = Search(query, walk, masks[query], _found, out SearchStatistics statistics);
            plans[statistics.Plan] = plans.GetValueOrDefault(statistics.Plan) + 1;
            visited += statistics.Visited;
            isShort |= found < known;
            wanted += known;
            answered += TieAwareRecall.Of(_exact.AsSpan(0, known)).CountRight(_found.AsSpan(0, found));
        }
        double recall = wanted == 0 ? 1 : (double)answered / wanted;

        List<(double P50, double P99)> filtered = [];
        List<(double P50, double P99)> plain = [];
        for (int round = 0; round < request.Rounds; round++)
        {
            plain.Add(Time(walk, masks, usesMask: false, cancellation));
            filtered.Add(Time(walk, masks, usesMask: true, cancellation));
        }
        SearchPlan plan = plans.MaxBy(pair => pair.Value).Key;
        return new FilterCell
        {
            Shape = shape,
            Selectivity = selectivity,
            K = k,
            Ef = walk.BeamWidth,
            Matching = masks.Average(mask => (double)mask.Count),
            Recall = recall,
            P50Us = TrialTimes.Median(filtered.Select(sample => sample.P50)),
            P99Us = TrialTimes.Median(filtered.Select(sample => sample.P99)),
            PlainUs = TrialTimes.Median(plain.Select(sample => sample.P50)),
            ScanUs = TrialTimes.Summarise(scanTicks).P50,
            Visited = visited / masks.Length,
            Plan = plan,
            PlanShare = (double)plans[plan] / masks.Length,
            IsShort = isShort,
        };
    }

    private (double P50, double P99) Time(
        SearchParameters parameters, NodeMask[] masks, bool usesMask, CancellationToken cancellation)
    {
        long[] ticks = new long[masks.Length];
        for (int query = 0; query < masks.Length; query++)
        {
            cancellation.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            Search(query, parameters, usesMask ? masks[query] : null, _found, out _);
            ticks[query] = Stopwatch.GetTimestamp() - start;
        }
        return TrialTimes.Summarise(ticks);
    }

    private int Search(int query, in SearchParameters parameters, NodeMask? mask, Neighbor[] results, out SearchStatistics statistics)
    {
        int count = 0;
        statistics = default;
        segment.Search(
            new SegmentQuery { Queries = queries[query], Parameters = parameters, Mask = mask }, results, new Span<int>(ref count),
            new Span<SearchStatistics>(ref statistics));
        return count;
    }
}
