using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>Goal: a batch is its queries one by one: the same answers at the same cost, the same errors, and nothing left behind.</summary>
public sealed class SearchManyTests : IDisposable
{
    private const int Seed = 42;
    private const int Dimension = 36;
    private const int K = 10;
    private static readonly float[][] Rows = SegmentFixture.Clustered(800, Dimension, Seed);
    private static readonly float[][] Queries = SegmentFixture.Clustered(40, Dimension, Seed + 1);
    private readonly SealedSegment _fast = SegmentFixture.Seal(Rows, SegmentFixture.Options(Metric.Cosine));

    public static MatrixTheoryData<Metric, SegmentLayout> Kinds => new(Enum.GetValues<Metric>(), Enum.GetValues<SegmentLayout>());

    public void Dispose() => _fast.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ABatchIsItsQueriesOneByOne(Metric metric, SegmentLayout layout)
    {
        using SealedSegment segment = SegmentFixture.Seal(Rows, SegmentFixture.Options(metric) with { Layout = layout });
        foreach (SearchParameters parameters in new SearchParameters[] { new(K, 40), new(K, Exact: true), new(1, 1) })
        {
            Answer[] alone = [.. Queries.Select(query => Ask(segment, query, parameters))];
            foreach (int size in new[] { 1, 5, 6, 7, 40 })
                Assert.Equal(alone[..size], AskMany(segment, Queries[..size], parameters));
        }
    }

    [Fact]
    public void AnEmptyBatchIsNoError() => _fast.SearchMany([], new(K), SearchBudget.Unlimited, [], [], []);

    /// <summary>The bad row comes among the first turns, and when turns are taken over.</summary>
    [Theory]
    [InlineData(SegmentLayout.Fast, 3)]
    [InlineData(SegmentLayout.Fast, 17)]
    [InlineData(SegmentLayout.Fast, 39)]
    [InlineData(SegmentLayout.Lean, 17)]
    public void ABadRowIsNamedAndTheSegmentAnswersOn(SegmentLayout layout, int bad)
    {
        using SealedSegment segment = SegmentFixture.Seal(Rows, SegmentFixture.Options(Metric.L2) with { Layout = layout });
        Answer[] expected = AskMany(segment, Queries, new(K, 40));
        float[][] queries = [.. Queries.Select(query => query.ToArray())];
        queries[bad][2] = float.NaN;

        AnnException error = Assert.Throws<AnnException>(() => AskMany(segment, queries, new(K, 40)));

        Assert.Equal((AnnError.InvalidArgument, "queries"), (error.Error, error.Field));
        Assert.Contains($"row {bad}, component 2 is NaN", error.Message, StringComparison.Ordinal);
        Assert.Equal(expected, AskMany(segment, Queries, new(K, 40)));
        Assert.Equal(expected, Queries.Select(query => Ask(segment, query, new(K, 40))));
    }

    [Fact]
    public void AWrongNumberOfComponentsIsNamed()
    {
        AnnException error = Assert.Throws<AnnException>(
            () => _fast.SearchMany(new float[70], new(K), SearchBudget.Unlimited, new Neighbor[20], new int[2], new SearchStatistics[2]));

        Assert.Contains("dimension 36; found 35", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AStoppedBatchTellsWhyAndLeavesNothing(Metric metric, SegmentLayout layout)
    {
        using SealedSegment segment = SegmentFixture.Seal(Rows, SegmentFixture.Options(metric) with { Layout = layout });
        Answer[] expected = AskMany(segment, Queries, new(K, 40));

        foreach ((SearchBudget budget, StopReason reason) in new[]
        {
            (new SearchBudget(0, CancellationToken.None), StopReason.Deadline),
            (new SearchBudget(long.MaxValue, new CancellationToken(true)), StopReason.Cancelled),
        })
        {
            Assert.Equal(reason, Ask(segment, Queries[0], new(K, 40), budget).Statistics.Stopped);
            Assert.All(AskMany(segment, Queries, new(K, 40), budget), answer => Assert.Equal(reason, answer.Statistics.Stopped));
            Assert.Equal(expected, AskMany(segment, Queries, new(K, 40)));
            Assert.Equal(expected, Queries.Select(query => Ask(segment, query, new(K, 40))));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ASteadyBatchAllocatesNothing(Metric metric, SegmentLayout layout)
    {
        using SealedSegment segment = SegmentFixture.Seal(Rows, SegmentFixture.Options(metric) with { Layout = layout });
        float[] queries = [.. Queries.SelectMany(query => query)];
        Neighbor[] results = new Neighbor[40 * K];
        int[] counts = new int[40];
        SearchStatistics[] statistics = new SearchStatistics[40];
        Assert.Equal(0, Allocations.OfSteady(Run));

        void Run()
        {
            for (int round = 0; round < 50; round++)
            {
                segment.SearchMany(queries, new SearchParameters(K, 40), SearchBudget.Unlimited, results, counts, statistics);
                segment.Search(Rows[round], new SearchParameters(K, 40), SearchBudget.Unlimited, results, out _);
            }
        }
    }

    [Fact]
    public void ManyThreadsGetTheAnswersOfOne()
    {
        Answer[] expected = AskMany(_fast, Queries, new(K, 40));

        Parallel.For(0, 100, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            int from = i % 20, size = 1 + i % 21;
            Assert.Equal(expected[from..(from + size)], AskMany(_fast, Queries[from..(from + size)], new(K, 40)));
            Assert.Equal(expected[i % 40], Ask(_fast, Queries[i % 40], new(K, 40)));
        });
    }

    private static Answer Ask(SealedSegment segment, float[] query, SearchParameters parameters, SearchBudget? budget = null)
    {
        Neighbor[] results = new Neighbor[parameters.K];
        int count = segment.Search(query, in parameters, budget ?? SearchBudget.Unlimited, results, out SearchStatistics statistics);
        return new Answer(string.Join(' ', results[..count]), statistics);
    }

    private static Answer[] AskMany(
        SealedSegment segment, float[][] queries, SearchParameters parameters, SearchBudget? budget = null)
    {
        int k = parameters.K;
        Neighbor[] results = new Neighbor[queries.Length * k];
        int[] counts = new int[queries.Length];
        SearchStatistics[] statistics = new SearchStatistics[queries.Length];
        segment.SearchMany(
            [.. queries.SelectMany(query => query)], in parameters, budget ?? SearchBudget.Unlimited, results, counts, statistics);
        return [.. queries.Select((_, i) => new Answer(string.Join(' ', results[(i * k)..(i * k + counts[i])]), statistics[i]))];
    }

    /// <summary>Results and statistics, compared by value.</summary>
    private readonly record struct Answer(string Results, SearchStatistics Statistics);
}
