using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: a segment of which nearly all rows are dead gives all that a reader sees, at the cost of those. Method:
/// deaths by writes before and
/// after the read point, against the list of who lives.
/// </summary>
public sealed class FewLivingTests
{
    private const int Seed = 31;
    private const int Rows = 1000;
    private const int Dimension = 8;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(40)]
    public void WhoLivesAtTheReadPointIsFoundAndNobodyElse(int left)
    {
        float[][] rows = SegmentFixture.Clustered(Rows, Dimension, Seed);
        LiveSealedSegment segment = new(SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.L2)));
        HeadSegment head = new(HeadFixture.Shape(Dimension, Rows));
        HeadFixture.Fill(head, rows);
        int[] order = [.. Enumerable.Range(0, Rows)];
        new Random(Seed).Shuffle(order);
        for (int i = left; i < Rows; i++)
        {
            segment.Dead.Kill(order[i], sequence: i);
            head.Dead.Kill(order[i], sequence: i);
        }
        foreach (int sequence in new[] { Rows, Rows - 1, Rows - 10, left })
        {
            IEnumerable<int> expected = Enumerable.Range(0, Rows).Where(i => i < left || i > sequence).Select(i => order[i]).Order();
            foreach (LiveSegment one in new LiveSegment[] { segment, head })
            {
                Neighbor[] results = new Neighbor[Rows];
                int count = one.Search(
                    rows[5], new SearchParameters(Rows), SearchBudget.Unlimited, new ReadPoint(sequence, int.MaxValue), results,
                    out SearchStatistics cost);
                Assert.Equal(expected, results[..count].Select(result => result.Node).Order());
                Assert.True(left > Rows / 32 || cost.Visited == count, $"{cost.Visited} were looked at for {count}");
            }
        }
        segment.Release();
        head.Release();
    }
}
