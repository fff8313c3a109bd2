using System.Globalization;
using Ann.Core;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Segments;

namespace Ann.Tests.Exclusions;

/// <summary>
/// Goal: every form of exclusion strikes out exactly the nodes of its keys, and says the same by key, whichever way is cheaper.
/// </summary>
public sealed class ExcludedKeysTests
{
    private const int Seed = 451;
    private const int Nodes = 3000;

    [Fact]
    public void NumbersAreStruckOutOfASealedSegment()
    {
        Random random = new(Seed);
        ulong[] own = [.. Enumerable.Range(0, Nodes).Select(static i => (ulong)i * 7 + (i % 3 == 0 ? 1UL << 40 : 0))];
        random.Shuffle(own);
        using Held held = new(SegmentFixture.Seal(
            SegmentFixture.Clustered(Nodes, 8, Seed), SegmentFixture.Options(Metric.L2), Column(own)));

        foreach (int count in new[] { 1, 5, 9, 300, 2999, 20_000 })
        {
            // Half of them are items, some come twice.
            ulong[] excluded =
                [.. Enumerable.Range(0, count).Select(i => i % 2 == 0 ? own[random.Next(Nodes)] : (ulong)random.Next(90_000))];
            ExcludedKeys[] parts =
            [
                Exclusion.OfKeys(Column(excluded)),
                Exclusion.OfRoaring(RoaringTests.Write(excluded, is64: true, optimise: count > 100), is64: true),
                SetOf(Column(excluded)),
                Exclusion.Union([Exclusion.OfKeys(Column(excluded[..(count / 2)])), Exclusion.OfKeys(Column(excluded[(count / 2)..]))])!,
            ];
            HashSet<ulong> expected = [.. excluded];
            foreach (ExcludedKeys keys in parts)
                Check(held.Segment, keys, node => expected.Contains(own[node]), random);
        }
    }

    [Fact]
    public void TextsAreStruckOutOfASealedSegment()
    {
        Random random = new(Seed);
        string[] own =
            [.. Enumerable.Range(0, Nodes).Select(static i => string.Create(CultureInfo.InvariantCulture, $"größe/{i % 7}/{i}"))];
        using Held held = new(SegmentFixture.Seal(
            SegmentFixture.Clustered(Nodes, 8, Seed), SegmentFixture.Options(Metric.L2), SegmentFixture.Texts(own)));

        foreach (int count in new[] { 1, 8, 700, 9000 })
        {
            string[] excluded =
                [.. Enumerable.Range(0, count).Select(i => i % 2 == 0 ? own[random.Next(Nodes)] : $"other{random.Next(900)}")];
            HashSet<string> expected = [.. excluded];
            foreach (ExcludedKeys keys in new[]
                     { Exclusion.OfKeys(SegmentFixture.Texts(excluded)), SetOf(SegmentFixture.Texts(excluded)) })
            {
                Check(held.Segment, keys, node => expected.Contains(own[node]), random);
                Assert.False(keys.Contains(new ItemKey(5)));
                Assert.False(keys.Contains(new ItemKey("gr"u8)));
            }
        }
    }

    [Fact]
    public async Task TheVersionThatAReaderSeesIsStruckOutOfAHead()
    {
        await using Indexes.LiveFixture live = new(new LiveIndexOptions { HeadRows = 1000 });
        await live.UpsertAsync(Indexes.LiveFixture.Range(0, 50));
        using SnapshotLease lease = live.Index.Acquire();
        LiveSegment head = lease.Snapshot.Segments[^1];
        ReadPoint before = head.Published;
        await live.UpsertAsync(Indexes.LiveFixture.Range(10, 10), version: 1);

        foreach ((ReadPoint at, int nodes) in new[] { (before, 50), (head.Published, 60) })
        {
            using NodeMask mask = FullMask(nodes);
            Exclusion.OfKeys(Column([12, 3, 77])).RemoveFrom(head, at, mask, SearchBudget.Unlimited);
            int seen = head.Find(new ItemKey(12), at);
            Assert.False(mask.Has(seen) || mask.Has(3), $"{nodes} nodes");
            Assert.True(mask.Has(4));
            mask.Recount();
            Assert.Equal(nodes - 2, mask.Count);
        }
    }

    [Fact]
    public void ManyLookupsFindWhatOneFinds()
    {
        Random random = new(Seed);
        ulong[] own = [.. Enumerable.Range(0, 1000).Select(_ => (ulong)random.NextInt64())];
        using Held held = new(SegmentFixture.Seal(
            SegmentFixture.Clustered(own.Length, 8, Seed), SegmentFixture.Options(Metric.L2), Column(own)));
        KeyColumn asked = Column([.. own[..333], 5, 6, .. own[500..]]);
        int[] nodes = new int[asked.Count];

        held.Segment.LocateMany(asked.Span, ReadPoint.All, nodes);

        for (int i = 0; i < nodes.Length; i++)
            Assert.Equal(held.Segment.Find(asked.KeyAt(i), ReadPoint.All), nodes[i]);
    }

    [Fact]
    public void NothingToExcludeIsNoExclusion() => Assert.Null(Exclusion.Union([]));

    internal static KeyColumn Column(IEnumerable<ulong> numbers)
    {
        KeyColumn column = new(KeyKind.UInt64);
        foreach (ulong number in numbers)
            column.Add(number);
        return column;
    }

    private static SetKeys SetOf(KeyColumn keys)
    {
        // In pieces, so that it grows.
        SetKeys set = SetKeys.Empty("s", keys.Kind, 0);
        for (int i = 0; i < keys.Count; i++)
        {
            KeyColumn one = new(keys.Kind);
            one.Add(keys.KeyAt(i));
            set = set.With(one, 0, null);
        }
        return set;
    }

    private static void Check(LiveSegment segment, ExcludedKeys keys, Func<int, bool> isExcluded, Random random)
    {
        for (int node = 0; node < Nodes; node += 7)
            Assert.Equal(isExcluded(node), keys.Contains(segment.KeyOf(node)));
        // All nodes are left, some, hardly any, and a mask that speaks of fewer nodes.
        foreach ((int nodes, double share) in new[] { (Nodes, 1.0), (Nodes, 0.5), (Nodes, 0.002), (Nodes - 100, 1.0) })
        {
            using NodeMask mask = new(nodes, nodes);
            bool[] expected = new bool[nodes];
            for (int node = 0; node < nodes; node++)
            {
                bool isIn = random.NextDouble() < share;
                if (isIn)
                    mask.Words[node >> 6] |= 1UL << node;
                expected[node] = isIn && !isExcluded(node);
            }

            Assert.Equal(StopReason.None, keys.RemoveFrom(segment, ReadPoint.All, mask, SearchBudget.Unlimited));

            for (int node = 0; node < nodes; node++)
                Assert.True(expected[node] == mask.Has(node), $"{keys.GetType().Name}, {keys.Count} keys, share {share}, node {node}");
        }
    }

    private static NodeMask FullMask(int nodes)
    {
        NodeMask mask = new(nodes, nodes);
        for (int node = 0; node < nodes; node++)
            mask.Words[node >> 6] |= 1UL << node;
        return mask;
    }

    /// <summary>A segment that is let go at the end.</summary>
    private sealed class Held(SealedSegment segment) : IDisposable
    {
        public LiveSealedSegment Segment { get; } = new(segment);

        public void Dispose() => Segment.Release();
    }
}
