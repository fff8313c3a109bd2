using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Tests.Hnsw;

public sealed unsafe class GraphBuilderTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3000, 1)]
    [InlineData(3000, 3)]
    public void EveryGraphIsSound(int count, int threads)
    {
        using SmallWorld world = SmallWorld.Build(count, dimension: 10, seed: 5, threads: threads);
        HnswGraph graph = world.Graph;

        Assert.Equal(count, Reachability.Count(in graph));
        for (int node = 0; node < count; node++)
            for (int level = 0; level <= graph.LevelOf(node); level++)
            {
                int[] neighbors = graph.Neighbors(level, node).ToArray();
                Assert.DoesNotContain(node, neighbors);
                Assert.Equal(neighbors.Length, neighbors.Distinct().Count());
                Assert.All(neighbors, neighbor => Assert.True(graph.LevelOf(neighbor) >= level));
            }
    }

    [Fact]
    public void OneSeedGivesOneGraphOnAnyNumberOfThreads()
    {
        using SmallWorld one = SmallWorld.Build(count: 4000, dimension: 12, seed: 9, threads: 1);
        using SmallWorld four = SmallWorld.Build(count: 4000, dimension: 12, seed: 9, threads: 4);

        Assert.True(one.Storage.Level0.Slice(0).SequenceEqual(four.Storage.Level0.Slice(0)));
        Assert.True(one.Storage.UpperLinks.Slice(0).SequenceEqual(four.Storage.UpperLinks.Slice(0)));
    }

    [Fact]
    public void AnotherSeedGivesAnotherGraph()
    {
        using VectorTable rows = SmallWorld.RandomRows(500, 6, seed: 1);
        using GraphStorage one = new(500, new HnswParameters(8, 100, Seed: 1));
        using GraphStorage two = new(500, new HnswParameters(8, 100, Seed: 2));

        Assert.False(one.Levels.Slice(0).SequenceEqual(two.Levels.Slice(0)));
    }

    /// <summary>P(level ≥ l) = M^−l; the bounds are five standard deviations wide.</summary>
    [Fact]
    public void LevelsFollowTheirLaw()
    {
        const int Count = 200_000;
        HnswParameters parameters = new(16, 200, Seed: 20261122);
        int[] atLeast = new int[3];
        for (int node = 0; node < Count; node++)
            for (int level = 1; level <= Math.Min(2, parameters.LevelOf(node)); level++)
                atLeast[level]++;

        Assert.InRange(atLeast[1], 12_500 - 550, 12_500 + 550);
        Assert.InRange(atLeast[2], 781 - 140, 781 + 140);
    }

    /// <summary>Copies of one row are at distance zero of each other: the heuristic must not starve or drown them.</summary>
    [Fact]
    public void ManyEqualRowsStayReachable()
    {
        VectorTable rows = SmallWorld.RandomRows(1200, 4, seed: 3);
        for (int row = 0; row < 900; row++)
            rows.Values(row).Fill(0.5f);

        using SmallWorld world = SmallWorld.Build(rows, new HnswParameters(6, 40, 3));

        HnswGraph graph = world.Graph;
        Assert.Equal(1200, Reachability.Count(in graph));
    }

    /// <summary>A graph torn apart on purpose: repair must join all of it, within the degree bound.</summary>
    [Fact]
    public void RepairReachesWhatWasCutOff()
    {
        using SmallWorld world = SmallWorld.Build(count: 800, dimension: 5, seed: 4);
        HnswGraph graph = world.Graph;
        for (int node = 0; node < 800; node++)
        {
            Span<int> links = new(graph.Links(0, node), graph.M0);
            int[] kept = [.. links.ToArray().Where(link => link != HnswGraph.NoNode && link % 4 == node % 4)];
            links.Fill(HnswGraph.NoNode);
            kept.CopyTo(links);
        }
        int before = Reachability.Count(in graph);
        RowBuildDistance<SquaredL2> distance = new(world.Rows.Start, world.Rows.Stride);

        int repaired = Reachability.Repair<RowBuildDistance<SquaredL2>, RowScorer<SquaredL2>>(
            in graph, in distance, CancellationToken.None);

        Assert.True(before < 800, "the test must cut something off");
        Assert.True(repaired > 0);
        Assert.Equal(800, Reachability.Count(in graph));
    }

    /// <summary>With every row full, links must be exchanged, and none that others depend on.</summary>
    [Fact]
    public void RepairExchangesLinksWhereRowsAreFull()
    {
        using VectorTable rows = SmallWorld.RandomRows(60, 3, seed: 8);
        HnswParameters parameters = new(2, 10, 8);
        using GraphStorage storage = new(60, parameters);
        HnswGraph graph = storage.Graph;
        for (int node = 0; node < 60; node++) // four islands of 15, each a ring with all slots used
            for (int i = 0; i < graph.M0; i++)
                graph.Links(0, node)[i] = node / 15 * 15 + (node % 15 + i + 1) % 15;
        RowBuildDistance<SquaredL2> distance = new(rows.Start, rows.Stride);

        Reachability.Repair<RowBuildDistance<SquaredL2>, RowScorer<SquaredL2>>(in graph, in distance, CancellationToken.None);

        Assert.Equal(60, Reachability.Count(in graph));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1500)]
    public void FillingAddsLinksBehindThoseThatWereThere(int count)
    {
        using SmallWorld world = SmallWorld.Build(count, dimension: 10, seed: 5);
        HnswGraph graph = world.Graph;
        int[][] before = [.. Enumerable.Range(0, count).Select(node => graph.Neighbors(0, node).ToArray())];

        LinkFill.Run<RowBuildDistance<SquaredL2>, RowScorer<SquaredL2>>(
            graph, new(world.Rows.Start, world.Rows.Stride), threads: 2, CancellationToken.None);

        int full = 0;
        for (int node = 0; node < count; node++)
        {
            int[] neighbors = graph.Neighbors(0, node).ToArray();
            Assert.Equal(before[node], neighbors[..before[node].Length]);
            Assert.DoesNotContain(node, neighbors);
            Assert.Equal(neighbors.Length, neighbors.Distinct().Count());
            Assert.All(neighbors, neighbor => Assert.InRange(neighbor, 0, count - 1));
            full += neighbors.Length == graph.M0 ? 1 : 0;
        }
        Assert.True(count < 1500 || full > 0.99 * count, $"{full} of {count} rows are full");
    }

    [Fact]
    public void FillingIsTheSameOnAnyNumberOfThreads()
    {
        using SmallWorld one = SmallWorld.Build(count: 2000, dimension: 12, seed: 9);
        using SmallWorld four = SmallWorld.Build(count: 2000, dimension: 12, seed: 9);
        LinkFill.Run<RowBuildDistance<SquaredL2>, RowScorer<SquaredL2>>(
            one.Graph, new(one.Rows.Start, one.Rows.Stride), threads: 1, CancellationToken.None);
        LinkFill.Run<RowBuildDistance<SquaredL2>, RowScorer<SquaredL2>>(
            four.Graph, new(four.Rows.Start, four.Rows.Stride), threads: 4, CancellationToken.None);

        Assert.True(one.Storage.Level0.Slice(0).SequenceEqual(four.Storage.Level0.Slice(0)));
    }

    [Fact]
    public void ACancelledBuildEnds() => Assert.ThrowsAny<OperationCanceledException>(() =>
    {
        using VectorTable rows = SmallWorld.RandomRows(500, 4, seed: 2);
        HnswParameters parameters = new(8, 50, 2);
        using GraphStorage storage = new(500, parameters);
        using GraphBuilder<RowBuildDistance<SquaredL2>, RowScorer<SquaredL2>> builder =
            new(storage, parameters, new(rows.Start, rows.Stride), threads: 2);
        builder.Build(progress: null, new CancellationToken(canceled: true));
    });

    [Theory]
    [InlineData(1, 200, "m")]
    [InlineData(129, 200, "m")]
    [InlineData(16, 15, "ef_construction")]
    [InlineData(16, 5000, "ef_construction")]
    public void ParametersOutOfRangeAreNamed(int m, int efConstruction, string field)
    {
        AnnException error = Assert.Throws<AnnException>(() => new HnswParameters(m, efConstruction, 1).Validate());

        Assert.Equal(field, error.Field);
    }
}
