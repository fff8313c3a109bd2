using System.Linq.Expressions;
using Ann.Client;
using Ann.Extensions.VectorData;
using Ann.Tests.Server;
using Grpc.Core;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;

namespace Ann.Tests.VectorData;

/// <summary>
/// Goal: a collection does what the abstraction's documents say: management, single records and many, search, filters, types, dynamic
/// records, generated embeddings. The public cases of conformance are in no package that can be had; these are written from the documents.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class VectorStoreTests(SampleIndexes samples) : IAsyncLifetime
{
    private RunningServer _server = null!;
    private AnnClient _client = null!;
    private AnnVectorStore _store = null!;

    private static ShelfRecord[] All { get; } = [.. Enumerable.Range(1, 40).Select(static key => ShelfRecord.Of((ulong)key))];

    public async ValueTask InitializeAsync()
    {
        _server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        _client = new AnnClient(new AnnClientOptions { Address = _server.Host.Address, ReadTimeout = TimeSpan.FromSeconds(30) });
        _store = new AnnVectorStore(_client);
    }

    public async ValueTask DisposeAsync()
    {
        _store.Dispose();
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task CollectionsAreMadeListedAndDeleted()
    {
        VectorStoreCollection<ulong, ShelfRecord> shelf = _store.GetCollection<ulong, ShelfRecord>("shelf");
        Assert.False(await shelf.CollectionExistsAsync());
        await shelf.EnsureCollectionExistsAsync();
        await shelf.EnsureCollectionExistsAsync();
        Assert.True(await shelf.CollectionExistsAsync());
        Assert.True(await _store.CollectionExistsAsync("shelf"));
        Assert.Equal(["shelf"], await ListAsync(_store.ListCollectionNamesAsync()));
        await shelf.EnsureCollectionDeletedAsync();
        await shelf.EnsureCollectionDeletedAsync();
        Assert.False(await _store.CollectionExistsAsync("shelf"));
        await _store.EnsureCollectionDeletedAsync("shelf");
    }

    [Fact]
    public async Task RecordsComeBackAsTheyWere()
    {
        VectorStoreCollection<ulong, ShelfRecord> shelf = await FilledAsync();
        foreach (ShelfRecord record in All)
        {
            ShelfRecord found = (await shelf.GetAsync(record.Id, new RecordRetrievalOptions { IncludeVectors = true }))!;
            Assert.Equivalent(Plain(record), Plain(found), strict: true);
            Assert.Equal(record.Vector.ToArray(), found.Vector.ToArray());
        }
        Assert.Equal(0, (await shelf.GetAsync(3))!.Vector.Length);
        Assert.Null(await shelf.GetAsync(4_000));
        List<ShelfRecord> some = await ListAsync(shelf.GetAsync([2, 4_000, 5]));
        Assert.Equal([2ul, 5ul], some.Select(static one => one.Id));
    }

    [Fact]
    public async Task RecordsAreReplacedAndDeleted()
    {
        VectorStoreCollection<ulong, ShelfRecord> shelf = await FilledAsync();
        ShelfRecord other = ShelfRecord.Of(3);
        (other.Brand, other.Price) = ("other", null);
        await shelf.UpsertAsync(other);
        ShelfRecord found = (await shelf.GetAsync(3))!;
        Assert.Equal(("other", (double?)null), (found.Brand, found.Price));
        await shelf.DeleteAsync(3);
        await shelf.DeleteAsync(3);
        await shelf.DeleteAsync([4, 5, 4_000]);
        Assert.Empty(await ListAsync(shelf.GetAsync([3, 4, 5])));
        await shelf.UpsertAsync([]);
        await shelf.DeleteAsync([]);
    }

    [Fact]
    public async Task ASearchFindsWhatIsNearest()
    {
        VectorStoreCollection<ulong, ShelfRecord> shelf = await FilledAsync();
        ReadOnlyMemory<float> query = new[] { 12f, 0, 0, 1 };
        (ShelfRecord Record, double Distance)[] nearest =
            [.. All.Select(one => (one, Distance(one.Vector, query))).OrderBy(static one => one.Item2).ThenBy(static one => one.one.Id)];

        List<VectorSearchResult<ShelfRecord>> found = await ListAsync(shelf.SearchAsync(query, 5));
        Assert.Equal(nearest.Take(5).Select(static one => one.Record.Id), found.Select(static one => one.Record.Id));
        Assert.All(found.Zip(nearest), static pair => Assert.Equal(pair.Second.Distance, pair.First.Score!.Value, 1e-4));
        Assert.Equivalent(Plain(nearest[0].Record), Plain(found[0].Record), strict: true);
        Assert.Equal(0, found[0].Record.Vector.Length);

        found = await ListAsync(shelf.SearchAsync(query, 3, new VectorSearchOptions<ShelfRecord> { Skip = 2, IncludeVectors = true }));
        Assert.Equal(nearest.Skip(2).Take(3).Select(static one => one.Record.Id), found.Select(static one => one.Record.Id));
        Assert.All(found, static one => Assert.Equal(4, one.Record.Vector.Length));

        found = await ListAsync(shelf.SearchAsync(query, 30, new VectorSearchOptions<ShelfRecord> { ScoreThreshold = 3 }));
        Assert.Equal(nearest.Count(static one => one.Distance <= 3), found.Count);
        Assert.Single(await ListAsync(shelf.SearchAsync(new float[] { 12, 0, 0, 1 }, 1)));
        Assert.Single(await ListAsync(shelf.SearchAsync(new Embedding<float>(query), 1)));
    }

    [Fact]
    public async Task FiltersMeanWhatTheyMeanInCSharp()
    {
        VectorStoreCollection<ulong, ShelfRecord> shelf = await FilledAsync();
        string[] brands = ["brand-0", "brand-2"];
        int seven = 7;
        Guid supplier = All[0].Supplier!.Value;
        DateTimeOffset day = DateTimeOffset.UnixEpoch.AddDays(20);
        Expression<Func<ShelfRecord, bool>>[] filters =
        [
            one => one.Brand == "brand-1",
            one => one.Brand != "brand-1",
            one => one.Brand == null,
            one => one.Brand != null,
            one => one.Sold,
            one => !one.Sold,
            one => one.Sold == false,
            one => one.Count == seven,
            one => one.Count > 5 && one.Count <= 12,
            one => 5 < one.Count,
            one => one.Views >= 9_000_000_000_000,
            one => one.Weight < 2.5f,
            one => one.Weight == 2.5f,
            one => one.Price > 10.5 || one.Sold,
            one => one.Price == null,
            one => one.Added >= day,
            one => one.Supplier == supplier,
            one => brands.Contains(one.Brand),
            one => new[] { 1, 2, 3 }.Contains(one.Count),
            one => one.Tags!.Contains("tag-1"),
            one => one.Markets!.Contains("market-0") && !(one.Count < 10),
            one => one.Id == 9,
            one => new ulong[] { 3, 8 }.Contains(one.Id),
            one => true,
            one => false,
        ];
        foreach (Expression<Func<ShelfRecord, bool>> filter in filters)
        {
            Func<ShelfRecord, bool> takes = Safely(filter.Compile());
            ulong[] wanted = [.. All.Where(takes).Select(static one => one.Id)];
            List<ShelfRecord> got = await ListAsync(shelf.GetAsync(filter, 100));
            string gotIds = string.Join(' ', got.Select(static one => one.Id));
            Assert.True(wanted.SequenceEqual(got.Select(static one => one.Id)), $"{filter}: {gotIds}");
            List<VectorSearchResult<ShelfRecord>> found = await ListAsync(
                shelf.SearchAsync(All[0].Vector, 100, new VectorSearchOptions<ShelfRecord> { Filter = filter }));
            Assert.Equal(wanted, found.Select(static one => one.Record.Id).Order());
        }
    }

    [Fact]
    public async Task AFilterThatCannotBeIsNamed()
    {
        VectorStoreCollection<ulong, ShelfRecord> shelf = await FilledAsync();
        NotSupportedException refused = await Assert.ThrowsAsync<NotSupportedException>(
            () => ListAsync(shelf.GetAsync(static one => one.Brand!.StartsWith("bra"), 10)));
        Assert.Contains("StartsWith", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<NotSupportedException>(
            () => ListAsync(shelf.GetAsync(static one => one.Sold && one.Description == "a", 10)));
        Assert.Contains("IsIndexed = true of 'Description'", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2ul, Assert.Single(await ListAsync(shelf.GetAsync(
            static one => one.Sold, 1,
            new FilteredRecordRetrievalOptions<ShelfRecord> { OrderBy = static order => order.Ascending(static one => one.Amount) }))).Id);
    }

    [Fact]
    public async Task APayloadThatIsSomebodyElsesIsTold()
    {
        VectorStoreCollection<ulong, ShelfRecord> shelf = await FilledAsync();
        ItemBatch batch = new();
        batch.Add(1).SetPayload("[1, 2]"u8);
        batch.Add(2).SetPayload("""{"Sizes": "many"}"""u8);
        batch.Add(3).SetPayload("""{"More": {"a": [1]}, "amount_eur": 2.5}"""u8);
        await _client.Index("shelf").UpdateAsync(batch);
        InvalidDataException other = await Assert.ThrowsAsync<InvalidDataException>(() => shelf.GetAsync(1));
        Assert.Contains("record '1'", other.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidDataException>(() => shelf.GetAsync(2));
        ShelfRecord third = (await shelf.GetAsync(3))!;
        Assert.Equal((2.5m, (string?)null), (third.Amount, third.Description));
    }

    [Fact]
    public async Task RecordsAreSortedAndPaged()
    {
        VectorStoreCollection<ulong, ShelfRecord> shelf = await FilledAsync();
        List<ShelfRecord> got = await ListAsync(shelf.GetAsync(
            static one => one.Count > 0, 4,
            new FilteredRecordRetrievalOptions<ShelfRecord>
            {
                Skip = 1,
                OrderBy = static order => order.Descending(static one => one.Sold).Ascending(static one => one.Count),
            }));
        Assert.Equal([14ul, 16ul, 18ul, 20ul], got.Select(static one => one.Id));
        got = await ListAsync(shelf.GetAsync(static one => true, 2, new FilteredRecordRetrievalOptions<ShelfRecord> { Skip = 2 }));
        Assert.Equal([3ul, 4ul], got.Select(static one => one.Id));
    }

    [Fact]
    public async Task VectorsAreMadeOfTextsByAGenerator()
    {
        using LetterGenerator generator = new();
        using AnnVectorStore store = new(_client, generator);
        VectorStoreCollection<string, NoteRecord> notes = store.GetCollection<string, NoteRecord>("notes");
        await notes.EnsureCollectionExistsAsync();
        await notes.UpsertAsync([
            new NoteRecord { Id = "a", Title = "first", Text = "aaaa" }, new NoteRecord { Id = "b", Title = "second", Text = "bbbb" }]);
        Assert.Equal(1, generator.Calls);
        VectorSearchResult<NoteRecord> found = Assert.Single(await ListAsync(notes.SearchAsync("aaa", 1)));
        Assert.Equal(("a", "first", ""), (found.Record.Id, found.Record.Title, found.Record.Text));
        Assert.InRange(found.Score!.Value, 0.9, 1.0001);
    }

    [Fact]
    public async Task KeysAreMadeWhereTheyAreTo()
    {
        VectorStoreCollection<Guid, TicketRecord> tickets = _store.GetCollection<Guid, TicketRecord>("tickets");
        await tickets.EnsureCollectionExistsAsync();
        TicketRecord[] made = [new() { Title = "one", Vector = [1, 0, 0] }, new() { Title = "two", Vector = [0, 1, 0] }];
        await tickets.UpsertAsync(made);
        Assert.All(made, static one => Assert.NotEqual(Guid.Empty, one.Id));
        Assert.Equal("two", (await tickets.GetAsync(made[1].Id))!.Title);
    }

    [Fact]
    public async Task RecordsMayBeDictionaries()
    {
        VectorStoreCollectionDefinition definition = new()
        {
            Properties =
            [
                new VectorStoreKeyProperty("Id", typeof(string)),
                new VectorStoreDataProperty("Brand", typeof(string)) { IsIndexed = true },
                new VectorStoreDataProperty("Price", typeof(double?)),
                new VectorStoreDataProperty("Sizes", typeof(int[])),
                new VectorStoreVectorProperty("Vector", typeof(ReadOnlyMemory<float>), 2)
                {
                    DistanceFunction = DistanceFunction.CosineDistance,
                },
            ],
        };
        VectorStoreCollection<object, Dictionary<string, object?>> shelf = _store.GetDynamicCollection("dynamic", definition);
        await shelf.EnsureCollectionExistsAsync();
        await shelf.UpsertAsync([Entry("x", "acme", 9.5, [1, 0]), Entry("y", "zeta", null, [0, 1])]);
        Dictionary<string, object?> got = (await shelf.GetAsync("x"))!;
        Assert.Equal(("acme", 9.5), (got["Brand"], got["Price"]));
        Assert.Equal([3, 1], Assert.IsType<int[]>(got["Sizes"]));
        VectorSearchResult<Dictionary<string, object?>> found = Assert.Single(await ListAsync(shelf.SearchAsync(
            new ReadOnlyMemory<float>([0, 1]), 1,
            new VectorSearchOptions<Dictionary<string, object?>> { Filter = static one => (string)one["Brand"]! == "zeta" })));
        Assert.Equal("y", found.Record["Id"]);
        Assert.Null(found.Record["Price"]);
        Assert.Equal(0, found.Score!.Value, 1e-5);

        static Dictionary<string, object?> Entry(string id, string brand, double? price, float[] vector) => new()
        {
            ["Id"] = id,
            ["Brand"] = brand,
            ["Price"] = price,
            ["Sizes"] = new[] { 3, 1 },
            ["Vector"] = new ReadOnlyMemory<float>(vector),
        };
    }

    [Fact]
    public async Task WhatTheAbstractionLacksIsWithinReach()
    {
        VectorStoreCollection<ulong, ShelfRecord> shelf = await FilledAsync();
        List<VectorSearchResult<ShelfRecord>> found = await ListAsync(shelf.SearchAsync(All[0].Vector, 5, new AnnSearchOptions<ShelfRecord>
        {
            EfSearch = 100,
            ExcludeKeys = new ulong[] { 1, 2 },
            Caps = [("brand_name", 1)],
            Timeout = TimeSpan.FromSeconds(20),
        }));
        Assert.DoesNotContain(found, static one => one.Record.Id is 1 or 2);
        string[] brands = [.. found.Select(static one => one.Record.Brand).OfType<string>()];
        Assert.Equal(brands.Distinct().Count(), brands.Length);
        VectorStoreException gone = await Assert.ThrowsAsync<VectorStoreException>(() => ListAsync(shelf.SearchAsync(
            All[0].Vector, 5, new AnnSearchOptions<ShelfRecord> { Generation = "0123456789abcdef" })));
        Assert.Equal(StatusCode.FailedPrecondition, Assert.IsType<RpcException>(gone.InnerException).StatusCode);
        Assert.Same(_client, shelf.GetService(typeof(AnnClient)));
        Assert.Equal("shelf", ((VectorStoreCollectionMetadata)shelf.GetService(typeof(VectorStoreCollectionMetadata))!).CollectionName);
    }

    [Fact]
    public async Task RecordsThatCannotBeHeldAreRefused()
    {
        Exception type = Assert.ThrowsAny<Exception>(() => _store.GetDynamicCollection("bad", Definition(
            new VectorStoreKeyProperty("Id", typeof(string)), new VectorStoreDataProperty("Stream", typeof(Uri)) { IsIndexed = true })));
        Assert.Contains("'Stream' is indexed, and a Uri", type.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<Exception>(() => _store.GetDynamicCollection("bad", Definition(new VectorStoreKeyProperty("Id", typeof(int)))));
        VectorStoreCollection<ulong, ShelfRecord> missing = _store.GetCollection<ulong, ShelfRecord>("missing");
        VectorStoreException failed = await Assert.ThrowsAsync<VectorStoreException>(() => missing.UpsertAsync(All[0]));
        Assert.Equal(("Upsert", "missing"), (failed.OperationName, failed.CollectionName));

        static VectorStoreCollectionDefinition Definition(params VectorStoreProperty[] properties) => new()
        {
            Properties = [.. properties, new VectorStoreVectorProperty("Vector", typeof(ReadOnlyMemory<float>), 2)],
        };
    }

    private static Func<ShelfRecord, bool> Safely(Func<ShelfRecord, bool> filter) => one =>
    {
        try
        {
            return filter(one);
        }
        catch (ArgumentNullException)
        {
            return false; // Contains of no set
        }
        catch (NullReferenceException)
        {
            return false;
        }
    };

    private static object Plain(ShelfRecord one) => new
    {
        one.Id,
        one.Brand,
        one.Sold,
        one.Count,
        one.Views,
        one.Weight,
        one.Price,
        one.Added,
        one.Ended,
        one.Supplier,
        one.Tags,
        one.Markets,
        one.Description,
        one.Amount,
        one.Place,
        one.Sizes,
        one.Picture,
        one.Best,
        one.Steps,
    };

    private static double Distance(ReadOnlyMemory<float> a, ReadOnlyMemory<float> b) =>
        Math.Sqrt(a.ToArray().Zip(b.ToArray(), static (x, y) => (double)(x - y) * (x - y)).Sum());

    private static async Task<List<T>> ListAsync<T>(IAsyncEnumerable<T> items)
    {
        List<T> list = [];
        await foreach (T item in items)
            list.Add(item);
        return list;
    }

    private async Task<VectorStoreCollection<ulong, ShelfRecord>> FilledAsync()
    {
        VectorStoreCollection<ulong, ShelfRecord> shelf = _store.GetCollection<ulong, ShelfRecord>("shelf");
        await shelf.EnsureCollectionExistsAsync();
        await shelf.UpsertAsync(All);
        return shelf;
    }
}
