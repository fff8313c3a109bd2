using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Tests.Attributes;

namespace Ann.Tests.Indexes;

/// <summary>Goal: a prepared filter is found by its hash until others, used later, took its room.</summary>
public sealed class PreparedFiltersTests
{
    [Fact]
    public void AFilterIsFoundByItsHash()
    {
        PreparedFilters filters = new();
        BoundFilter filter = Of(1);
        Assert.False(filters.TryGet(filter.Hash, out _));
        Assert.Equal(filter.Hash, filters.Add(filter));
        Assert.Equal(filter.Hash, filters.Add(Of(1)));
        Assert.True(filters.TryGet(filter.Hash, out BoundFilter? found));
        Assert.True(found.Is(filter));
        Assert.Equal(1, filters.Count);
    }

    [Fact]
    public void TheOneNotUsedForLongestGoes()
    {
        PreparedFilters filters = new(mostFilters: 3);
        for (int i = 0; i < 3; i++)
            filters.Add(Of(i));
        Assert.True(filters.TryGet(Of(0).Hash, out _));
        filters.Add(Of(3));
        Assert.Equal([true, false, true, true], Enumerable.Range(0, 4).Select(i => filters.TryGet(Of(i).Hash, out _)));
    }

    [Fact]
    public void BytesAreBounded()
    {
        PreparedFilters filters = new(mostBytes: 3 * Of(0).SizeInBytes);
        for (int i = 0; i < 10; i++)
            filters.Add(Of(i));
        Assert.Equal(3, filters.Count);
        BoundFilter large = BoundFilter.Bind(
            new Filter.IntegerIn("stock", [.. Enumerable.Range(0, 1000)]), RandomFilters.Schema, KeyKind.UInt64);
        AnnException refused = Assert.Throws<AnnException>(() => filters.Add(large));
        Assert.Equal(AnnError.Overloaded, refused.Error);
        Assert.Equal(3, filters.Count);
    }

    [Fact]
    public void AnotherFilterOfTheSameHashIsRefused()
    {
        PreparedFilters filters = new();
        BoundFilter one = Of(1);
        filters.Add(one);
        BoundFilter two = new(Of(2).Source, Of(2).Root, Of(2).Canonical.ToArray(), one.Hash, one.Schema, one.KeyKind);
        AnnException refused = Assert.Throws<AnnException>(() => filters.Add(two));
        Assert.Equal(AnnError.FailedPrecondition, refused.Error);
        Assert.True(filters.TryGet(one.Hash, out BoundFilter? kept));
        Assert.Same(one, kept);
    }

    private static BoundFilter Of(long value) =>
        BoundFilter.Bind(new Filter.IntegerIn("stock", [value]), RandomFilters.Schema, KeyKind.UInt64);
}
