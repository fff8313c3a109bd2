using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Hnsw;

/// <summary>
/// Goal: the walk over refused nodes finds the nearest accepted ones, and nothing else, however they lie. Method: small worlds against
/// exact search.
/// </summary>
public sealed unsafe class TwoHopWalkTests
{
    private const int Seed = 31;
    private const int Count = 3000;
    private const int Dimension = 8;
    private const int Ef = 60;
    private const int K = 10;

    public static TheoryData<string> Shapes => ["half", "tenth", "block", "far", "one"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void TheNearestAcceptedNodesAreFound(string shape)
    {
        using SmallWorld world = SmallWorld.Build(Count, Dimension, Seed);
        using SearchContext context = new(Count, world.Graph.M0);
        (int right, int wanted) = (0, 0);
        for (int row = 0; row < 60; row++)
        {
            float* query = world.Rows.Row(row * 7);
            int[] order = world.ExactNearest(query, Count);
            using NodeMask mask = Mask(shape, order);
            int[] found = Walk<SealedLinks>(world, query, mask, context);

            Assert.All(found, node => Assert.True(mask.Has(node), $"node {node} is refused; seed {Seed}"));
            Assert.Equal(found.Length, found.Distinct().Count());
            int[] exact = [.. order.Where(mask.Has).Take(K)];
            Assert.Equal(exact.Length, Math.Min(K, found.Length));
            right += found.Take(K).Intersect(exact).Count();
            wanted += exact.Length;
        }
        Assert.True(right >= 0.95 * wanted, $"{right} of {wanted} found; seed {Seed}");
    }

    /// <summary>As wide as there are accepted nodes: nobody is left out.</summary>
    [Fact]
    public void AWideBeamHoldsAllAcceptedNodes()
    {
        using SmallWorld world = SmallWorld.Build(Count, Dimension, Seed);
        using SearchContext context = new(Count, world.Graph.M0);
        float* query = world.Rows.Row(5);
        int[] order = world.ExactNearest(query, Count);
        using NodeMask mask = Mask("tenth", order);

        Assert.Equal(order.Where(mask.Has), Walk<SealedLinks>(world, query, mask, context, ef: mask.Count));
    }

    [Fact]
    public void AGraphThatGrowsIsWalkedAsOneThatIsFinished()
    {
        using SmallWorld world = SmallWorld.Build(Count, Dimension, Seed);
        using SearchContext context = new(Count, world.Graph.M0);
        for (int row = 0; row < 20; row++)
        {
            float* query = world.Rows.Row(row);
            using NodeMask mask = Mask("tenth", world.ExactNearest(query, Count));
            int[] finished = Walk<SealedLinks>(world, query, mask, context);
            Assert.Equal(finished, Walk<GrowingRows>(world, query, mask, context));
        }
    }

    [Fact]
    public void ABudgetThatIsSpentEndsTheWalk()
    {
        using SmallWorld world = SmallWorld.Build(Count, Dimension, Seed);
        using SearchContext context = new(Count, world.Graph.M0);
        float* query = world.Rows.Row(5);
        using NodeMask mask = Mask("half", world.ExactNearest(query, Count));
        SearchBudget spent = new(long.MaxValue, new CancellationToken(canceled: true));

        int[] found = Walk<SealedLinks>(world, query, mask, context, budget: spent);

        Assert.Equal((StopReason.Cancelled, 0), (context.Stopped, context.Statistics.Expanded));
        Assert.All(found, node => Assert.True(mask.Has(node)));
    }

    private static int[] Walk<TLinks>(
        SmallWorld world, float* query, NodeMask mask, SearchContext context, int ef = Ef, SearchBudget? budget = null)
        where TLinks : struct, ILinkRows
    {
        HnswGraph graph = world.Graph;
        RowScorer<SquaredL2> scorer = world.ScorerOf(query);
        context.Begin(budget ?? SearchBudget.Unlimited);
        ulong entry = GreedyDescent.Run<RowScorer<SquaredL2>, TLinks>(in graph, in scorer, context);
        TwoHopWalk.Run<RowScorer<SquaredL2>, MaskBits, TLinks>(
            in graph, in scorer, new MaskBits(mask.Start), entry, mask.Seeds, ef, context);
        return [.. context.Beam.Entries.ToArray().Select(Beam.NodeOf)];
    }

    /// <param name="shape">How the accepted nodes lie.</param>
    /// <param name="order">All nodes, the nearest to the query first.</param>
    private static NodeMask Mask(string shape, int[] order) => MaskOf(shape switch
    {
        "half" => order.Where(node => node % 2 == 0),
        "tenth" => order.Where(node => node % 10 == 3),
        "block" => order.Where(node => node / 300 == 4),
        "far" => order.Skip(Count * 9 / 10),
        _ => order[^1..],
    });

    private static NodeMask MaskOf(IEnumerable<int> nodes)
    {
        NodeMask mask = new(Count, Count);
        foreach (int node in nodes)
            mask.Words[node >> 6] |= 1UL << node;
        mask.Recount();
        return mask;
    }
}
