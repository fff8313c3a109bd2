using Ann.Core;
using Ann.Core.Codes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: a head finds its rows however near they are to each other and however far one lies: where codes tell them apart no longer, it goes
/// on without. Method: recall against exact search, ties counted right, of rows that come in groups.
/// </summary>
public sealed class HardHeadsTests
{
    private const int Seed = 20261129;

    [Theory]
    [InlineData("variants 0.03", Metric.Cosine, 50)]
    [InlineData("variants 0.003", Metric.Cosine, 50)]
    [InlineData("variants 0.003", Metric.L2, 50)]
    [InlineData("variants 0.003", Metric.L2, 3000)]
    [InlineData("variants on the sphere 0.003", Metric.InnerProduct, 50)]
    [InlineData("long row", Metric.L2, 50)]
    [InlineData("long row", Metric.InnerProduct, 50)]
    [InlineData("far and tight", Metric.L2, 50)]
    public void RowsAreFound(string set, Metric metric, int group)
    {
        (float[][] rows, float[][] queries) = HardRows.Of(set, Seed);
        HeadSegment head = new(HeadFixture.Shape(rows[0].Length, rows.Length, metric));
        HeadFixture.Fill(head, rows, group);

        double recall = Recall(head, queries);
        Assert.True(recall >= 0.98, $"{recall:f4} of {set}, {metric}, seed {Seed}");
        head.Release();
    }

    [Fact]
    public void AFirstRowFarAwaySpoilsNothing()
    {
        (float[][] rows, float[][] queries) = HardRows.Of("long row", Seed);
        (rows[0], rows[1234]) = (rows[1234], rows[0]);
        HeadSegment head = new(HeadFixture.Shape(rows[0].Length, rows.Length));
        HeadFixture.Fill(head, rows, group: 3);

        double recall = Recall(head, queries);
        Assert.True(recall >= 0.98, $"{recall:f4}, seed {Seed}");
        Assert.False(head.Codes!.IsUnfit);
        head.Release();
    }

    [Fact]
    public void CodesThatAreUnfitAreReadNoMore()
    {
        (float[][] rows, _) = HardRows.Of("variants 0.003", Seed);
        HeadSegment head = new(HeadFixture.Shape(rows[0].Length, rows.Length));
        HeadFixture.Fill(head, rows[..200]);
        GrowingCodes codes = head.Codes!;
        Assert.NotNull(codes.TryBegin());

        for (int row = 200; row < rows.Length; row++)
            HeadFixture.Append(head, new ItemKey((ulong)row), rows[row]);
        head.Link();
        head.Publish(rows.Length);

        Assert.True(codes.IsUnfit);
        Assert.Null(codes.TryBegin());
        Assert.False(head.IsBuiltOnRows);
        head.Release();
    }

    private static double Recall(HeadSegment head, float[][] queries)
    {
        double sum = 0;
        foreach (float[] query in queries)
        {
            Neighbor[] exact = HeadFixture.Search(head, query, new SearchParameters(10, Exact: true));
            sum += HardRows.Share(exact, HeadFixture.Search(head, query, new SearchParameters(10, 256)));
        }
        return sum / queries.Length;
    }
}
