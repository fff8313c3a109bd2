using Ann.Core.Hnsw;
using CsCheck;

namespace Ann.Tests.Hnsw;

public sealed unsafe class BeamTests
{
    private const int MaxNode = (1 << 30) - 1;

    [Fact]
    public void PackingKeepsOrderAndValues() => Gen.Select(Gen.Float, Gen.Float, Gen.Int[0, MaxNode], Gen.Int[0, MaxNode])
        .Where((a, b, _, _) => !float.IsNaN(a) && !float.IsNaN(b))
        .Sample((a, b, x, y) =>
        {
            ulong first = Beam.Pack(x, a), second = Beam.Pack(y, b);
            Assert.Equal(x, Beam.NodeOf(first));
            Assert.Equal(a, Beam.DistanceOf(first));
            if (a != b) // −0 and +0 are equal floats of different bits: either order will do
                Assert.Equal(a < b, first < second);
        });

    /// <summary>Merging batches into the beam equals sorting everything and cutting.</summary>
    [Fact]
    public void MergingEqualsSortingAndCutting() => Gen
        .Select(Gen.Int[1, 40], Gen.Int[0, 500].Array[0, 40].Array[1, 12])
        .Sample((capacity, batches) =>
        {
            using Beam beam = new();
            beam.Reset(capacity);
            List<ulong> all = [];
            int node = 0;
            foreach (int[] batch in batches)
            {
                ulong[] entries = [.. batch.Select(distance => Beam.Pack(node++, distance))];
                all.AddRange(entries);
                beam.Merge([.. entries]);

                Assert.Equal(all.Order().Take(capacity), beam.Entries.ToArray());
            }
        });

    /// <summary>Whatever is merged in between, the nearest unexpanded entry comes next.</summary>
    [Fact]
    public void ExpansionTakesTheNearestThatIsLeft() => Gen.Int[0, 500].Array[1, 6].Array[1, 20].Sample(batches =>
    {
        using Beam beam = new();
        beam.Reset(16);
        HashSet<int> expanded = [];
        int node = 0;
        foreach (int[] batch in batches)
        {
            beam.Merge([.. batch.Select(distance => Beam.Pack(node++, distance))]);
            ulong[] left = [.. beam.Entries.ToArray().Where(entry => !expanded.Contains(Beam.NodeOf(entry)))];
            bool any = beam.TryExpand(out int taken);
            Assert.Equal(left.Length > 0, any);
            if (any)
                Assert.Equal(Beam.NodeOf(left.Min()), taken);
            expanded.Add(taken);
        }
    });

    [Fact]
    public void TheVisitedSetForgetsEverything() => Gen.Int[0, 9_999].Array[0, 400].Array[1, 5].Sample(rounds =>
    {
        using VisitedSet set = new(10_000);
        foreach (int[] nodes in rounds)
        {
            HashSet<int> seen = [];
            foreach (int node in nodes)
                Assert.Equal(seen.Add(node), set.TryMark(node));
            set.Clear();
        }
    });

    [Fact]
    public void MarkingManyEqualsMarkingEach() => Gen.Select(Gen.Int[1, 5_000], Gen.Int[0, 1 << 30].Array[1, 32].Array[1, 40]).Sample(
        (count, rows) =>
        {
            using VisitedSet one = new(count);
            using VisitedSet many = new(count);
            for (int round = 0; round < 2; round++)
            {
                foreach (int[] row in rows)
                {
                    int[] nodes = [.. row.Select(node => node % count).Distinct()];
                    int[] unmarked = new int[nodes.Length];
                    int written;
                    fixed (int* from = nodes, to = unmarked)
                        written = many.Mark(from, nodes.Length, to);
                    Assert.Equal(nodes.Where(one.TryMark), unmarked[..written]);
                }
                one.Clear();
                many.Clear();
            }
        });

    [Fact]
    public void TheVisitedSetForgetsMoreThanItCanUndo()
    {
        const int Count = 64 * 100_000;
        using VisitedSet set = new(Count);
        for (int round = 0; round < 2; round++)
        {
            for (int node = 0; node < Count; node += 32)
                Assert.True(set.TryMark(node));
            set.Clear();
        }
    }
}
