using Ann.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: values that an index does not take name their column and write nothing, in a call and in a stream.</summary>
[Collection(typeof(ServerTests))]
public sealed class AttributeErrorTests(ShopServer shop) : IClassFixture<ShopServer>
{
    /// <summary>What is wrong with the second column of a write of two items, the column, words of the message.</summary>
    public static TheoryData<string, AttributeColumn, string> Columns => new()
    {
        { "unknown", new AttributeColumn { Name = "colour", Keywords = { "a", "b" } }, "'colour' is unknown" },
        { "no name", new AttributeColumn { Keywords = { "a", "b" } }, "'' is unknown" },
        { "twice", new AttributeColumn { Name = "sale", Bools = { true, true } }, "'sale' is there twice" },
        { "keywords for an integer", new AttributeColumn { Name = "price", Keywords = { "a", "b" } }, "of type Int64" },
        { "doubles for a time", new AttributeColumn { Name = "added", Doubles = { 1, 2 } }, "of type Timestamp" },
        { "a keyword for a set", new AttributeColumn { Name = "tags", Keywords = { "a", "b" } }, "of type KeywordSet" },
        {
            "both types", new AttributeColumn { Name = "price", Integers = { 1, 2 }, Doubles = { 1, 2 } },
            "'price' is of type Int64; attributes[1] holds 2 values of another type"
        },
        { "too few", new AttributeColumn { Name = "price", Integers = { 1 } }, "has 1 values for 2 keys" },
        { "too many", new AttributeColumn { Name = "brand", Keywords = { "a", "b", "c" } }, "has 3 values for 2 keys" },
        { "no values", new AttributeColumn { Name = "brand", Missing = { 0 } }, "has 0 values for 2 keys" },
        { "missing falls", new AttributeColumn { Name = "price", Integers = { 1, 2 }, Missing = { 1, 0 } }, "missing[1] is 0" },
        { "missing twice", new AttributeColumn { Name = "price", Integers = { 1, 2 }, Missing = { 0, 0 } }, "missing[1] is 0" },
        { "missing beyond", new AttributeColumn { Name = "price", Integers = { 1, 2 }, Missing = { 2 } }, "the last one is 1 at most" },
        { "missing far beyond", new AttributeColumn { Name = "price", Integers = { 1, 2 }, Missing = { uint.MaxValue } }, "4294967295" },
        { "long keyword", new AttributeColumn { Name = "brand", Keywords = { "a", new string('é', 513) } }, "item 1 has a text of 1026" },
        {
            "long element", new AttributeColumn { Name = "tags", KeywordSets = { Set("a"), Set("b", new string('x', 1025)) } },
            "item 1 has a text of 1025 bytes"
        },
        {
            "large set",
            new AttributeColumn { Name = "tags", KeywordSets = { Set(), Set([.. Enumerable.Range(0, 257).Select(static i => $"{i}")]) } },
            "item 1 has more than 256 different texts"
        },
        { "NaN", new AttributeColumn { Name = "weight", Doubles = { 1, double.NaN } }, "item 1 is NaN" },
    };

    /// <summary>What is wrong, the attributes of a new index, words of the message.</summary>
    public static TheoryData<string, AttributeField[], string> Schemas => new()
    {
        { "no name", [Field("")], "'' is no name" },
        { "a digit first", [Field("1a")], "'1a' is no name" },
        { "a blank", [Field("a b")], "'a b' is no name" },
        { "a letter of no alphabet but ours", [Field("größe")], "'größe' is no name" },
        { "a long name", [Field(new string('a', 129))], "is no name" },
        { "no type", [new AttributeField { Name = "a" }], "'a' has no type" },
        { "unknown type", [new AttributeField { Name = "a", Type = (AttributeType)9 }], "'a' has no type, or an unknown one" },
        { "twice", [Field("a"), Field("b"), Field("a")], "'a' is there twice" },
        { "65", [.. Enumerable.Range(0, 65).Select(static i => Field($"a{i}"))], "65 attributes; an index takes at most 64" },
    };

    [Theory]
    [MemberData(nameof(Columns), DisableDiscoveryEnumeration = true)]
    public async Task ABadColumnIsNamedAndWritesNothing(string mistake, AttributeColumn column, string words)
    {
        UpsertRequest request = LiveCalls.Upsert(0, 1_001, 1_002);
        request.Attributes.Add(new AttributeColumn { Name = "sale", Bools = { true, false } });
        request.Attributes.Add(column);

        await FilterErrorTests.RequireAsync(mistake, "attributes[1]", words, shop.Server.Ingest.UpsertAsync(request));
        WriteFrame block = LiveCalls.Block(1, 1_001, 1_002);
        block.Block.Attributes.Add(request.Attributes);
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.WriteAsync(shop.Server, LiveCalls.Start(), block));

        Assert.True(e.StatusCode == StatusCode.InvalidArgument, $"{mistake}: {e}");
        Assert.Contains("Block 1, attributes[1]: ", e.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(words, e.Status.Detail, StringComparison.Ordinal);
        Assert.NotNull(Assert.Single(ErrorTests.Detail<BadRequest>(e).FieldViolations).Field);
        Assert.Empty((await LiveCalls.FetchAsync(shop.Server, "shop", 1_001, 1_002)).Found.Numbers);
    }

    [Fact]
    public async Task ADeleteAndAnIndexWithoutAttributesTakeNone()
    {
        WriteFrame block = new() { Block = new WriteBlock { Sequence = 1, Keys = LiveCalls.Keys(1_001) } };
        block.Block.Attributes.Add(new AttributeColumn { Name = "sale", Bools = { true } });
        await LiveCalls.CreateAsync(shop.Server, "bare");
        UpsertRequest bare = LiveCalls.Upsert(0, 1);
        bare.Index = "bare";
        bare.Attributes.Add(new AttributeColumn { Name = "sale", Bools = { true } });

        RpcException delete = await Assert.ThrowsAsync<RpcException>(
            () => LiveCalls.WriteAsync(shop.Server, LiveCalls.Start(mode: WriteMode.Delete), block));

        Assert.Equal(StatusCode.InvalidArgument, delete.StatusCode);
        Assert.Contains("a delete takes none", delete.Status.Detail, StringComparison.Ordinal);
        await FilterErrorTests.RequireAsync("bare", "attributes[0]", "the index has none", shop.Server.Ingest.UpsertAsync(bare));
    }

    [Theory]
    [MemberData(nameof(Schemas), DisableDiscoveryEnumeration = true)]
    public async Task ABadSchemaIsRefusedAndMakesNothing(string mistake, AttributeField[] fields, string words)
    {
        CreateRequest request = new() { Index = "never", Dimension = 8, Metric = Metric.L2, Attributes = { fields } };

        await FilterErrorTests.RequireAsync(mistake, "attributes", words, shop.Server.Indexes.CreateAsync(request));
        RpcException e = await LiveCalls.Fails(shop.Server.Indexes.DescribeAsync(new DescribeRequest { Index = "never" }));

        Assert.Equal(StatusCode.NotFound, e.StatusCode);
    }

    private static AttributeField Field(string name) => new() { Name = name, Type = AttributeType.Bool };

    private static KeywordSet Set(params string[] values) => new() { Values = { values } };
}
