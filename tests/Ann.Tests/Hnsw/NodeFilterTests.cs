using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Tests.Hnsw;

/// <summary>
/// Goal: a filter decides what is returned, and the walk goes on until as much is found. Method: small worlds against exact search.
/// </summary>
public sealed unsafe class NodeFilterTests
{
    [Fact]
    public void OnlyAcceptedNodesAreReturnedAndAllOfThemWhenTheBeamHoldsTheGraph()
    {
        using SmallWorld world = SmallWorld.Build(count: 400, dimension: 6, seed: 11);
        using SearchContext context = new(400, world.Graph.M0);
        HnswGraph graph = world.Graph;
        float* query = world.Rows.Row(17);
        RowScorer<SquaredL2> scorer = world.ScorerOf(query);

        context.Begin(SearchBudget.Unlimited);
        Walks.Run(in graph, in scorer, new Every(3), 400, context);

        Assert.Equal(
            world.ExactNearest(query, 400).Where(node => node % 3 == 0),
            context.Beam.Entries.ToArray().Select(Beam.NodeOf));
    }

    [Fact]
    public void AFilterThatRefusesNothingDoesNotChangeTheWalk()
    {
        using SmallWorld world = SmallWorld.Build(count: 1500, dimension: 24, seed: 5);
        using SearchContext plain = new(1500, world.Graph.M0);
        using SearchContext filtered = new(1500, world.Graph.M0);
        HnswGraph graph = world.Graph;
        for (int row = 0; row < 20; row++)
        {
            RowScorer<SquaredL2> scorer = world.ScorerOf(world.Rows.Row(row));
            plain.Begin(SearchBudget.Unlimited);
            Walks.Run(in graph, in scorer, 40, plain);
            filtered.Begin(SearchBudget.Unlimited);
            Walks.Run(in graph, in scorer, new Every(1), 40, filtered);

            Assert.Equal(plain.Beam.Entries, filtered.Beam.Entries);
            Assert.Equal(plain.Statistics, filtered.Statistics);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    public void AsManyNodesAreFoundAsWithoutRefusedOnes(int step)
    {
        const int Ef = 40;
        using SmallWorld world = SmallWorld.Build(count: 1500, dimension: 8, seed: 6);
        using SearchContext context = new(1500, world.Graph.M0);
        HnswGraph graph = world.Graph;
        int found = 0;
        for (int row = 0; row < 50; row++)
        {
            float* query = world.Rows.Row(row);
            RowScorer<SquaredL2> scorer = world.ScorerOf(query);
            context.Begin(SearchBudget.Unlimited);
            WalkOutcome outcome = Walks.Run(in graph, in scorer, new Every(step), Ef, context);

            int[] accepted = [.. context.Beam.Entries.ToArray().Select(Beam.NodeOf)];
            Assert.Equal(Ef, accepted.Length);
            Assert.All(accepted, node => Assert.Equal(0, node % step));
            Assert.False(outcome.IsCrowdedOut(Ef));
            found += world.ExactNearest(query, 1500).Where(node => node % step == 0).Take(10).Intersect(accepted).Count();
        }
        Assert.True(found >= 0.99 * 500, $"{found} of 500 were found");
    }

    [Fact]
    public void ABeamFullOfRefusedNodesIsKnownAsOne()
    {
        using SmallWorld world = SmallWorld.Build(count: 4000, dimension: 4, seed: 7);
        using SearchContext context = new(4000, world.Graph.M0);
        HnswGraph graph = world.Graph;
        RowScorer<SquaredL2> scorer = world.ScorerOf(world.Rows.Row(1));
        context.Begin(SearchBudget.Unlimited);

        WalkOutcome outcome = Walks.Run(in graph, in scorer, new Every(4000), 10, context);

        Assert.True(outcome.IsCrowdedOut(10));
        Assert.True(context.Statistics.Expanded < 2000, $"{context.Statistics.Expanded} were expanded");
    }

    private readonly struct Every(int step) : INodeFilter
    {
        public int Next(int node, int end) => (node + step - 1) / step * step;

        public static bool AcceptsAll => false;

        public bool Accepts(int node) => node % step == 0;

        public bool AcceptsItem(int node) => Accepts(node);
    }
}
