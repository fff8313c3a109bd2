using System.Globalization;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Searching;

namespace Ann.Tests.Attributes;

/// <summary>
/// Goal: a filter takes the items that its words mean. Method: random trees over random attributes against an evaluation item by item.
/// </summary>
public sealed class FilterEvaluationTests
{
    private const int Seed = 5150;

    /// <summary>Nodes: parts of a word, whole words, more than a chunk.</summary>
    [Theory]
    [InlineData(1, 300)]
    [InlineData(63, 500)]
    [InlineData(64, 500)]
    [InlineData(65, 500)]
    [InlineData(200, 1500)]
    [InlineData(FilterScratch.ChunkNodes + 70, 12)]
    public void RandomTreesTakeWhatTheyMean(int nodes, int trees)
    {
        for (int round = 0; round < trees; round++)
        {
            int seed = Seed + nodes * 10_000 + round;
            RandomFilters random = new(seed);
            KeyKind kind = round % 2 == 0 ? KeyKind.UInt64 : KeyKind.String;
            KeyColumn keys = kind == KeyKind.UInt64 ? KeyColumn.Ordinals(nodes) : AttributedSegment.TextKeys(nodes);
            AttributeBatch? batch = round % 50 == 49 ? null : random.Batch(nodes);
            AttributedSegment segment = new(keys, batch is null ? null : new MemoryAttributes(batch));
            Filter filter = random.Next(kind, nodes);
            if (batch is null && !IsOnKeys(filter))
                continue; // its attributes are unknown

            HashSet<int> taken = segment.Evaluate(filter);
            BoundFilter bound = BoundFilter.Bind(filter, batch?.Schema ?? AttributeSchema.Empty, kind);
            SegmentNodes seen = new(segment.Attributes, segment, segment.Now);
            for (int node = 0; node < nodes; node++)
            {
                bool expected = RandomFilters.Takes(filter, batch, node, keys.Format(node));
                Assert.True(expected == taken.Contains(node), $"seed {seed}, node {node} of {nodes}, {bound}: expected {expected}");
                bool isExplained = (bound.FailedClauses(in seen, node).Count == 0) == expected;
                Assert.True(isExplained, $"seed {seed}, node {node} of {nodes}, {bound}: failed clauses");
            }
            Assert.True(taken.All(node => node < nodes), $"seed {seed}: bits beyond the last node");
            segment.Release();
        }
    }

    [Fact]
    public void WhatIsWrittenOtherwiseHasTheSameHash()
    {
        Dictionary<ulong, string> seen = [];
        for (int round = 0; round < 2000; round++)
        {
            RandomFilters random = new(Seed + round);
            Filter filter = random.Next(KeyKind.UInt64, 50);
            BoundFilter bound = BoundFilter.Bind(filter, RandomFilters.Schema, KeyKind.UInt64);
            BoundFilter same = BoundFilter.Bind(random.Rewrite(filter), RandomFilters.Schema, KeyKind.UInt64);
            Assert.True(bound.Is(same), $"seed {Seed + round}: {bound} and {same}");
            string bytes = Convert.ToHexString(bound.Canonical);
            Assert.Equal(bytes, seen.GetValueOrDefault(bound.Hash, bytes));
            seen[bound.Hash] = bytes;
        }
    }

    [Fact]
    public void ASegmentWithoutAttributesHasNoValues()
    {
        AttributedSegment bare = new(KeyColumn.Ordinals(70), null);
        BoundFilter exists = BoundFilter.Bind(new Filter.Exists("stock"), RandomFilters.Schema, KeyKind.UInt64);
        BoundFilter lacks = BoundFilter.Bind(new Filter.NoneOf(new Filter.Exists("stock")), RandomFilters.Schema, KeyKind.UInt64);
        SegmentNodes nodes = new(null, bare, bare.Now);
        ulong[] words = new ulong[2];
        FilterEvaluation.Run(exists, in nodes, 70, SearchBudget.Unlimited, words);
        Assert.Equal([0, 0], words);
        FilterEvaluation.Run(lacks, in nodes, 70, SearchBudget.Unlimited, words);
        Assert.Equal([ulong.MaxValue, 63], words);
        Assert.Empty(lacks.FailedClauses(in nodes, 3));
        Assert.Equal([new FailedClause("exists", "stock exists")], exists.FailedClauses(in nodes, 3));
        bare.Release();
    }

    [Fact]
    public void ManyValuesAreLookedUp()
    {
        AttributeSchema schema = new([new("n", AttributeType.Int64), new("word", AttributeType.Keyword)]);
        AttributeBatch rows = new(schema);
        for (int item = 0; item < 3000; item++)
        {
            rows.Columns[0].Add(item == 0 ? long.MinValue : item * 1_000_003L);
            rows.Columns[1].Add(System.Text.Encoding.UTF8.GetBytes(item.ToString(CultureInfo.InvariantCulture)));
        }
        AttributedSegment segment = new(KeyColumn.Ordinals(3000), new MemoryAttributes(rows));
        List<long> numbers = [long.MinValue, long.MinValue + 1, .. Enumerable.Range(0, 2000).Select(i => i * 3 * 1_000_003L)];
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i * 3), segment.Evaluate(new Filter.IntegerIn("n", numbers)).Order());
        List<string> words = [.. Enumerable.Range(0, 2000).Select(i => (i * 7).ToString(CultureInfo.InvariantCulture))];
        Assert.Equal(
            Enumerable.Range(0, 429).Select(i => i * 7), segment.Evaluate(new Filter.KeywordIn("word", words)).Order());
        segment.Release();
    }

    [Fact]
    public void ACancelledEvaluationStopsAndTakesNothingMore()
    {
        int count = 3 * FilterScratch.ChunkNodes;
        AttributedSegment segment = new(KeyColumn.Ordinals(count), null);
        BoundFilter all = BoundFilter.Bind(
            new Filter.NoneOf(new Filter.KeyIn(KeyColumn.Ordinals(1))), AttributeSchema.Empty, KeyKind.UInt64);
        SegmentNodes nodes = new(null, segment, segment.Now);
        ulong[] words = new ulong[count / 64];
        Array.Fill(words, ulong.MaxValue);
        using CancellationTokenSource source = new();
        source.Cancel();
        SearchBudget cancelled = new(long.MaxValue, source.Token);
        Assert.Equal(StopReason.Cancelled, FilterEvaluation.Run(all, in nodes, count, in cancelled, words));
        Assert.DoesNotContain(words, word => word != 0);
        Assert.Equal(StopReason.Deadline, FilterEvaluation.Run(all, in nodes, count, new SearchBudget(0, default), words));
        segment.Release();
    }

    [Theory]
    [InlineData("key")]
    [InlineData("word")]
    [InlineData("words")]
    public void LookupsOfManyValuesAreStopped(string attribute)
    {
        const int Values = 60_000;
        AttributeSchema schema = new([new("word", AttributeType.Keyword), new("words", AttributeType.KeywordSet)]);
        AttributeBatch rows = new(schema);
        rows.Columns[0].Add("7"u8);
        rows.Columns[1].AddToSet("7"u8);
        rows.Columns[1].EndSet();
        AttributedSegment segment = new(KeyColumn.Ordinals(1), new MemoryAttributes(rows));
        string[] texts = [.. Enumerable.Range(0, Values).Select(static i => i.ToString(CultureInfo.InvariantCulture))];
        Filter values = attribute == "key" ? new Filter.KeyIn(KeyColumn.Ordinals(Values)) : new Filter.KeywordIn(attribute, texts);
        BoundFilter filter = BoundFilter.Bind(new Filter.AllOf([new Filter.Exists("word"), values]), schema, KeyKind.UInt64);
        SegmentNodes nodes = new(segment.Attributes, segment, segment.Now);
        ulong[] words = [5];
        CheckLimit whole = new(int.MaxValue);
        Assert.Equal(StopReason.None, FilterEvaluation.Run(filter, in nodes, 1, Limited(whole), words));
        Assert.Equal(1UL, words[0]);
        Assert.InRange(whole.Looks, Values / 256, Values / 64); // some 100 µs each

        for (int looks = 0; looks < whole.Looks; looks += 41)
        {
            words[0] = 5;
            CheckLimit limit = new(looks);
            Assert.Equal(StopReason.Deadline, FilterEvaluation.Run(filter, in nodes, 1, Limited(limit), words));
            Assert.Equal((0UL, looks + 1), (words[0], limit.Looks));
        }
        segment.Release();

        static SearchBudget Limited(CheckLimit limit) => SearchBudget.Unlimited with { Limit = limit };
    }

    private static bool IsOnKeys(Filter filter) => filter switch
    {
        Filter.AllOf all => all.Clauses.All(IsOnKeys),
        Filter.AnyOf any => any.Clauses.All(IsOnKeys),
        Filter.NoneOf none => IsOnKeys(none.Clause),
        Filter.KeyIn => true,
        _ => false,
    };
}
