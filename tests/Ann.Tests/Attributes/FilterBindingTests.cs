using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Keys;

namespace Ann.Tests.Attributes;

/// <summary>Goal: a filter that cannot be meant is refused by a message that names the clause, what was expected and what came.</summary>
public sealed class FilterBindingTests
{
    private static readonly Filter One = new Filter.Exists("stock");
    private static readonly FilterBound Two = new(2, null);

    public static TheoryData<string, string, string[]> Cases
    {
        get
        {
            TheoryData<string, string, string[]> cases = [];
            foreach ((string name, (_, string place, string[] words)) in All)
                cases.Add(name, place, words);
            return cases;
        }
    }

    private static Dictionary<string, (Filter Filter, string Field, string[] Words)> All => new(StringComparer.Ordinal)
    {
        ["unknown attribute"] = (
            new Filter.AllOf([One, new Filter.Between("colour", Two, null)]), "filter.all_of[1].range.attribute",
            ["'colour'", "brand", "born"]),
        ["unknown in"] = (new Filter.KeywordIn("Brand", ["x"]), "filter.in.attribute", ["'Brand'", "brand"]),
        ["unknown exists"] = (new Filter.NoneOf(new Filter.Exists("x")), "filter.none_of.exists", ["'x'"]),
        ["keywords of a number"] = (
            new Filter.AnyOf([One, One, new Filter.NoneOf(new Filter.KeywordIn("stock", ["x"]))]),
            "filter.any_of[2].none_of.in.keywords", ["'stock'", "Int64", "keywords"]),
        ["integers of a keyword"] = (new Filter.IntegerIn("brand", [1]), "filter.in.integers", ["'brand'", "Keyword", "integers"]),
        ["integers of a double"] = (new Filter.IntegerIn("price", [1]), "filter.in.integers", ["'price'", "Double", "range"]),
        ["bools of a time"] = (new Filter.BoolIn("born", [true]), "filter.in.bools", ["'born'", "Timestamp", "bools"]),
        ["range of a set"] = (new Filter.Between("tags", Two, null), "filter.range", ["'tags'", "KeywordSet", "Int64"]),
        ["range of a bool"] = (new Filter.Between("sale", Two, null), "filter.range", ["'sale'", "Bool"]),
        ["real of a number"] = (
            new Filter.Between("stock", null, new FilterBound(null, 2)), "filter.range.to.real", ["'stock'", "Int64", "real"]),
        ["no bound"] = (new Filter.Between("stock", null, null), "filter.range", ["'stock'", "no bound"]),
        ["empty bound"] = (new Filter.Between("stock", new FilterBound(null, null), null), "filter.range.from", ["no value"]),
        ["double bound"] = (new Filter.Between("price", new FilterBound(1, 1), null), "filter.range.from", ["an integer and a real"]),
        ["NaN"] = (new Filter.Between("price", new FilterBound(null, double.NaN), null), "filter.range.from.real", ["NaN"]),
        ["reversed"] = (new Filter.Between("stock", Two, new FilterBound(-7, null)), "filter.range", ["(2)", "(-7)"]),
        ["reversed reals"] = (
            new Filter.Between("price", Two, new FilterBound(null, 1.5)), "filter.range", ["(2)", "(1.5)"]),
        ["no clause"] = (new Filter.AllOf([One, new Filter.AnyOf([])]), "filter.all_of[1].any_of", ["0 clauses", "1 to 64"]),
        ["too many clauses"] = (new Filter.AllOf([.. Enumerable.Repeat(One, 65)]), "filter.all_of", ["65 clauses", "1 to 64"]),
        ["no keyword"] = (new Filter.KeywordIn("brand", []), "filter.in.keywords", ["no value"]),
        ["no integer"] = (new Filter.IntegerIn("stock", []), "filter.in.integers", ["no value"]),
        ["no bool"] = (new Filter.BoolIn("sale", []), "filter.in.bools", ["no value"]),
        ["no key"] = (new Filter.KeyIn(new KeyColumn(KeyKind.UInt64)), "filter.keys", ["no value"]),
        ["other keys"] = (new Filter.KeyIn(AttributedSegment.TextKeys(1)), "filter.keys", ["UInt64", "String"]),
        ["long keyword"] = (
            new Filter.KeywordIn("brand", ["x", new string('é', 513)]), "filter.in.keywords[1]", ["1026 bytes", "1024"]),
        ["too deep"] = (Deep(17), "filter", ["16 levels"]),
        ["far too deep"] = (Deep(100_000), "filter", ["16 levels"]),
        ["too many nodes"] = (
            new Filter.AllOf([.. Enumerable.Repeat(new Filter.AnyOf([.. Enumerable.Repeat(One, 63)]), 4)]), "filter", ["257", "256"]),
        ["too many values"] = (
            new Filter.AnyOf([new Filter.IntegerIn("stock", new long[60_000]), new Filter.KeyIn(KeyColumn.Ordinals(40_001))]), "filter",
            ["100001 values", "100000"]),
        ["nothing"] = (new Filter.AllOf([null!]), "filter.all_of[0]", ["empty"]),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void NonsenseIsRefusedByName(string name, string field, string[] words)
    {
        AnnException refused = Assert.Throws<AnnException>(() => Bind(All[name].Filter));
        Assert.Equal((AnnError.InvalidArgument, field), (refused.Error, refused.Field));
        Assert.All(words, word => Assert.Contains(word, refused.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void WhatIsAtTheLimitsIsTaken()
    {
        Bind(Deep(16));
        Bind(new Filter.AllOf([.. Enumerable.Repeat(One, 64)]));
        Bind(new Filter.AllOf(
        [
            .. Enumerable.Range(0, 3).Select(i => new Filter.AnyOf(
                [.. Enumerable.Range(0, 63).Select(value => new Filter.IntegerIn("stock", [i * 100 + value]))])),
            new Filter.AnyOf([.. Enumerable.Range(0, 62).Select(value => new Filter.IntegerIn("stock", [900 + value]))]),
        ]));
        Bind(new Filter.KeyIn(KeyColumn.Ordinals(100_000)));
        Bind(new Filter.KeywordIn("brand", [new string('é', 512), ""]));
        Bind(new Filter.Between("stock", new FilterBound(5, null, true), new FilterBound(5, null, true))); // of nothing, but not reversed
    }

    /// <summary>Clients keep hashes: a change of them breaks those clients.</summary>
    [Fact]
    public void AHashIsTheSameForEver()
    {
        Filter filter = new Filter.AllOf(
        [
            new Filter.KeywordIn("brand", ["b", "a"]), new Filter.NoneOf(new Filter.KeywordIn("tags", ["c"])),
            new Filter.AnyOf([new Filter.IntegerIn("stock", [2, 1]), new Filter.BoolIn("sale", [true]), new Filter.Exists("born")]),
            new Filter.Between("price", new FilterBound(1, null, true), new FilterBound(null, 2.5)),
            new Filter.Between("born", new FilterBound(1, null, true), null), new Filter.KeyIn(KeyColumn.Ordinals(3)),
        ]);
        Assert.Equal("1793f96e31e8608e", Bind(filter).Hash.ToString("x16", null));
    }

    [Fact]
    public void OtherFiltersHaveOtherBytes()
    {
        Filter[] filters =
        [
            new Filter.KeywordIn("brand", ["ab"]), new Filter.KeywordIn("brand", ["a", "b"]), new Filter.KeywordIn("tags", ["ab"]),
            new Filter.IntegerIn("stock", [1]), new Filter.IntegerIn("born", [1]), new Filter.Exists("stock"), new Filter.Exists("born"),
            new Filter.Between("stock", new FilterBound(1, null), null), new Filter.Between("stock", new FilterBound(1, null, true), null),
            new Filter.Between("stock", null, new FilterBound(1, null)), new Filter.Between("price", new FilterBound(1, null), null),
            new Filter.NoneOf(new Filter.Exists("stock")), new Filter.BoolIn("sale", [true]), new Filter.BoolIn("sale", [false]),
            new Filter.BoolIn("sale", [false, true]), new Filter.AllOf([new Filter.Exists("stock"), new Filter.Exists("born")]),
            new Filter.AnyOf([new Filter.Exists("stock"), new Filter.Exists("born")]), new Filter.KeyIn(KeyColumn.Ordinals(1)),
        ];
        Assert.Equal(filters.Length, filters.Select(filter => Convert.ToHexString(Bind(filter).Canonical)).Distinct().Count());
        Assert.Equal(filters.Length, filters.Select(filter => Bind(filter).Hash).Distinct().Count());
    }

    [Fact]
    public void AFilterIsToldForPeople()
    {
        Filter filter = new Filter.AllOf(
        [
            new Filter.KeywordIn("brand", ["b", "a"]),
            new Filter.NoneOf(new Filter.AnyOf([new Filter.Exists("tags"), new Filter.BoolIn("sale", [true])])),
            new Filter.Between("price", new FilterBound(1, null, true), new FilterBound(null, 2.5)),
            new Filter.AllOf(
            [
                new Filter.Between("born", new FilterBound(1_700_000_000_500_000, null), null),
                new Filter.IntegerIn("stock", [.. Enumerable.Range(0, 20)]),
            ]),
            new Filter.KeyIn(KeyColumn.Ordinals(2)),
        ]);
        Assert.Equal(
            "(brand in (\"a\", \"b\") and not (tags exists or sale is true) and price > 1 and <= 2.5 "
                + "and born >= 2023-11-14T22:13:20.5Z and stock in (0, 1, 2, 3, 4, 5, 6, 7, … 20 in all) and key in (0, 1))",
            Bind(filter).ToString());
    }

    [Fact]
    public void FailedClausesHaveTheirPlaceInTheRequest()
    {
        AttributeBatch batch = new(RandomFilters.Schema);
        foreach (AttributeColumn column in batch.Columns)
            column.AddMissing();
        AttributedSegment segment = new(KeyColumn.Ordinals(1), new MemoryAttributes(batch));
        BoundFilter filter = Bind(new Filter.AllOf(
        [
            new Filter.KeyIn(KeyColumn.Ordinals(2)), new Filter.NoneOf(new Filter.KeyIn(KeyColumn.Ordinals(1))),
            new Filter.AllOf([new Filter.AnyOf([One, new Filter.Exists("born")]), new Filter.NoneOf(One), One]),
        ]));
        SegmentNodes nodes = new(segment.Attributes, segment, segment.Now);
        Assert.Equal(
            [
                new FailedClause("all_of[1].none_of", "not key in (0)"),
                new FailedClause("all_of[2].all_of[0].any_of", "(stock exists or born exists)"),
                new FailedClause("all_of[2].all_of[2].exists", "stock exists"),
            ],
            filter.FailedClauses(in nodes, 0));
        segment.Release();
    }

    [Fact]
    public void AFilterIsBoundAnewWhenTheSchemaChanged()
    {
        BoundFilter bound = Bind(One);
        Assert.Same(bound, bound.For(RandomFilters.Schema, KeyKind.UInt64));
        Assert.Same(bound, bound.For(new AttributeSchema(RandomFilters.Schema.Fields), KeyKind.UInt64));
        AttributeSchema other = new([new("stock", AttributeType.Int64)]);
        Assert.Same(other, bound.For(other, KeyKind.UInt64).Schema);
        AnnException gone = Assert.Throws<AnnException>(() => bound.For(AttributeSchema.Empty, KeyKind.UInt64, "prepared"));
        Assert.Equal("prepared.exists", gone.Field);
    }

    private static BoundFilter Bind(Filter filter) => BoundFilter.Bind(filter, RandomFilters.Schema, KeyKind.UInt64);

    private static Filter Deep(int levels)
    {
        Filter filter = One;
        for (int level = 1; level < levels; level++)
            filter = new Filter.NoneOf(filter);
        return filter;
    }
}
