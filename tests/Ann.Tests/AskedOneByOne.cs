using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests;

/// <summary>The ways to ask that tests are written in: part by part instead of as one question.</summary>
internal static class AskedOneByOne
{
    public static void SearchMany(
        this SealedSegment segment, ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget,
        Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics) =>
        segment.Search(
            new SegmentQuery { Queries = queries, Parameters = parameters, Budget = budget }, results, counts, statistics);

    public static int Search(
        this LiveSegment segment, ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, ReadPoint at,
        Span<Neighbor> results, out SearchStatistics statistics) =>
        segment.Search(query, in parameters, in budget, at, mask: null, results, out statistics);

    public static int Search(
        this LiveSegment segment, ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, ReadPoint at,
        NodeMask? mask, Span<Neighbor> results, out SearchStatistics statistics)
    {
        Span<int> counts = [0];
        Span<SearchStatistics> costs = [default];
        segment.SearchMany(query, in parameters, in budget, at, mask, results, counts, costs);
        statistics = costs[0];
        return counts[0];
    }

    public static void SearchMany(
        this LiveSegment segment, ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ReadPoint at,
        Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics) =>
        segment.SearchMany(queries, in parameters, in budget, at, mask: null, results, counts, statistics);

    public static void SearchMany(
        this LiveSegment segment, ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ReadPoint at,
        NodeMask? mask, Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics) =>
        segment.Search(
            new SegmentQuery { Queries = queries, Parameters = parameters, Budget = budget, At = at, Mask = mask }, results, counts,
            statistics);

    public static int Search(
        this IndexSnapshot snapshot, ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget,
        Span<SearchHit> results, out SearchStatistics statistics) =>
        snapshot.Search(query, in parameters, in budget, selection: null, results, out statistics);

    public static void SearchMany(
        this IndexSnapshot snapshot, ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget,
        Span<SearchHit> results, Span<int> counts, Span<SearchStatistics> statistics) =>
        snapshot.SearchMany(queries, in parameters, in budget, selection: null, results, counts, statistics);
}
