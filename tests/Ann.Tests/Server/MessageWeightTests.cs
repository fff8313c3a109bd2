using System.Buffers;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: what a message is charged before it is parsed is no less than what parsing it takes. Method: the runtime's own count of what
/// parsing allocated, for the messages that become the most by the byte.
/// </summary>
public sealed class MessageWeightTests
{
    private const int Many = 20_000;

    public static TheoryData<string> Shapes =>
        ["empty sets", "short keys", "empty keys", "packed numbers", "filters", "rows", "unknown", "searches", "full searches"];

    /// <summary>
    /// Lengths that say less or more than what is inside, and numbers without an end: the weight is some number, and reading ends.
    /// </summary>
    [Fact]
    public void BytesThatAreNoMessageHaveAWeightToo()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        IMessage[] right = [Fuzz.RightRequests.Upsert(1, 2, 3), Fuzz.RightRequests.Of("ann.v1.Retrieval/SearchMany")!];
        for (int i = 0; i < 20_000; i++)
        {
            Fuzz.MessageMutator mutator = new(new Random(seed + i));
            IMessage message = right[i % right.Length];
            byte[] bytes = mutator.Spoil(mutator.Next(message.Descriptor, message));
            Assert.True(MessageWeight.Of(new ReadOnlySequence<byte>(bytes), message.Descriptor) > 0, $"seed {seed + i}");
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ParsingTakesNoMoreThanIsCharged(string shape)
    {
        UpsertRequest upsert = new() { Index = "shop", Keys = new KeyColumn() };
        AttributeColumn column = new() { Name = "a" };
        switch (shape)
        {
            case "empty sets":
                column.KeywordSets.Add(Enumerable.Range(0, Many).Select(static _ => new KeywordSet()));
                break;
            case "short keys":
                upsert.Keys.Texts.Add(Enumerable.Range(0, Many).Select(static i => $"{i}"));
                break;
            case "empty keys":
                upsert.Keys.Texts.Add(Enumerable.Repeat("", Many));
                break;
            case "packed numbers":
                column.Integers.Add(Enumerable.Repeat(1L, Many));
                break;
            case "rows":
                upsert.Vectors = RunningServer.Bytes([.. Enumerable.Range(0, 1000).Select(static _ => new float[64])]);
                break;
        }
        upsert.Attributes.Add(column);
        SearchRequest search = new() { Filter = new Filter { AnyOf = new FilterList() } };
        search.Filter.AnyOf.Clauses.Add(Enumerable.Range(0, Many).Select(static _ => new Filter { Exists = "a" }));
        SearchManyRequest batch = new() { Searches = { Enumerable.Repeat(new SearchRequest(), Many) } };
        byte[] bytes = shape switch
        {
            "searches" => batch.ToByteArray(),
            "full searches" => FullSearches().ToByteArray(),
            "filters" => search.ToByteArray(),
            "unknown" => [.. Enumerable.Repeat(new byte[] { 0xFA, 0x7F, 0x00 }, Many).SelectMany(static part => part)], // field 2047, empty
            _ => upsert.ToByteArray(),
        };
        MessageDescriptor type = shape switch
        {
            "filters" => SearchRequest.Descriptor,
            "searches" or "full searches" => SearchManyRequest.Descriptor,
            _ => UpsertRequest.Descriptor,
        };

        long charged = bytes.Length + MessageWeight.Of(new ReadOnlySequence<byte>(bytes), type);

        _ = type.Parser.ParseFrom(bytes); // what the runtime makes once
        long before = GC.GetAllocatedBytesForCurrentThread();
        IMessage message = type.Parser.ParseFrom(bytes);
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        GC.KeepAlive(message);
        // Lists double as they grow, and what they outgrew is garbage at once: it counts here, and not as held.
        Assert.True(charged >= taken / 2, $"{shape}: charged {charged} bytes; parsing took {taken}");
    }

    /// <summary>Each with seen items of its own, and parts that are there and empty.</summary>
    private static SearchManyRequest FullSearches()
    {
        SearchRequest search = new()
        {
            Queries = new VectorBatch(),
            Filter = new Filter { Keys = LiveCalls.Keys([.. Enumerable.Range(0, 50).Select(static i => (ulong)i)]) },
            Exclude = new Ann.Protocol.V1.Exclusions { Keys = LiveCalls.Keys([.. Enumerable.Range(0, 100).Select(static i => (ulong)i)]) },
            Diversity = new Diversity(),
            Union = new Union(),
            Caps = { new Cap(), new Cap() },
            Floors = { new Floor() },
        };
        return new SearchManyRequest { Searches = { Enumerable.Repeat(search, 500) } };
    }
}
