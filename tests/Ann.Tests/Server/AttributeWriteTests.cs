using Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>Goal: attributes go with their items through every way to write, replacements and a restart.</summary>
[Collection(typeof(ServerTests))]
public sealed class AttributeWriteTests(SampleIndexes samples)
{
    private static readonly string[] Names = [.. ShopItem.Fields().Select(static field => field.Name)];

    [Fact]
    public async Task UpsertsAndStreamsWriteThemAndARestartKeepsThem()
    {
        string data = samples.NewDirectory();
        ShopItem[] items = [.. Enumerable.Range(1, 40).Select(static key => ShopItem.Of((ulong)key))];
        await using (RunningServer server = await StartAsync(data))
        {
            await LiveCalls.CreateAsync(server, change: static request => request.Attributes.Add(ShopItem.Fields()));
            await server.Ingest.UpsertAsync(ShopServer.Upsert(items[..20]));
            await LiveCalls.WriteAsync(server, LiveCalls.Start(), Block(1, items[20..30]), Block(2, items[30..]));

            await RequireAsync(server, items);
        }
        await using RunningServer again = await StartAsync(data);
        await RequireAsync(again, items);
        Assert.Equal(
            ShopItem.Fields(), (await again.Indexes.DescribeAsync(new DescribeRequest { Index = "shop" })).Index.Attributes);
    }

    [Fact]
    public async Task AReplacedItemLosesItsOldValues()
    {
        string data = samples.NewDirectory();
        ShopItem plain = new(3, LiveCalls.Row(3, 1), null, null, null, null, null, null);
        ShopItem partly = new(4, LiveCalls.Row(4, 1), null, null, 777, null, null, null);
        await using (RunningServer server = await StartAsync(data))
        {
            await LiveCalls.CreateAsync(server, change: static request => request.Attributes.Add(ShopItem.Fields()));
            await server.Ingest.UpsertAsync(ShopServer.Upsert(ShopItem.Of(3), ShopItem.Of(4), ShopItem.Of(5)));

            await server.Ingest.UpsertAsync(LiveCalls.Upsert(1, 3)); // without columns
            UpsertRequest one = LiveCalls.Upsert(1, 4);
            one.Attributes.Add(new AttributeColumn { Name = "price", Integers = { 777 } });
            await server.Ingest.UpsertAsync(one);
            await server.Ingest.DeleteAsync(new DeleteRequest { Index = "shop", Keys = LiveCalls.Keys(5) });
            await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 5));

            await RequireAllAsync(server);
        }
        await using RunningServer again = await StartAsync(data);
        await RequireAllAsync(again);

        async Task RequireAllAsync(RunningServer server)
        {
            await RequireAsync(server, plain, partly, plain with { Key = 5, Row = LiveCalls.Row(5) });
            SearchResponse old = await server.Retrieval.SearchAsync(
                ShopServer.Request(change: static request => request.Filter = Clause.Any(Clause.Exists("brand"), Clause.Exists("sale"))));
            SearchResponse priced = await server.Retrieval.SearchAsync(
                ShopServer.Request(change: static request => request.Filter = Clause.Exists("price")));
            Assert.Empty(old.Keys.Numbers);
            Assert.Equal([4ul], priced.Keys.Numbers);
        }
    }

    /// <summary>What is skipped of a block takes its values with it: the others keep theirs.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task InsertsKeepTheirValuesAligned(bool stream)
    {
        string data = samples.NewDirectory();
        ShopItem[] old = [.. new ulong[] { 2, 5, 6 }.Select(static key => ShopItem.Of(key) with { Brand = "old", Price = -1 })];
        ShopItem[] all = [.. Enumerable.Range(1, 8).Select(static key => ShopItem.Of((ulong)key))];
        ShopItem[] expected = [.. all.Select(item => old.FirstOrDefault(one => one.Key == item.Key) ?? item)];
        await using (RunningServer server = await StartAsync(data))
        {
            await LiveCalls.CreateAsync(server, change: static request => request.Attributes.Add(ShopItem.Fields()));
            await server.Ingest.UpsertAsync(ShopServer.Upsert(old));
            if (stream)
            {
                await LiveCalls.WriteAsync(server, LiveCalls.Start(mode: WriteMode.InsertOnly), Block(1, all));
            }
            else
            {
                UpsertRequest insert = ShopServer.Upsert(all);
                insert.Mode = WriteMode.InsertOnly;
                UpsertResponse written = await server.Ingest.UpsertAsync(insert);
                Assert.Equal((5ul, 3ul), (written.Applied, written.Skipped));
            }
            await RequireAsync(server, expected);
        }
        await using RunningServer again = await StartAsync(data);
        await RequireAsync(again, expected);
    }

    [Fact]
    public async Task OfAKeyThatComesTwiceTheLaterValuesWin()
    {
        await using RunningServer server = await StartAsync(samples.NewDirectory());
        await LiveCalls.CreateAsync(server, change: static request => request.Attributes.Add(ShopItem.Fields()));
        ShopItem first = ShopItem.Of(1) with { Brand = "first" };
        ShopItem later = first with { Brand = "later", Tags = ["x"], Sale = null, Row = LiveCalls.Row(1, 9) };

        await server.Ingest.UpsertAsync(ShopServer.Upsert(first, ShopItem.Of(2), later));

        await RequireAsync(server, later, ShopItem.Of(2));
    }

    /// <summary>A column that no value of a block fills need not be sent; columns come in any order.</summary>
    [Fact]
    public async Task ColumnsComeInAnyOrderOrNotAtAll()
    {
        await using RunningServer server = await StartAsync(samples.NewDirectory());
        await LiveCalls.CreateAsync(server, change: static request => request.Attributes.Add(ShopItem.Fields()));
        UpsertRequest request = LiveCalls.Upsert(0, 1, 2);
        request.Attributes.Add(new AttributeColumn { Name = "added", Integers = { long.MinValue, long.MaxValue } });
        request.Attributes.Add(new AttributeColumn { Name = "brand", Keywords = { "", "b" } });
        request.Attributes.Add(new AttributeColumn
        {
            Name = "tags",
            KeywordSets = { new KeywordSet(), new KeywordSet { Values = { "b", "a", "b" } } },
            Missing = { 0 },
        });
        request.Attributes.Add(new AttributeColumn { Name = "weight", Doubles = { double.NaN, double.NegativeInfinity }, Missing = { 0 } });

        await server.Ingest.UpsertAsync(request);

        await RequireAsync(
            server,
            new ShopItem(1, LiveCalls.Row(1), "", null, null, null, null, long.MinValue),
            new ShopItem(2, LiveCalls.Row(2), "b", ["a", "b"], null, double.NegativeInfinity, null, long.MaxValue));
    }

    private Task<RunningServer> StartAsync(string data) => LiveCalls.StartAsync(samples, data);

    private static WriteFrame Block(ulong sequence, params ShopItem[] items)
    {
        UpsertRequest upsert = ShopServer.Upsert(items);
        return new WriteFrame
        {
            Block = new WriteBlock
            {
                Sequence = sequence,
                Keys = upsert.Keys,
                Vectors = upsert.Vectors,
                Attributes = { upsert.Attributes },
            },
        };
    }

    private static async Task RequireAsync(RunningServer server, params ShopItem[] items)
    {
        FetchResponse found = await server.Retrieval.FetchAsync(new FetchRequest
        {
            Index = "shop",
            Keys = LiveCalls.Keys([.. items.Select(static item => item.Key)]),
            WithVectors = true,
            Attributes = { Names },
        });
        Assert.Equal(items.Select(static item => item.Key), found.Found.Numbers);
        ShopItem.RequireEqual(items, found.Attributes, Names);
        Assert.All(items.Index(), pair => Assert.Equal(pair.Item.Row, LiveCalls.RowOf(found, pair.Index)));

        SearchResponse searched = await server.Retrieval.SearchAsync(
            ShopServer.Request(k: 1_000, change: static request => request.Attributes.Add(Names)));
        ShopItem[] inOrder = [.. searched.Keys.Numbers.Select(key => items.Single(item => item.Key == key))];
        Assert.Equal(items.Length, inOrder.Length);
        ShopItem.RequireEqual(inOrder, searched.Attributes, Names);
    }
}
