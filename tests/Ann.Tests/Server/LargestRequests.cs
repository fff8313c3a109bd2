using Ann.Protocol.V1;
using Google.Protobuf;

namespace Ann.Tests.Server;

/// <summary>The largest requests that a server takes with its settings as they come, of an index of four dimensions with texts.</summary>
internal static class LargestRequests
{
    private const int Rows = 1024;
    private const int Values = 100_000;

    /// <summary>One of each kind.</summary>
    /// <param name="index">With numeric keys from 0, and an attribute <c>text</c>.</param>
    /// <param name="items">That it has.</param>
    public static IEnumerable<IMessage> Of(string index, int items)
    {
        SearchRequest search = new() { Index = index, Queries = Queries(Rows), K = 900 };
        yield return search;
        SearchRequest excluding = new(search) { Exclude = new Protocol.V1.Exclusions { Keys = Keys(Values, items) } };
        yield return excluding;
        yield return new SearchRequest(search) { Filter = AnyOf(3 << 20) };
        Protocol.V1.Exclusions everything = new() { Roaring = Everything() };
        yield return new SearchRequest(search) { Queries = Queries(100), Exact = true, Exclude = everything };
        yield return new RangeRequest { Search = new SearchRequest(search) { MinScore = 1e9f } };
        yield return new ScrollRequest
        {
            Index = index,
            Limit = 10_000,
            WithVectors = true,
            Attributes = { "text" },
            Filter = AnyOf(3 << 20),
        };
        yield return new FetchRequest { Index = index, Keys = Keys(Rows, 0), WithVectors = true, Attributes = { "text" } };
        yield return new PrepareFilterRequest { Index = index, Filter = AnyOf(3 << 20) };
        SearchManyRequest many = new() { Index = index };
        for (int i = 0; i < Rows; i++)
        {
            many.Searches.Add(new SearchRequest
            {
                Queries = Queries(1),
                K = 900,
                Filter = new Filter { Exists = "text" },
                Exclude = new Protocol.V1.Exclusions { Keys = Keys(500, i) },
            });
        }
        yield return many;
        yield return new DeleteRequest { Index = index, Keys = Keys(65_536, items) };
        yield return new AppendToSetRequest { Index = index, Set = "seen:largest", Keys = Keys(Values, 0) };
    }

    /// <summary>The method that takes a request.</summary>
    public static string MethodOf(IMessage request)
    {
        string name = request.Descriptor.Name[..^"Request".Length];
        return $"ann.v1.{(name is "Delete" or "AppendToSet" ? "Ingest" : "Retrieval")}/{name}";
    }

    private static VectorBatch Queries(int rows)
    {
        Random random = new(rows);
        return RunningServer.Bytes(
            [.. Enumerable.Range(0, rows).Select(_ => new[] { random.NextSingle(), random.NextSingle(), random.NextSingle(), 0.5f })]);
    }

    private static KeyColumn Keys(int count, int from) =>
        new() { Numbers = { Enumerable.Range(from, count).Select(static key => (ulong)key) } };

    /// <summary>Texts of some hundred bytes each.</summary>
    private static Filter AnyOf(int bytes)
    {
        Filter filter = new() { In = new InClause { Attribute = "text" } };
        for (int i = 0; i < bytes / 200; i++)
            filter.In.Keywords.Add(new string('b', 190) + i.ToString("000000", System.Globalization.CultureInfo.InvariantCulture));
        return filter;
    }

    /// <summary>A bitmap of all 32-bit numbers, as runs: 65,536 containers of one run each (RoaringFormatSpec).</summary>
    private static ByteString Everything()
    {
        const int Containers = 1 << 16;
        using MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes);
        writer.Write(12347u | (Containers - 1u << 16));
        writer.Write([.. Enumerable.Repeat((byte)0xFF, Containers / 8)]);
        for (int key = 0; key < Containers; key++)
        {
            writer.Write((ushort)key);
            writer.Write((ushort)0xFFFF);
        }
        const int Run = 6;
        for (int container = 0; container < Containers; container++)
            writer.Write(4 + Containers / 8 + 8 * Containers + container * Run);
        for (int container = 0; container < Containers; container++)
        {
            writer.Write((ushort)1);
            writer.Write((ushort)0);
            writer.Write((ushort)0xFFFF);
        }
        return ByteString.CopyFrom(bytes.ToArray());
    }
}
