using System.Globalization;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Segments;
using Ann.Protocol.V1;
using Ann.Server;
using Ann.Server.Mapping;
using KeyColumn = Ann.Core.Keys.KeyColumn;
using KeyKind = Ann.Core.Keys.KeyKind;

namespace Ann.Tests.Server;

/// <summary>
/// A server with the same items twice: live index <c>shop</c> (L2, numbers as keys, several segments) and file <c>catalog</c> (cosine,
/// texts as keys). Tests that share it only read.
/// </summary>
public sealed class ShopServer(SampleIndexes samples) : IAsyncLifetime
{
    public const int Count = 600;

    private RunningServer? _server;

    /// <summary>Both indexes, for a test of each.</summary>
    public static TheoryData<string> Both => new(Names);

    /// <summary>Both indexes.</summary>
    internal static string[] Names { get; } = ["shop", "catalog"];

    /// <summary>Ascending by key, from 1.</summary>
    internal ShopItem[] Items { get; } = [.. Enumerable.Range(1, Count).Select(static key => ShopItem.Of((ulong)key))];

    internal RunningServer Server => _server!;

    internal Retrieval.RetrievalClient Retrieval => Server.Retrieval;

    public async ValueTask InitializeAsync() => _server = await StartAsync(samples);

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>Starts one with the items in both indexes.</summary>
    internal static async Task<RunningServer> StartAsync(
        SampleIndexes samples, TimeProvider? time = null, Action<ServerOptions>? configure = null)
    {
        string data = samples.NewDirectory();
        RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            options.IndexFiles.Clear();
            options.IndexFiles.Add(BuildCatalog(samples.NewDirectory()));
            options.DataDirectory = data;
            options.HeadRows = 256;
            configure?.Invoke(options);
        }, time);
        await LiveCalls.CreateAsync(server, change: static request => request.Attributes.Add(ShopItem.Fields()));
        ShopItem[] items = [.. Enumerable.Range(1, Count).Select(static key => ShopItem.Of((ulong)key))];
        foreach (ShopItem[] part in items.Chunk(100))
            await server.Ingest.UpsertAsync(Upsert(part));
        return server;
    }

    internal static UpsertRequest Upsert(params ShopItem[] items) => new()
    {
        Index = "shop",
        Keys = LiveCalls.Keys([.. items.Select(static item => item.Key)]),
        Vectors = RunningServer.Bytes([.. items.Select(static item => item.Row)]),
        Attributes = { ShopItem.Columns(items) },
    };

    /// <summary>A row that is none of an item.</summary>
    internal static float[] Query(int seed = 0) => LiveCalls.Row(1_500 + (ulong)seed);

    /// <summary>A request that succeeds.</summary>
    internal static SearchRequest Request(string index = "shop", uint k = 10, Action<SearchRequest>? change = null)
    {
        SearchRequest request = new() { Index = index, Queries = RunningServer.Bytes(Query()), K = k };
        change?.Invoke(request);
        return request;
    }

    /// <summary>Keys of an index's kind.</summary>
    internal static Ann.Protocol.V1.KeyColumn Keys(string index, params ulong[] keys) => index == "shop"
        ? LiveCalls.Keys(keys)
        : new Ann.Protocol.V1.KeyColumn { Texts = { keys.Select(static key => $"item-{key:d3}") } };

    /// <summary>The numbers of keys of either kind.</summary>
    internal static ulong[] NumbersOf(Ann.Protocol.V1.KeyColumn keys) =>
        [.. keys.Numbers, .. keys.Texts.Select(static text => ulong.Parse(text.AsSpan(5), CultureInfo.InvariantCulture))];

    /// <summary>The items of an answer, in its order.</summary>
    internal ShopItem[] ItemsOf(Ann.Protocol.V1.KeyColumn keys) => [.. NumbersOf(keys).Select(key => Items[(int)key - 1])];

    /// <summary>All items that may be returned, nearest first, by a plain double loop.</summary>
    internal ShopItem[] Nearest(string index, float[] query, Func<ShopItem, bool>? takes = null) =>
    [
        .. Items.Where(item => takes?.Invoke(item) ?? true)
            .OrderBy(item => Distance(index, query, item.Row)).ThenBy(static item => item.Key),
    ];

    /// <summary>Euclidean distance, or 1 less the cosine similarity.</summary>
    internal static double Distance(string index, float[] a, float[] b) => index == "shop"
        ? Math.Sqrt(a.Zip(b, static (x, y) => ((double)x - y) * ((double)x - y)).Sum())
        : 1 - Dot(a, b) / Math.Sqrt(Dot(a, a) * Dot(b, b));

    private static double Dot(float[] a, float[] b) => a.Zip(b, static (x, y) => (double)x * y).Sum();

    private static string BuildCatalog(string directory)
    {
        ShopItem[] items = [.. Enumerable.Range(1, Count).Select(static key => ShopItem.Of((ulong)key))];
        AttributeSchema schema = WireAttributes.ReadSchema([.. ShopItem.Fields()]);
        using SegmentBuilder builder = new(
            Count, LiveCalls.Dimension,
            new SegmentBuildOptions { Metric = Core.Metric.Cosine, M = 8, EfConstruction = 60, Attributes = schema, Name = "catalog" });
        KeyColumn keys = new(KeyKind.String);
        foreach (ShopItem item in items)
        {
            builder.Add(item.Row);
            keys.Add(item.Name);
        }
        builder.AddAttributes(WireAttributes.Read([.. ShopItem.Columns(items)], schema, Count)!);
        builder.Build(keys);
        string path = Path.Combine(directory, "catalog.ann");
        builder.Write(PhysicalFileSystem.Instance, path);
        return path;
    }
}
