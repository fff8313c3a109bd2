using Ann.Core;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Tests.Hnsw;

/// <summary>Goal: the walk over blocks finds what the plain one finds, scores fewer, and leaves clean scratch however it ends.</summary>
public sealed unsafe class BlockWalkTests : IDisposable
{
    private const int Count = 1200;
    private readonly SmallWorld _world = SmallWorld.Build(Count, dimension: 24, seed: 11);
    private readonly VectorTable _mean = new(1, 24);
    private readonly EstimateTables _tables = new(24, EstimateTables.BitsOf(24));
    private readonly NeighborBlocks _blocks;
    private readonly SearchContext _context;

    public BlockWalkTests()
    {
        _mean.Values(0).Fill(0.5f); // of components drawn from 0 to 1
        _blocks = NeighborBlocks.Encode(_world.Graph, _world.Rows, Metric.L2, _mean.Row(0), threads: 1, CancellationToken.None);
        _context = new SearchContext(Count, _blocks.Shape.Groups * FastScan.Lanes);
    }

    public void Dispose()
    {
        _world.Dispose();
        _mean.Dispose();
        _tables.Dispose();
        _blocks.Dispose();
        _context.Dispose();
    }

    [Fact]
    public void BlocksHoldTheLinksOfTheGraph()
    {
        Assert.Equal(_world.Graph.MaxLevel, _blocks.Graph.MaxLevel);
        for (int node = 0; node < Count; node++)
            for (int level = 0; level <= _world.Graph.LevelOf(node); level++)
                Assert.Equal(_world.Graph.Neighbors(level, node).ToArray(), _blocks.Graph.Neighbors(level, node).ToArray());
    }

    [Fact]
    public void FindsEverythingWhenTheBeamHoldsTheGraph() =>
        Assert.Equal(_world.ExactNearest(_world.Rows.Row(17), Count), Walk(17, ef: Count));

    [Fact]
    public void FindsWhatThePlainWalkFindsAndScoresFewer()
    {
        (int found, int foundPlainly, int visited, int visitedPlainly) = (0, 0, 0, 0);
        using SearchContext plain = new(Count, _world.Graph.M0);
        HnswGraph graph = _world.Graph;
        for (int row = 0; row < Count; row += 10)
        {
            int[] exact = _world.ExactNearest(_world.Rows.Row(row), 10);
            found += Walk(row, ef: 30)[..10].Intersect(exact).Count();
            visited += _context.Statistics.Visited;
            RowScorer<SquaredL2> scorer = _world.ScorerOf(_world.Rows.Row(row));
            plain.Begin(SearchBudget.Unlimited);
            Walks.Run(in graph, in scorer, 30, plain);
            foundPlainly += plain.Beam.Entries[..10].ToArray().Count(entry => exact.Contains(Beam.NodeOf(entry)));
            visitedPlainly += plain.Statistics.Visited;
        }

        Assert.InRange(found, foundPlainly - 12, 1200); // of 1,200: one in a hundred
        Assert.InRange(visited, 1, visitedPlainly * 9 / 10);
    }

    /// <summary>Stopped after each number of steps, so with neighbours marked, asked for and not scored yet.</summary>
    [Fact]
    public void AWalkStoppedAnywhereLeavesNothingBehind()
    {
        int[] expected = Walk(5, ef: 60);
        SearchStatistics cost = _context.Statistics;
        for (int steps = 0; steps < 40; steps++)
        {
            using CancellationTokenSource caller = new();
            _context.Begin(new SearchBudget(long.MaxValue, caller.Token));
            BlockWalk<RowScorer<SquaredL2>, AcceptAll> walk = Start(900, ef: 60);
            for (int i = 0; i < steps; i++)
                Assert.True(walk.Step());
            caller.Cancel();
            walk.Run();
            Assert.Equal(StopReason.Cancelled, _context.Stopped);
            Assert.True(_context.Beam.Count > 0, "the best found so far is an answer");

            Assert.Equal(expected, Walk(5, ef: 60));
            Assert.Equal(cost, _context.Statistics);
        }
    }

    [Fact]
    public void AnExpiredDeadlineStopsTheWalkBeforeItExpands()
    {
        _context.Begin(new SearchBudget(DeadlineTimestamp: 0, CancellationToken.None));
        BlockWalk<RowScorer<SquaredL2>, AcceptAll> walk = Start(3, ef: 50);
        walk.Run();

        Assert.Equal((StopReason.Deadline, 0), (_context.Stopped, _context.Statistics.Expanded));
    }

    private int[] Walk(int row, int ef)
    {
        _context.Begin(SearchBudget.Unlimited);
        BlockWalk<RowScorer<SquaredL2>, AcceptAll> walk = Start(row, ef);
        walk.Run();
        return [.. _context.Beam.Entries.ToArray().Select(Beam.NodeOf)];
    }

    /// <summary>Exact distances in place of codes: they hold |q − mean|² that those leave out, which only widens the margin.</summary>
    private BlockWalk<RowScorer<SquaredL2>, AcceptAll> Start(int row, int ef)
    {
        float* query = _world.Rows.Row(row);
        EstimateQuery estimate = _tables.Prepare(Metric.L2, query, _mean.Row(0));
        return new(_blocks.Graph, _blocks.Shape, estimate, _world.ScorerOf(query), default, new WalkWidth(ef), _context);
    }
}
