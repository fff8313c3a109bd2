using Ann.Protocol.V1;
using Google.Protobuf;
using Grpc.Health.V1;

namespace Ann.Tests.Server.Fuzz;

/// <summary>
/// Requests that the server takes, of an index with four dimensions, numeric keys and two attributes: where mutations begin.
/// </summary>
internal static class RightRequests
{
    public const string Index = "shop";

    /// <summary>The one of a method; null where none is known.</summary>
    /// <param name="method">As <c>ann.v1.Retrieval/Search</c>.</param>
    public static IMessage? Of(string method) => method switch
    {
        "ann.v1.Retrieval/Search" => Search(),
        "ann.v1.Retrieval/SearchMany" => new SearchManyRequest { Index = Index, Searches = { Search(), Search() } },
        "ann.v1.Retrieval/Recommend" =>
            new RecommendRequest { Search = new SearchRequest { Index = Index, K = 3 }, PositiveKeys = Keys(1, 2) },
        "ann.v1.Retrieval/Range" => new RangeRequest { Search = new SearchRequest(Search()) { MinScore = 100 } },
        "ann.v1.Retrieval/Explain" => new ExplainRequest { Search = Search(), Key = Keys(3) },
        "ann.v1.Retrieval/Scroll" => new ScrollRequest { Index = Index, Limit = 10, Attributes = { "text" } },
        "ann.v1.Retrieval/PrepareFilter" => new PrepareFilterRequest { Index = Index, Filter = new Filter { Exists = "text" } },
        "ann.v1.Retrieval/Fetch" => new FetchRequest { Index = Index, Keys = Keys(1, 2, 1000), WithVectors = true },
        "ann.v1.Retrieval/Embed" => new EmbedRequest { Index = Index, Texts = { "a text" } },
        "ann.v1.Ingest/Upsert" => Upsert(1, 2),
        "ann.v1.Ingest/Update" => Update(1, 2),
        "ann.v1.Ingest/Delete" => new DeleteRequest { Index = Index, Keys = Keys(900) },
        "ann.v1.Ingest/AppendToSet" => new AppendToSetRequest { Index = Index, Set = "seen:user:42", Keys = Keys(1), TtlS = 60 },
        "ann.v1.Ingest/DropSet" => new DropSetRequest { Index = Index, Set = "seen:user:42" },
        "ann.v1.Ingest/Write" => new WriteFrame { Start = new WriteStart { Index = Index, Mode = WriteMode.Upsert } },
        "ann.v1.Indexes/Describe" => new DescribeRequest { Index = Index },
        "ann.v1.Indexes/Create" => Create("another"),
        "ann.v1.Indexes/Compact" => new CompactRequest { Index = Index },
        "grpc.health.v1.Health/Check" => new HealthCheckRequest { Service = Index },
        _ => null,
    };

    /// <summary>Makes the index.</summary>
    public static CreateRequest Create(string name) => new()
    {
        Index = name,
        Dimension = 4,
        Metric = Metric.L2,
        KeyKind = KeyKind.Uint64,
        Attributes =
        {
            new AttributeField { Name = "text", Type = AttributeType.Keyword },
            new AttributeField { Name = "price", Type = AttributeType.Double },
        },
    };

    /// <summary>Items with both attributes.</summary>
    public static UpsertRequest Upsert(params ulong[] keys) => new()
    {
        Index = Index,
        Keys = Keys(keys),
        Vectors = RunningServer.Bytes([.. keys.Select(static key => new[] { key, key % 7, key % 3, 0.5f })]),
        Attributes =
        {
            new AttributeColumn { Name = "text", Keywords = { keys.Select(static key => $"text {key % 5}") } },
            new AttributeColumn { Name = "price", Doubles = { keys.Select(static key => (double)key) } },
        },
        Payloads = { keys.Select(static key => ByteString.CopyFromUtf8($"payload {key}")) },
    };

    private static UpdateRequest Update(params ulong[] keys) => new()
    {
        Index = Index,
        Keys = Keys(keys),
        Attributes = { new AttributeColumn { Name = "price", Doubles = { keys.Select(static key => key + 0.5) } } },
        Payloads = { keys.Select(static key => ByteString.CopyFromUtf8($"another {key}")) },
    };

    private static SearchRequest Search() => new()
    {
        Index = Index,
        K = 5,
        Queries = RunningServer.Bytes([1f, 2f, 3f, 4f]),
        Filter = new Filter { Exists = "text" },
        Attributes = { "text", "price" },
        WithPayloads = true,
    };

    private static KeyColumn Keys(params IEnumerable<ulong> keys) => new() { Numbers = { keys } };
}
