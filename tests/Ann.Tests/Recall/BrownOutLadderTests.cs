using Ann.Core.Recall;
using Ann.Core.Searching;

namespace Ann.Tests.Recall;

/// <summary>Goal: quality goes down at once under pressure, comes back slowly, and never below k. No clock: time is an argument.</summary>
public sealed class BrownOutLadderTests
{
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.12, 0)]
    [InlineData(0.125, 1)]
    [InlineData(0.25, 2)]
    [InlineData(0.5, 3)]
    [InlineData(0.75, 4)]
    [InlineData(1, 4)]
    public void PressureGoesDownAtOnce(double pressure, int step) =>
        Assert.Equal(step, default(BrownOutLadder).After(pressure, Start).Step);

    [Fact]
    public void ItComesBackAStepForEachCalmTime()
    {
        BrownOutLadder ladder = default(BrownOutLadder).After(1, Start);
        List<int> steps = [];
        for (int i = 1; i <= 50; i++)
        {
            ladder = ladder.After(0, Start + i * BrownOutLadder.Calm / 10);
            steps.Add(ladder.Step);
        }

        Assert.Equal([4, 3, 2, 1, 0], steps.Distinct());
        Assert.Equal(9, steps.Count(static step => step == 4));
        Assert.Equal(10, steps.Count(static step => step == 3));
    }

    [Fact]
    public void BetweenComingAndGoingNothingChanges()
    {
        BrownOutLadder ladder = default(BrownOutLadder).After(0.3, Start);
        for (int i = 1; i <= 100; i++)
            ladder = ladder.After(0.125 + i % 2 * 0.1, Start + i * BrownOutLadder.Calm);

        Assert.Equal(2, ladder.Step);
    }

    [Fact]
    public void ALongPauseEndsIt() =>
        Assert.Equal(0, default(BrownOutLadder).After(1, Start).After(0, Start + TimeSpan.FromMinutes(1)).Step);

    [Fact]
    public void PressureIsTheWorseOfQueueAndWait()
    {
        Assert.Equal(0.5, BrownOutLadder.Pressure(256, 512, TimeSpan.Zero, 0));
        Assert.Equal(0.5, BrownOutLadder.Pressure(0, 512, BrownOutLadder.LongWait / 2, 0));
        Assert.Equal(1, BrownOutLadder.Pressure(0, 512, TimeSpan.FromSeconds(3), 0));
        Assert.Equal(0, BrownOutLadder.Pressure(0, 0, TimeSpan.Zero, 0));
        Assert.Equal(0.5, BrownOutLadder.Pressure(0, 512, TimeSpan.Zero, 0.25));
        Assert.Equal(1, BrownOutLadder.Pressure(0, 512, TimeSpan.Zero, 1));
    }

    [Theory]
    [InlineData(10, 0, new[] { 128, 96, 64, 10, 10 })]
    [InlineData(100, 200, new[] { 200, 150, 100, 100, 100 })]
    [InlineData(100, 100, new[] { 100, 100, 100, 100, 100 })]
    [InlineData(10_000, 12_000, new[] { 12_000, 10_000, 10_000, 10_000, 10_000 })]
    public void TheWidthGoesDownToKAtMost(int k, int ef, int[] widths)
    {
        for (int step = 0; step <= BrownOutLadder.Steps; step++)
        {
            SearchParameters reduced = BrownOutLadder.Reduce(new SearchParameters(k, ef), step);
            reduced.Validate();
            Assert.Equal(widths[step], reduced.BeamWidth);
        }
    }

    [Fact]
    public void AnExactSearchStaysExact() =>
        Assert.Equal(new SearchParameters(10, 0, true), BrownOutLadder.Reduce(new SearchParameters(10, 0, true), BrownOutLadder.Steps));

    [Fact]
    public void OnlyTheLastStepLeavesRerankOut()
    {
        Assert.Equal(0, BrownOutLadder.MostReranked(100, 3));
        Assert.Equal(50, BrownOutLadder.MostReranked(100, 4));
        Assert.Equal(1, BrownOutLadder.MostReranked(1, 4));
    }
}
