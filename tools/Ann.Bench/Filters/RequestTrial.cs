using System.Diagnostics;
using Ann.Bench.Reports;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Tool.Evaluation;

namespace Ann.Bench.Filters;

/// <summary>
/// Measures the filters of all queries of one shape and share at one k as a request has them: checked, evaluated or found in the cache,
/// and then searched with. What is judged is the whole with the cache; what a filter costs that was never asked is told beside it.
/// </summary>
internal sealed class RequestTrial(IndexSnapshot snapshot, QuerySet queries, FiltersRequest request)
{
    private readonly SearchHit[] _found = new SearchHit[SearchParameters.MaxK];
    private readonly SearchHit[] _exact = new SearchHit[SearchParameters.MaxK];

    /// <summary>Searches until the compiler has done what it will do.</summary>
    public void WarmUp(Filter filter, CancellationToken cancellation)
    {
        for (int burst = 0; burst < 4 && request.WarmUpMs > 0; burst++)
        {
            long began = Stopwatch.GetTimestamp();
            for (int i = 0; Stopwatch.GetElapsedTime(began).TotalMilliseconds < request.WarmUpMs; i++)
            {
                using ItemSelection? selection = snapshot.Select(filter, null);
                Search(i % queries.Count, new SearchParameters(10, request.Ef), selection, _found, out _);
                Search(i % queries.Count, new SearchParameters(100), selection, _found, out _);
                Search(i % queries.Count, new SearchParameters(10, request.Ef), null, _found, out _);
            }
            cancellation.WaitHandle.WaitOne(200);
        }
    }

    /// <summary>One cell of the table.</summary>
    /// <param name="shape">Of the filters.</param>
    /// <param name="selectivity">Per cent.</param>
    /// <param name="k">Results wanted.</param>
    /// <param name="filters">One a query.</param>
    /// <param name="fresh">Makes filters alike that were never asked.</param>
    /// <param name="cancellation">Ends it.</param>
    public FilterCell Measure(
        FilterShape shape, double selectivity, int k, Filter[] filters, Func<Filter[]> fresh, CancellationToken cancellation)
    {
        SearchParameters walk = new(k, request.Ef == 0 ? 0 : Math.Max(k, request.Ef));
        SearchParameters exact = new(k, Exact: true);
        long[] scanTicks = new long[filters.Length];
        (double visited, double matching) = (0, 0);
        (int answered, long wanted) = (0, 0);
        bool isShort = false;
        Dictionary<SearchPlan, int> plans = [];
        for (int query = 0; query < filters.Length; query++)
        {
            cancellation.ThrowIfCancellationRequested();
            snapshot.Select(filters[query], null)?.Dispose(); // the second use is kept
            using ItemSelection? selection = snapshot.Select(filters[query], null);
            matching += selection?.Matching ?? snapshot.Items;
            long start = Stopwatch.GetTimestamp();
            int known = Search(query, exact, selection, _exact, out _);
            scanTicks[query] = Stopwatch.GetTimestamp() - start;
            int found = Search(query, walk, selection, _found, out SearchStatistics statistics);
            plans[statistics.Plan] = plans.GetValueOrDefault(statistics.Plan) + 1;
            visited += statistics.Visited;
            isShort |= found < known;
            wanted += known;
            answered += TieAwareRecall.Of(_exact.AsSpan(0, known)).CountRight(_found.AsSpan(0, found));
        }

        List<RequestTimes> plain = [];
        List<RequestTimes> warm = [];
        List<RequestTimes> cold = [];
        for (int round = 0; round < request.Rounds; round++)
        {
            plain.Add(Time(walk, null, filters.Length, cancellation));
            warm.Add(Time(walk, filters, filters.Length, cancellation));
            cold.Add(Time(walk, fresh(), filters.Length, cancellation));
        }
        SearchPlan plan = plans.MaxBy(pair => pair.Value).Key;
        return new FilterCell
        {
            Shape = shape,
            Selectivity = selectivity,
            K = k,
            Ef = walk.BeamWidth,
            Matching = matching / filters.Length,
            Recall = wanted == 0 ? 1 : (double)answered / wanted,
            P50Us = TrialTimes.Median(warm.Select(times => times.P50)),
            P99Us = TrialTimes.Median(warm.Select(times => times.P99)),
            PlainUs = TrialTimes.Median(plain.Select(times => times.P50)),
            ScanUs = TrialTimes.Summarise(scanTicks).P50,
            CachedUs = TrialTimes.Median(warm.Select(times => times.Select)),
            ColdUs = TrialTimes.Median(cold.Select(times => times.Select)),
            Visited = visited / filters.Length,
            Plan = plan,
            PlanShare = (double)plans[plan] / filters.Length,
            IsShort = isShort,
        };
    }

    private RequestTimes Time(SearchParameters parameters, Filter[]? filters, int count, CancellationToken cancellation)
    {
        long[] select = new long[count];
        long[] whole = new long[count];
        for (int query = 0; query < count; query++)
        {
            cancellation.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            using (ItemSelection? selection = snapshot.Select(filters?[query], null))
            {
                select[query] = Stopwatch.GetTimestamp() - start;
                Search(query, parameters, selection, _found, out _);
            }
            whole[query] = Stopwatch.GetTimestamp() - start;
        }
        (double p50, double p99) = TrialTimes.Summarise(whole);
        return new RequestTimes(p50, p99, TrialTimes.Summarise(select).P50);
    }

    private int Search(
        int query, in SearchParameters parameters, ItemSelection? selection, SearchHit[] results, out SearchStatistics statistics) =>
        snapshot.Search(queries[query], in parameters, SearchBudget.Unlimited, selection, results, out statistics);

    /// <summary>Microseconds of the whole, and the median of the selection alone.</summary>
    private readonly record struct RequestTimes(double P50, double P99, double Select);
}
