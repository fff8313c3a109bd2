using Ann.Core.Searching;

namespace Ann.Tests.Searching;

/// <summary>Goal: what is counted as right is right, whatever the scale, the sign and the ties of the distances.</summary>
public sealed class TieAwareRecallTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(new[] { 1f, 2f, 3f }, new[] { 1f, 2f, 4f }, 2)]
    [InlineData(new[] { 1f, 2f, 2f }, new[] { 1f, 2f, 3f }, 2)]
    [InlineData(new[] { 1f, 2f, 2f }, new[] { 2f, 2f, 2f }, 2)] // the nearest is missing, and no tie makes up for it
    [InlineData(new[] { 2f, 2f, 2f }, new[] { 2f, 2f, 2f }, 3)] // any of the tied is right
    [InlineData(new[] { 0f, 0f, 0f }, new[] { 0f, 0f, 1f }, 2)]
    [InlineData(new[] { -3f, -2f, -2f }, new[] { -2f, -2f, -2f }, 2)]
    [InlineData(new[] { -3f, -2f, -1f }, new[] { -3f, -2f, 1f }, 2)]
    [InlineData(new[] { -1f, 0f, 0f }, new[] { -1f, 0f, 1e-7f }, 2)]
    [InlineData(new[] { 1e-14f, 2e-14f, 3e-14f }, new[] { 1e-14f, 4e-14f, 5e-14f }, 1)] // squares of differences of 1e-7
    [InlineData(new[] { 1e14f, 2e14f, 3e14f }, new[] { 1e14f, 4e14f, 5e14f }, 1)]
    [InlineData(new[] { 1f, 1.0000001f, 1.0000002f }, new[] { 1.0000001f, 1.0000002f, 1.0000002f }, 3)] // one sum in another order
    [InlineData(new float[0], new[] { 1f }, 0)] // the first row came between the exact search and the walk
    [InlineData(new[] { 2f }, new[] { 1f, 2f }, 1)] // a nearer one did: no more can be right than are known
    [InlineData(new[] { 1f, 2f }, new float[0], 0)]
    public void AnswersAreCountedByWhatIsNearerAndByTheTiesThatAreLeft(float[] exact, float[] found, int right)
    {
        TieAwareRecall truth = TieAwareRecall.Of(Neighbors(exact));

        Assert.Equal(exact.Length, truth.Wanted);
        Assert.Equal(right, truth.CountRight(Neighbors(found)));
        Assert.Equal(right, TieAwareRecall.Of(Hits(exact)).CountRight(Hits(found)));
        Assert.Equal(exact.Length == 0 ? 1 : (double)right / exact.Length, truth.RecallOf(Neighbors(found)));
        double[] shuffled = [.. exact.Reverse().Select(static distance => (double)distance)];
        Assert.Equal(truth, TieAwareRecall.Of(shuffled));
    }

    [Fact]
    public void AnItemGivenTwiceIsRightOnce()
    {
        TieAwareRecall truth = TieAwareRecall.Of(Neighbors([1, 2, 3]));

        Assert.Equal(1, truth.CountRight([new Neighbor(0, 1), new Neighbor(0, 1), new Neighbor(0, 1)]));
        Assert.Equal(2, truth.CountRight([new SearchHit(0, 0, 1), new SearchHit(1, 0, 2), new SearchHit(0, 0, 1)]));
    }

    [Fact]
    public void AScaleOfTheOperandsWidensTheTie()
    {
        // A product that cancels: 1e-6 of operands whose sums are as large as 1000.
        Assert.False(TieAwareRecall.Of([-2e-6, -1e-6]).IsTied(-2e-6));
        Assert.True(TieAwareRecall.Of([-2e-6, -1e-6], scale: 1000).IsTied(-2e-6));
    }

    /// <summary>Against counting by hand: how many answers could at best be exchanged for true ones of the same distance.</summary>
    [Fact]
    public void CountsEqualThoseOfMatchingByDistance()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        for (int round = 0; round < 2000; round++)
        {
            int items = random.Next(1, 30);
            double scale = Math.Pow(10, random.Next(-12, 12)) * (random.Next(2) == 0 ? 1 : -1);
            Neighbor[] all = [.. Enumerable.Range(0, items).Select(node => new Neighbor(node, (float)(random.Next(1, 6) * scale))).Order()];
            Neighbor[] exact = all[..random.Next(1, items + 1)];
            Neighbor[] found = [.. all.Where(_ => random.Next(3) > 0).Take(exact.Length)];

            int right = exact.GroupBy(static x => x.Distance)
                .Sum(tied => Math.Min(tied.Count(), found.Count(result => result.Distance == tied.Key)));

            Assert.Equal(right, TieAwareRecall.Of(exact).CountRight(found));
        }
    }

    private static Neighbor[] Neighbors(float[] distances) =>
        [.. distances.Select(static (distance, node) => new Neighbor(node, distance))];

    private static SearchHit[] Hits(float[] distances) =>
        [.. distances.Select(static (distance, node) => new SearchHit(0, node, distance))];
}
