using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Exclusions;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: a selection holds the items of a snapshot that a filter takes and no exclusion names, as of one write. Method: random filters over
/// segments with deaths, again and again so that the cache answers too, against an evaluation item by item.
/// </summary>
public sealed class SelectionTests : IDisposable
{
    private const int Seed = 77;
    private const int PerSegment = 300;

    private readonly List<AttributedSegment> _segments = [];
    private readonly List<AttributeBatch> _batches = [];
    private readonly IndexSnapshot _index;

    /// <summary>Two sealed segments, one of them with deaths, and a head that shows a part of its rows.</summary>
    public SelectionTests()
    {
        RandomFilters random = new(Seed);
        for (int number = 0; number < 3; number++)
        {
            KeyColumn keys = new(KeyKind.UInt64);
            for (int i = 0; i < PerSegment; i++)
                keys.Add((ulong)(number * PerSegment + i));
            _batches.Add(random.Batch(PerSegment));
            _segments.Add(new AttributedSegment(keys, new MemoryAttributes(_batches[^1]), number == 2 ? 0 : 1 << 20));
        }
        for (int node = 0; node < PerSegment; node += 3)
            _segments[1].Dead.Kill(node, sequence: node < 150 ? 5 : 50);
        _segments[2].Dead.Kill(7, 9);
        _segments[2].Now = new ReadPoint(10, 200);
        _index = new IndexSnapshot("x", "g", default, _segments);
    }

    public void Dispose()
    {
        _index.Release();
        _segments.ForEach(segment => segment.Release());
    }

    [Fact]
    public void ASelectionHoldsWhatFilterAndExclusionsLeave()
    {
        for (int round = 0; round < 600; round++)
        {
            int seed = Seed + round / 3; // each three times: evaluated, cached, found
            Random chance = new(seed);
            Filter? filter = chance.Next(10) == 0 ? null : new RandomFilters(seed).Next(KeyKind.UInt64, 3 * PerSegment);
            KeySetExclusion? excluded = chance.Next(3) == 0
                ? new KeySetExclusion([.. Enumerable.Range(0, 100).Select(_ => (ulong)chance.Next(3 * PerSegment))])
                : null;
            using ItemSelection? selection = _index.Select(filter, excluded);
            Assert.Equal(filter is null && excluded is null, selection is null);
            if (selection is not null)
                Check(selection, filter is null ? [] : [filter], excluded, $"seed {seed}, round {round}");
        }
        Assert.InRange(_segments[0].Masks.Cache!.Count, 20, 200);
    }

    [Fact]
    public void ARefinedSelectionHoldsWhatBothTake()
    {
        for (int round = 0; round < 300; round++)
        {
            RandomFilters random = new(Seed + round);
            Filter filter = random.Next(KeyKind.UInt64, 3 * PerSegment);
            Filter extra = random.Next(KeyKind.UInt64, 3 * PerSegment);
            ItemSelection selection = _index.Select(filter, null)!;
            using ItemSelection refined = selection.Refine(_index.Bind(extra), SearchBudget.Unlimited);
            selection.Dispose();
            Check(refined, [filter, extra], null, $"seed {Seed + round}");
        }
    }

    /// <summary>One selection for several searches, each with exclusions of its own or none.</summary>
    [Fact]
    public void ASelectionWithoutSomeKeysIsThatOfBoth()
    {
        for (int round = 0; round < 300; round++)
        {
            int seed = Seed + round / 3; // each three times: evaluated, cached, found
            Random chance = new(seed);
            Filter? filter = chance.Next(10) == 0 ? null : new RandomFilters(seed).Next(KeyKind.UInt64, 3 * PerSegment);
            BoundFilter? bound = filter is null ? null : _index.Bind(filter);
            using ItemSelection shared = _index.SelectAsOf(_index.Now, bound, excluded: null, SearchBudget.Unlimited);
            foreach (int count in (int[])[0, 1, 100, 600])
            {
                KeySetExclusion? excluded = count == 0
                    ? null
                    : new KeySetExclusion([.. Enumerable.Range(0, count).Select(_ => (ulong)chance.Next(3 * PerSegment))]);
                using ItemSelection own = shared.Without(excluded, SearchBudget.Unlimited);
                Check(own, filter is null ? [] : [filter], excluded, $"seed {seed}, round {round}, {count} keys");
                Assert.Equal(shared.At, own.At);
            }
            Check(shared, filter is null ? [] : [filter], null, $"seed {seed}, round {round}, afterwards");
        }
    }

    [Fact]
    public void WhatTakesAllNodesHasNoMask()
    {
        using ItemSelection selection = _index.Select(new Filter.NoneOf(new Filter.KeyIn(KeyColumn.Ordinals(1))), null)!;
        Assert.NotNull(selection.MaskOf(0));
        Assert.Null(selection.MaskOf(1));
        Assert.Null(selection.MaskOf(2));
        Assert.Equal(PerSegment - 1 + PerSegment + 200, selection.Matching);
        Assert.InRange(selection.Selectivity, 0.9, 1);
    }

    [Fact]
    public void ACancelledSelectionIsEmptyAndSaysSo()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        BoundFilter filter = _index.Bind(new Filter.Exists("stock"));
        for (int round = 0; round < 3; round++)
        {
            using ItemSelection selection = _index.Select(filter, null, new SearchBudget(long.MaxValue, source.Token))!;
            Assert.Equal((StopReason.Cancelled, 0L), (selection.Stopped, selection.Matching));
        }
        using ItemSelection whole = _index.Select(filter, null, SearchBudget.Unlimited)!;
        Assert.Equal(StopReason.None, whole.Stopped);
        Assert.InRange(whole.Matching, 1, 800);
    }

    /// <summary>Excluded keys may be millions: a call that nobody waits for looks up no more of them, and returns none of them.</summary>
    [Fact]
    public void AnExclusionThatIsStoppedLetsNothingThrough()
    {
        ulong[] few = [.. Enumerable.Range(0, 3 * PerSegment).Where(static key => key % 7 == 0).Select(static key => (ulong)key)];
        ulong[] many = [.. few, .. Enumerable.Range(10_000, 50_000).Select(static key => (ulong)key)];
        BoundFilter filter = _index.Bind(new Filter.NoneOf(new Filter.Exists("stock")));
        ExcludedKeys[] forms =
        [
            Exclusion.OfKeys(ExcludedKeysTests.Column(few)), Exclusion.OfKeys(ExcludedKeysTests.Column(many)),
            SetKeys.Empty("s", KeyKind.UInt64, 0).With(ExcludedKeysTests.Column(many), 0, null),
            Exclusion.OfRoaring(RoaringTests.Write(few, is64: false, optimise: false), is64: false),
            Exclusion.Union([Exclusion.OfKeys(ExcludedKeysTests.Column(few)), Exclusion.OfKeys(ExcludedKeysTests.Column(many))])!,
        ];
        foreach (ExcludedKeys excluded in forms)
        {
            int looks = 0;
            for (bool isWhole = false; !isWhole; looks++)
            {
                SearchBudget budget = SearchBudget.Unlimited with { Limit = new CheckLimit(looks) };
                using ItemSelection selection = _index.Select(looks % 2 == 0 ? null : filter, excluded, in budget)!;
                isWhole = selection.Stopped == StopReason.None && looks % 2 == 0;
                for (int number = 0; number < 3; number++)
                    for (int node = 0; node < (number == 2 ? 200 : PerSegment); node++)
                    {
                        bool isTaken = selection.MaskOf(number)?.Has(node) ?? true;
                        Assert.False(
                            isTaken && excluded.Contains(_segments[number].KeyOf(node)),
                            $"{excluded.GetType().Name}, {looks} looks, segment {number}, node {node}");
                    }
            }
            Assert.True(looks > 3, $"{excluded.GetType().Name}: {looks} looks at the budget for three segments");
        }
    }

    [Fact]
    public void FailedClausesAreThoseOfTheItem()
    {
        BoundFilter filter = _index.Bind(new Filter.AllOf(
            [new Filter.KeyIn(KeyColumn.Ordinals(10)), new Filter.NoneOf(new Filter.KeyIn(KeyColumn.Ordinals(5)))]));
        Assert.Equal("all_of[1].none_of", Assert.Single(_index.FailedClauses(filter, new SearchHit(0, 3, 0), _index.Now)).Path);
        Assert.Empty(_index.FailedClauses(filter, new SearchHit(0, 7, 0), _index.Now));
        Assert.Equal("all_of[0].keys", Assert.Single(_index.FailedClauses(filter, new SearchHit(1, 7, 0), _index.Now)).Path);
    }

    /// <summary>The selection itself is two small objects; masks come from pools, and so does the scratch of what is evaluated.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ASteadySelectionAllocatesNoMasks(bool isRefined)
    {
        BoundFilter filter = _index.Bind(new Filter.AllOf(
            [new Filter.KeywordIn("brand", ["t1é", "t2é", "t3é", "t4é", "t5é", "t6é"]), new Filter.Exists("stock")]));
        BoundFilter extra = _index.Bind(new Filter.KeywordIn("tags", ["t1é", "t2é"]));
        KeySetExclusion excluded = new([1, 2, 3]);
        Run(10); // fills pools and cache
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(100);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100 * 3 * 256);

        void Run(int rounds)
        {
            for (int round = 0; round < rounds; round++)
            {
                using ItemSelection cached = _index.Select(filter, null, SearchBudget.Unlimited)!;
                using ItemSelection copied = _index.Select(filter, excluded, SearchBudget.Unlimited)!;
                using ItemSelection? refined = isRefined ? cached.Refine(extra, SearchBudget.Unlimited) : null;
            }
        }
    }

    private void Check(ItemSelection selection, Filter[] filters, KeySetExclusion? excluded, string what)
    {
        for (int number = 0; number < 3; number++)
        {
            NodeMask? mask = selection.MaskOf(number);
            int rows = number == 2 ? 200 : PerSegment;
            LiveNodes live = _segments[number].Dead.LiveAt(SnapshotSearch.PointOf([.. _segments], number, selection.At));
            int count = 0;
            for (int node = 0; node < PerSegment; node++)
            {
                string key = _segments[number].KeyOf(node).ToString();
                bool isWanted = node < rows && live.Accepts(node)
                    && filters.All(filter => RandomFilters.Takes(filter, _batches[number], node, key))
                    && excluded?.Contains(_segments[number].KeyOf(node)) != true;
                bool isTaken = (mask?.Has(node) ?? node < rows) && live.Accepts(node);
                Assert.True(isWanted == isTaken, $"{what}, segment {number}, node {node}: expected {isWanted}");
                count += isTaken ? 1 : 0;
            }
            Assert.InRange(mask?.Count ?? rows, count, rows);
        }
    }

    private sealed class KeySetExclusion(HashSet<ulong> keys) : ExcludedKeys
    {
        public override int Count => keys.Count;

        public override bool Contains(in ItemKey key) => keys.Contains(key.Number);

        internal override StopReason RemoveFrom(LiveSegment segment, ReadPoint at, NodeMask mask, in SearchBudget budget)
        {
            for (int node = 0; node < mask.Nodes; node++)
                if (keys.Contains(segment.KeyOf(node).Number))
                    mask.Words[node >> 6] &= ~(1UL << node);
            return StopReason.None;
        }
    }
}
