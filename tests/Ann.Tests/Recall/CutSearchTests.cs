using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Recall;

/// <summary>
/// Goal: a call that is cancelled, or whose deadline passes, stops within little work, wherever it is.
/// Method: a budget that trips at its n-th look, and the work that the statistics count; no clock.
/// </summary>
public sealed class CutSearchTests(MeasuredSegments segments) : IClassFixture<MeasuredSegments>
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(9)]
    public void AWalkEndsWithinSixteenExpansions(int looks)
    {
        foreach (SealedSegment segment in segments.All)
        {
            Neighbor[] found = new Neighbor[200];
            SearchBudget budget = Cut(looks, StopReason.Cancelled);
            int count = segment.Search(
                MeasuredSegments.Queries[0], new SearchParameters(200, 400), budget, found, out SearchStatistics cost);

            Assert.Equal(StopReason.Cancelled, cost.Stopped);
            Assert.Equal(16 * looks, cost.Expanded);
            Assert.Equal(0, cost.Reranked);
            if (segment.Codes != CodesKind.F32)
                Assert.Equal(0, count);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void AScanEndsWithinAPiece(int looks)
    {
        foreach (SealedSegment segment in segments.All)
        {
            Neighbor[] found = new Neighbor[10];
            SearchBudget budget = Cut(looks, StopReason.Cancelled);
            segment.Search(MeasuredSegments.Queries[0], new SearchParameters(10, Exact: true), budget, found, out SearchStatistics cost);

            Assert.Equal(1024 * looks, cost.Visited);
        }
    }

    [Theory]
    [InlineData(16, 1024)]
    [InlineData(128, 1024)]
    [InlineData(1024, 128)]
    [InlineData(65_536, 2)]
    [InlineData(1 << 20, 1)]
    public void APieceOfAScanIsNoMoreBytesForLongerRows(int stride, int rows) => Assert.Equal(rows, ExactScan.RowsPerCheck(stride));

    [Fact]
    public void RerankingManyRowsEndsWithinAPiece()
    {
        SealedSegment segment = segments.All[1];
        const int K = 4000;
        Neighbor[] whole = new Neighbor[K];
        segment.Search(MeasuredSegments.Queries[0], new SearchParameters(K, K), SearchBudget.Unlimited, whole, out SearchStatistics all);
        CheckLimit walking = new(int.MaxValue);
        SearchParameters parameters = new(K, K);
        Neighbor[] found = new Neighbor[K];
        segment.Search(MeasuredSegments.Queries[0], parameters, SearchBudget.Unlimited with { Limit = walking }, found, out _);
        int looksOfTheWalk = walking.Looks - (all.Reranked - 1) / 512;

        SearchBudget budget = Cut(looksOfTheWalk + 2, StopReason.Deadline);
        int count = segment.Search(MeasuredSegments.Queries[0], parameters, budget, found, out SearchStatistics cost);
        budget = Cut(looksOfTheWalk + 2, StopReason.Cancelled);
        int ofCancelled = segment.Search(MeasuredSegments.Queries[0], parameters, budget, new Neighbor[K], out SearchStatistics cancelled);

        Assert.Equal(StopReason.Deadline, cost.Stopped);
        Assert.Equal((K, 3 * 512), (count, cost.Reranked));
        Assert.Equal(whole.Take(1000).Select(static x => x.Node), found.Take(1000).Select(static x => x.Node));
        Assert.All(found.Zip(found.Skip(1)), pair => Assert.True(pair.First.Distance <= pair.Second.Distance));
        Assert.Equal(K, found.Select(static x => x.Node).Distinct().Count());
        Assert.Equal((0, 3 * 512), (ofCancelled, cancelled.Reranked));
    }

    [Fact]
    public void ALimitOnRerankingKeepsTheRestInTheOrderOfTheCodes()
    {
        SealedSegment segment = segments.All[1];
        Neighbor[] whole = new Neighbor[100];
        Neighbor[] half = new Neighbor[100];
        foreach (float[] query in MeasuredSegments.Queries)
        {
            segment.Search(query, new SearchParameters(100, 150), SearchBudget.Unlimited, whole, out _);
            SearchParameters limited = new(100, 150) { MostReranked = 50 };
            int count = segment.Search(query, in limited, SearchBudget.Unlimited, half, out SearchStatistics cost);

            Assert.Equal((100, 50, StopReason.None), (count, cost.Reranked, cost.Stopped));
            Assert.True(whole.Select(static x => x.Node).Intersect(half.Select(static x => x.Node)).Count() >= 90);
            Assert.All(half.Zip(half.Skip(1)), pair => Assert.True(pair.First.Distance <= pair.Second.Distance));
        }
    }

    [Fact]
    public void TheOtherQueriesOfACancelledCallAreNotBegun()
    {
        foreach (SealedSegment segment in segments.All)
        {
            const int Rows = 60;
            float[] queries = [.. MeasuredSegments.Queries.Take(Rows).SelectMany(static query => query)];
            int[] counts = new int[Rows];
            SearchStatistics[] costs = new SearchStatistics[Rows];
            CheckLimit limit = new(1, StopReason.Cancelled);
            segment.SearchMany(
                queries, new SearchParameters(10, 64), SearchBudget.Unlimited with { Limit = limit }, new Neighbor[Rows * 10], counts,
                costs);

            Assert.All(costs, static cost => Assert.Equal(StopReason.Cancelled, cost.Stopped));
            Assert.True(costs.Count(static cost => cost.Visited > 0) <= 6, "walks that take turns"); // QueryTurns.Count
            Assert.All(counts.Skip(6), static count => Assert.Equal(0, count));
        }
    }

    private static SearchBudget Cut(int looks, StopReason reason) =>
        SearchBudget.Unlimited with { Limit = new CheckLimit(looks, reason) };
}
