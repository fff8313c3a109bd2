using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: the plan that is least work is chosen, and what walks keep stays within its bounds. Method: shapes of segments where the answer is
/// known, and bounds over a grid of all of them.
/// </summary>
public sealed class MaskedPlannerTests
{
    private const int Nodes = 1_000_000;
    private const int Slots = 32;
    private const int RowBytes = 128;

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(1000)]
    public void AFewMatchesAreScanned(int matches) =>
        Assert.Equal(SearchPlan.Scan, Planner(matches, 10, 128).Choose());

    [Theory]
    [InlineData(10, 128)]
    [InlineData(100, 150)]
    public void NearlyAllAreWalkedThroughTheRefusedOnes(int k, int ef) =>
        Assert.Equal(SearchPlan.FilteredWalk, Planner(Nodes * 99L / 100, k, ef).Choose());

    /// <summary>Were all of them in the beam, a walk could only miss some.</summary>
    [Fact]
    public void NoWalkLooksForFewerThanItsBeamHolds()
    {
        foreach (int nodes in (int[])[64, 1000, 100_000, 100_000_000])
            foreach (int ef in (int[])[1, 10, 128, 40_000])
                foreach (int matches in (int[])[1, ef / 2, ef - 1, ef])
                    if (matches >= 1 && matches <= nodes)
                        Assert.Equal(SearchPlan.Scan, new MaskedPlanner(nodes, matches, 1, ef, Slots, RowBytes, true).Choose());
    }

    /// <summary>The more may be returned, the dearer a scan: once a walk is less work it stays so.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AScanDoesNotComeBackAsMoreMatch(bool isEstimated)
    {
        bool walked = false;
        for (double share = 1e-4; share < 1; share *= 1.3)
        {
            bool scans = new MaskedPlanner(Nodes, (int)(share * Nodes), 10, 128, Slots, RowBytes, isEstimated).Choose() == SearchPlan.Scan;
            Assert.False(walked && scans, $"share {share}");
            walked |= !scans;
        }
        Assert.True(walked);
    }

    [Fact]
    public void WalksKeepKAtLeastAndTheirBeamAtMost()
    {
        foreach ((int nodes, int matches, int k, int ef) in Grid())
        {
            MaskedPlanner planner = new(nodes, matches, k, ef, Slots, RowBytes, true);
            string what = $"{matches} of {nodes}, k {k}, ef {ef}";
            Assert.True(planner.Wanted >= k && planner.Wanted <= ef, $"{what}: {planner.Wanted} wanted");
            double kept = planner.Wanted * (double)nodes / matches;
            Assert.True(planner.Room <= nodes, $"{what}: room for {planner.Room}");
            Assert.True(planner.Room >= Math.Min(nodes, Math.Floor(1.5 * kept)), $"{what}: room for {planner.Room}, {kept} kept");
            Assert.True(planner.Room <= 4 * kept + 512, $"{what}: room for {planner.Room}, {kept} kept");
        }
        Assert.Equal(128, Planner(Nodes, 10, 128).Wanted);
    }

    [Fact]
    public void AHoleIsMoreRefusedNodesThanAMaskAlikeWouldHave()
    {
        MaskedPlanner planner = Planner(Nodes * 95L / 100, 10, 128);
        Assert.False(planner.IsBehindHole(found: 128, refused: 0));
        Assert.False(planner.IsBehindHole(found: 128, refused: 7)); // as many as are refused everywhere
        Assert.True(planner.IsBehindHole(found: 128, refused: 200));
        Assert.False(Planner(Nodes / 2, 10, 128).IsBehindHole(found: 128, refused: 10_000)); // no hole where so many are refused
    }

    [Fact]
    public void BehindAHoleAWalkKeepsMoreThanTheHole()
    {
        MaskedPlanner planner = Planner(Nodes - 1000, 10, 128);
        Assert.Equal(planner.Wanted, planner.WantedBehind(refused: 1));
        int before = 0;
        foreach (int refused in (int[])[100, 200, 500, 1000])
        {
            int wanted = planner.WantedBehind(refused);
            Assert.True(wanted > refused && wanted > before, $"{refused} refused: {wanted} wanted");
            int room = planner.RoomBehind(refused);
            Assert.True(room == 0 || room >= refused + wanted, $"{refused} refused: room for {room}, {wanted} wanted");
            before = wanted;
        }
        Assert.NotEqual(0, planner.RoomBehind(100));
        Assert.Equal(0, planner.RoomBehind(100_000)); // a scan is less work
        MaskedPlanner few = new(1000, 990, 10, 128, Slots, RowBytes, true);
        Assert.Equal(1000, few.WantedBehind(refused: 5000));
        Assert.Equal(0, few.RoomBehind(10));
    }

    [Fact]
    public void WhatOpposesTheQueryIsScannedUnlessThatTakesTooLong()
    {
        Assert.Equal(SearchPlan.Scan, Planner(Nodes / 2, 10, 128).ChooseOpposed());
        MaskedPlanner large = new(200_000_000, 100_000_000, 10, 128, Slots, RowBytes, true);
        Assert.Equal(SearchPlan.TwoHopWalk, large.ChooseOpposed());
        Assert.True(Planner(Nodes / 2, 10, 128).IsOpposed(0.1f));
        Assert.False(Planner(Nodes / 2, 10, 128).IsOpposed(0.2f));
    }

    private static MaskedPlanner Planner(long matches, int k, int ef) => new(Nodes, (int)matches, k, ef, Slots, RowBytes, true);

    private static IEnumerable<(int Nodes, int Matches, int K, int Ef)> Grid()
    {
        foreach (int nodes in (int[])[100, 10_000, 1_000_000, 100_000_000])
            foreach (double share in (double[])[0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 1])
                foreach ((int k, int ef) in ((int, int)[])[(1, 1), (10, 10), (10, 128), (100, 150), (1000, 4096)])
                    yield return (nodes, Math.Max(1, (int)(share * nodes)), k, ef);
    }
}
