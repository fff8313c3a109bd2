using Ann.Core;
using Ann.Core.Codes;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: a head is walked on codes, answers with exact distances, and trusts no codes that changed under it. Method: what a search
/// reports of itself, and exact search of the same head.
/// </summary>
public sealed class HeadCodesTests
{
    private const int Seed = 4713;
    private const int Count = 2000;
    private const int Dimension = 48;
    private static readonly SearchParameters Walk = new(10, 60);
    private static readonly float[][] Rows = SegmentFixture.Clustered(Count, Dimension, Seed);

    [Theory]
    [InlineData(Metric.L2, Dimension, true)]
    [InlineData(Metric.Cosine, Dimension, true)]
    [InlineData(Metric.InnerProduct, Dimension, false)] // its codes are of tempered rows
    [InlineData(Metric.L2, CodeDistance.MinDimension - 1, false)]
    public void TheBestByCodesAreRankedByExactDistances(Metric metric, int dimension, bool onCodes)
    {
        float[][] rows = SegmentFixture.Clustered(Count, dimension, Seed);
        HeadSegment head = new(HeadFixture.Shape(dimension, Count, metric));
        HeadFixture.Fill(head, rows, group: 37);
        int right = 0;
        foreach (float[] query in SegmentFixture.Clustered(50, dimension, Seed + 1))
        {
            (Neighbor[] found, SearchStatistics statistics) = Search(head, query);
            Assert.Equal(onCodes, statistics.Reranked > 0);
            Dictionary<int, float> exact = HeadFixture.Search(head, query, new SearchParameters(Count, Exact: true))
                .ToDictionary(neighbor => neighbor.Node, neighbor => neighbor.Distance);
            Assert.All(found, neighbor => Assert.Equal(exact[neighbor.Node], neighbor.Distance));
            right += found.Select(neighbor => neighbor.Node).Intersect(exact.Keys.Take(10)).Count();
        }
        Assert.True(right >= 0.97 * 500, $"{right} of 500 found, seed {Seed}");
        head.Release();
    }

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    public void WhileRowsAreEncodedAnewTheRowsThemselvesAreWalked(Metric metric)
    {
        HeadSegment head = new(HeadFixture.Shape(Dimension, Count, metric));
        HeadFixture.Fill(head, Rows);
        GrowingCodes codes = head.Codes!;

        codes.BeginAnew();
        for (int row = 0; row < Count; row++)
            codes.Encode(row, new float[Dimension], 1); // what a reader would see of it leads nowhere
        foreach (float[] query in Rows[..20])
        {
            (Neighbor[] found, SearchStatistics statistics) = Search(head, query);
            Assert.Equal((0, Walk.EfSearch), (statistics.Reranked, statistics.EfSearch));
            Assert.Equal(HeadFixture.Search(head, query, new SearchParameters(10, Exact: true))[0], found[0]);
        }
        codes.EndAnew();

        Assert.True(Search(head, Rows[0]).Statistics.Reranked > 0);
        head.Release();
    }

    [Fact]
    public void AReaderIsToldThatCodesChanged()
    {
        using GrowingCodes codes = new(10, Dimension);
        int before = codes.TryBegin()!.Value;
        codes.Encode(0, Rows[0], 1); // of a node that nobody can know yet
        Assert.True(codes.AreStill(before));

        codes.BeginAnew();
        Assert.False(codes.AreStill(before));
        Assert.Null(codes.TryBegin());
        codes.EndAnew();

        Assert.False(codes.AreStill(before));
        Assert.True(codes.AreStill(codes.TryBegin()!.Value));
    }

    private static (Neighbor[] Found, SearchStatistics Statistics) Search(HeadSegment head, float[] query)
    {
        Neighbor[] results = new Neighbor[Walk.K];
        int count = head.Search(query, in Walk, SearchBudget.Unlimited, head.Published, results, out SearchStatistics statistics);
        return (results[..count], statistics);
    }
}
