using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Segments;

namespace Ann.Tests.Attributes;

/// <summary>Goal: masks of filters asked again are found by content, within a bound, and live as long as somebody uses them.</summary>
public sealed class FilterCacheTests : IDisposable
{
    private const int Nodes = 6400;
    private const int EntryBytes = Nodes / 8 + 128;

    private readonly SegmentMasks _masks = new(cacheBytes: 4 * (EntryBytes + 64));

    public void Dispose() => _masks.Dispose();

    private FilterCache Cache => _masks.Cache!;

    [Fact]
    public void AFilterIsWorthKeepingAtItsSecondUse()
    {
        Assert.False(Cache.IsWorthKeeping(Of(1)));
        Assert.False(Cache.IsWorthKeeping(Of(2)));
        Assert.True(Cache.IsWorthKeeping(Of(1)));
        Assert.True(Cache.IsWorthKeeping(Of(2)));
    }

    [Fact]
    public void AMaskIsFoundByContent()
    {
        Assert.Null(Cache.Find(Of(1)));
        CachedMask added = Add(Of(1));
        Assert.Same(added, Cache.Find(Of(1)));
        Assert.Null(Cache.Find(Of(2)));
        Assert.Equal(1, Cache.Count);
        Assert.InRange(Cache.SizeInBytes, Nodes / 8, EntryBytes + 64);
    }

    [Fact]
    public void OneFilterHasOneMask()
    {
        Add(Of(1)).Release();
        NodeMask second = _masks.Rent(Nodes);
        Assert.Null(Cache.TryAdd(Of(1), second));
        Assert.Equal(1, Cache.Count);
        _masks.Return(second);
    }

    [Fact]
    public void FiltersOfTheSameHashAreToldApart()
    {
        BoundFilter one = WithHash(Of(1), 42);
        BoundFilter two = WithHash(Of(2), 42);
        CachedMask first = Add(one);
        Assert.Null(Cache.Find(two));
        CachedMask second = Add(two);
        Assert.Same(first, Cache.Find(one));
        Assert.Same(second, Cache.Find(two));
        Assert.NotSame(first, second);
    }

    [Fact]
    public void WhatWasNotUsedOfLateMakesRoom()
    {
        for (int i = 0; i < 4; i++)
            Add(Of(i)).Release();
        Assert.Equal(4, Cache.Count);
        long full = Cache.SizeInBytes;
        Add(Of(4)).Release(); // each had a chance: the oldest goes
        Assert.Null(Cache.Find(Of(0)));
        for (int i = 5; i < 40; i++)
        {
            Cache.Find(Of(1))!.Release();
            Add(Of(i)).Release();
        }
        Assert.NotNull(Cache.Find(Of(1)));
        Assert.Equal((4, full), (Cache.Count, Cache.SizeInBytes));
    }

    [Fact]
    public void AMaskInUseOutlivesItsPlace()
    {
        CachedMask held = Add(Of(0));
        held.Mask.Words[7] = 0x1234;
        for (int i = 1; i < 12; i++)
            Add(Of(i)).Release();
        Assert.Null(Cache.Find(Of(0)));
        Assert.Equal(0x1234UL, held.Mask.Words[7]);
        NodeMask mask = held.Mask;
        Assert.NotSame(mask, _masks.Rent(Nodes));
        held.Release();
        Assert.False(held.TryHold());
    }

    [Fact]
    public void AMaskLargerThanTheCacheStaysOut()
    {
        SegmentMasks small = new(cacheBytes: Nodes / 8);
        NodeMask mask = small.Rent(Nodes);
        Assert.Null(small.Cache!.TryAdd(Of(1), mask));
        small.Return(mask);
        small.Dispose();
    }

    [Fact]
    public void AClosedCacheLetsGoAndTakesNothing()
    {
        CachedMask held = Add(Of(1));
        _masks.Dispose();
        Assert.Equal((0, 0), (Cache.Count, Cache.SizeInBytes));
        held.Mask.Words[0] = 1; // still there
        held.Release();
        NodeMask late = _masks.Rent(Nodes);
        Assert.Null(Cache.TryAdd(Of(2), late));
        _masks.Return(late);
        Assert.Equal(0, _masks.SizeInBytes);
    }

    [Fact]
    public void IdleMasksAreUsedAgainWhereTheyFit()
    {
        SegmentMasks growing = new(cacheBytes: 0);
        NodeMask mask = growing.Rent(100);
        growing.Return(mask);
        NodeMask again = growing.Rent(4000);
        Assert.Same(mask, again);
        Assert.Equal((4000, 63), (again.Nodes, again.Words.Length));
        growing.Return(again);
        NodeMask larger = growing.Rent(5000);
        Assert.NotSame(mask, larger);
        Assert.Equal(0, growing.SizeInBytes);
        growing.Return(larger);
        growing.Dispose();
        Assert.Equal(0, growing.SizeInBytes);
    }

    /// <summary>Each filter's mask holds its own number in every word: nobody may ever see another's.</summary>
    [Fact]
    public void ManyThreadsNeverSeeAnothersMask()
    {
        BoundFilter[] filters = [.. Enumerable.Range(0, 9).Select(i => Of(i))];
        Parallel.For(0, 8, thread =>
        {
            Random random = new(thread);
            for (int round = 0; round < 3000; round++)
            {
                int number = random.Next(filters.Length);
                CachedMask? found = Cache.Find(filters[number]);
                if (found is null)
                {
                    NodeMask mask = _masks.Rent(Nodes);
                    mask.Words.Fill((ulong)number);
                    found = Cache.TryAdd(filters[number], mask);
                    if (found is null)
                    {
                        _masks.Return(mask);
                        continue;
                    }
                }
                Assert.False(found.Mask.Words.ContainsAnyExcept((ulong)number));
                found.Release();
            }
        });
        Assert.InRange(Cache.Count, 1, 4);
    }

    private CachedMask Add(BoundFilter filter)
    {
        NodeMask mask = _masks.Rent(Nodes);
        mask.Fill();
        CachedMask? added = Cache.TryAdd(filter, mask);
        Assert.NotNull(added);
        return added;
    }

    private static BoundFilter Of(long value) =>
        BoundFilter.Bind(new Filter.IntegerIn("stock", [value]), RandomFilters.Schema, KeyKind.UInt64);

    private static BoundFilter WithHash(BoundFilter filter, ulong hash) =>
        new(filter.Source, filter.Root, filter.Canonical.ToArray(), hash, filter.Schema, filter.KeyKind);
}
