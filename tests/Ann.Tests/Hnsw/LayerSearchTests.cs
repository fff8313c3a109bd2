using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;
using Ann.Tests.Hnsw.Oracle;

namespace Ann.Tests.Hnsw;

/// <summary>Goal: the fast walk is the paper's walk. Method: node for node, and count for count, against the plain version.</summary>
public sealed unsafe class LayerSearchTests
{
    public static TheoryData<int, int, int> Worlds => new()
    {
        // count, dimension, ef
        { 1, 3, 4 },
        { 2, 3, 1 },
        { 600, 8, 1 },
        { 600, 8, 10 },
        { 1500, 24, 100 },
        { 300, 4, 1000 },
    };

    [Theory]
    [MemberData(nameof(Worlds))]
    public void EqualsThePlainSearchNodeForNode(int count, int dimension, int ef)
    {
        using SmallWorld world = SmallWorld.Build(count, dimension, seed: 20260801);
        CheckAgainstReference(world, SmallWorld.RandomRows(40, dimension, seed: 7), ef);
    }

    /// <summary>On a grid nearly every distance has an equal: order among equals is part of the answer.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(60)]
    public void EqualsThePlainSearchWhereDistancesTie(int ef)
    {
        using SmallWorld world = SmallWorld.Build(SmallWorld.Grid(side: 5, dimension: 4), new HnswParameters(8, 60, 3));
        CheckAgainstReference(world, SmallWorld.Grid(side: 3, dimension: 4), ef);
    }

    [Fact]
    public void FindsEverythingWhenTheBeamHoldsTheGraph()
    {
        using SmallWorld world = SmallWorld.Build(count: 400, dimension: 6, seed: 11);
        using SearchContext context = new(400, world.Graph.M0);
        HnswGraph graph = world.Graph;
        float* query = world.Rows.Row(17);
        RowScorer<SquaredL2> scorer = world.ScorerOf(query);

        context.Begin(SearchBudget.Unlimited);
        Walks.Run(in graph, in scorer, 400, context);

        Assert.Equal(world.ExactNearest(query, 400), context.Beam.Entries.ToArray().Select(Beam.NodeOf));
    }

    [Fact]
    public void AnExpiredDeadlineStopsTheWalkAtOnce()
    {
        using SmallWorld world = SmallWorld.Build(count: 400, dimension: 6, seed: 11);
        using SearchContext context = new(400, world.Graph.M0);
        HnswGraph graph = world.Graph;
        RowScorer<SquaredL2> scorer = world.ScorerOf(world.Rows.Row(0));

        context.Begin(new SearchBudget(DeadlineTimestamp: 0, CancellationToken.None));
        Walks.Run(in graph, in scorer, 100, context);
        Assert.Equal(StopReason.Deadline, context.Stopped);
        Assert.Equal(0, context.Statistics.Expanded);

        // And leaves nothing behind that a later search on the same context would trip over.
        context.Begin(SearchBudget.Unlimited);
        Walks.Run(in graph, in scorer, 100, context);
        Assert.Equal(world.ExactNearest(world.Rows.Row(0), 10), context.Beam.Entries[..10].ToArray().Select(Beam.NodeOf));
    }

    [Fact]
    public void ACancelledCallerStopsTheWalk()
    {
        using SmallWorld world = SmallWorld.Build(count: 400, dimension: 6, seed: 11);
        using SearchContext context = new(400, world.Graph.M0);
        HnswGraph graph = world.Graph;
        RowScorer<SquaredL2> scorer = world.ScorerOf(world.Rows.Row(0));

        context.Begin(new SearchBudget(long.MaxValue, new CancellationToken(canceled: true)));
        Walks.Run(in graph, in scorer, 100, context);

        Assert.Equal(StopReason.Cancelled, context.Stopped);
    }

    private static void CheckAgainstReference(SmallWorld world, VectorTable queries, int ef)
    {
        using VectorTable owned = queries;
        using SearchContext context = new(world.Graph.Count, world.Graph.M0);
        HnswGraph graph = world.Graph;
        for (int i = 0; i < queries.Count; i++)
        {
            RowScorer<SquaredL2> scorer = world.ScorerOf(queries.Row(i));
            context.Begin(SearchBudget.Unlimited);
            Walks.Run(in graph, in scorer, ef, context);

            (List<Neighbor> nearest, int visited, int expanded) = ReferenceSearch.Run(in graph, node => scorer.Score(node), ef);
            Assert.Equal(nearest, context.Beam.Entries.ToArray().Select(e => new Neighbor(Beam.NodeOf(e), Beam.DistanceOf(e))));
            Assert.Equal(visited, context.Statistics.Visited);
            Assert.Equal(expanded, context.Statistics.Expanded);
        }
    }
}
