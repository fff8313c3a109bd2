using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Tests.Hnsw;

/// <summary>Goal: a filter decides what is returned, never where the walk goes. Method: small worlds against exact search.</summary>
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
        LayerSearch.Run(in graph, in scorer, new EveryThird(), 400, context);

        Assert.Equal(
            world.ExactNearest(query, 400).Where(node => node % 3 == 0),
            context.Accepted.Entries.ToArray().Select(Beam.NodeOf));
    }

    [Fact]
    public void AFilterDoesNotChangeTheWalk()
    {
        using SmallWorld world = SmallWorld.Build(count: 1500, dimension: 24, seed: 5);
        using SearchContext plain = new(1500, world.Graph.M0);
        using SearchContext filtered = new(1500, world.Graph.M0);
        HnswGraph graph = world.Graph;
        for (int row = 0; row < 20; row++)
        {
            RowScorer<SquaredL2> scorer = world.ScorerOf(world.Rows.Row(row));
            plain.Begin(SearchBudget.Unlimited);
            LayerSearch.Run(in graph, in scorer, 40, plain);
            filtered.Begin(SearchBudget.Unlimited);
            LayerSearch.Run(in graph, in scorer, new EveryThird(), 40, filtered);

            Assert.Equal(plain.Beam.Entries, filtered.Beam.Entries);
            Assert.Equal(plain.Statistics.Visited, filtered.Statistics.Visited);
            int[] nearest = [.. plain.Beam.Entries.ToArray().Select(Beam.NodeOf).Where(node => node % 3 == 0)];
            int[] accepted = [.. filtered.Accepted.Entries.ToArray().Select(Beam.NodeOf)];
            Assert.Equal(nearest, accepted[..nearest.Length]);
            Assert.All(accepted, node => Assert.Equal(0, node % 3));
        }
    }

    private readonly struct EveryThird : INodeFilter
    {
        public static bool AcceptsAll => false;

        public bool Accepts(int node) => node % 3 == 0;
    }
}
