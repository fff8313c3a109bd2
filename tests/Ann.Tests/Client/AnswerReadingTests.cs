using System.Buffers;
using Ann.Client;
using Ann.Client.Answers;
using Ann.Protocol.V1;
using Google.Protobuf;

namespace Ann.Tests.Client;

/// <summary>Goal: an answer read in place is what the generated code reads; bytes that are none are told, and never read beyond.</summary>
public sealed class AnswerReadingTests(ITestOutputHelper output)
{
    private static readonly string[] Words = ["", "a", "größe", new string('x', 300), "日本"];

    private readonly Random _random = NewRandom(output);

    [Fact]
    public void EveryAnswerIsReadAsTheGeneratedCodeReadsIt()
    {
        for (int round = 0; round < 300; round++)
        {
            SearchResponse wire = RandomAnswer();
            using SearchAnswer answer = Read(wire.ToByteArray());
            RequireEqual(wire, answer);
        }
    }

    [Fact]
    public void ColumnsInPiecesAreReadToo()
    {
        SearchResponse first = RandomAnswer(texts: false, rows: 2);
        SearchResponse second = RandomAnswer(texts: false, rows: 2);
        second.Attributes.Clear();
        second.RowOffsets.Clear();
        first.FromRows.Clear();
        second.FromRows.Clear();
        foreach (SearchResponse piece in new[] { first, second })
        {
            piece.Payloads.Clear();
            piece.Payloads.AddRange(piece.Scores.Select(static (_, i) => ByteString.CopyFrom((byte)i)));
        }
        SearchResponse whole = first.Clone();
        whole.Attributes.Clear();
        whole.MergeFrom(second);
        first.Attributes.Clear();
        whole.RowOffsets[^1] = (uint)whole.Scores.Count;
        first.RowOffsets[^1] = whole.RowOffsets[^1];
        using SearchAnswer answer = Read([.. first.ToByteArray(), .. second.ToByteArray()]);
        RequireEqual(whole, answer);
    }

    [Fact]
    public void BytesThatAreNoAnswerAreToldOrRead()
    {
        int told = 0;
        for (int round = 0; round < 4_000; round++)
        {
            byte[] bytes = RandomAnswer().ToByteArray();
            if (bytes.Length == 0)
                continue;
            if (round % 3 == 0)
                bytes = bytes[.._random.Next(bytes.Length)];
            for (int i = 0; i < 1 + round % 4 && bytes.Length > 0; i++)
                bytes[_random.Next(bytes.Length)] = (byte)_random.Next(256);
            try
            {
                using SearchAnswer answer = Read(bytes);
                foreach (AnswerHit hit in answer)
                    _ = (hit.Key, hit.Score, hit.FromRow);
                foreach (string name in answer.Attributes)
                    _ = answer.Column(name);
                _ = (answer.Generation, answer.Stats, answer.Quotas.Count);
            }
            catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException or KeyNotFoundException)
            {
                told++;
            }
        }
        Assert.True(told > 1_000, $"{told} of 4,000 were told");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GoingOverHitsAllocatesNothingAndAnAnswerOfAnyLengthTheSame(bool texts)
    {
        byte[] few = Answer(10), many = Answer(1_000);
        long ofFew = long.MaxValue, ofMany = long.MaxValue;
        for (int i = 0; i < 200; i++) // The pools fill, code is compiled, and the collector's own fillers are not in every one.
            (ofFew, ofMany) = (Math.Min(ofFew, AllocatedBy(few)), Math.Min(ofMany, AllocatedBy(many)));
        output.WriteLine($"{ofFew} bytes for 10 hits, {ofMany} for 1,000");
        Assert.InRange(ofMany, 0, ofFew + 64);
        Assert.InRange(ofMany, 0, 640);

        byte[] Answer(int count)
        {
            SearchResponse wire = new() { Keys = new KeyColumn(), RowOffsets = { 0, (uint)count }, Generation = "0123456789abcdef" };
            for (int i = 0; i < count; i++)
            {
                if (texts)
                    wire.Keys.Texts.Add($"item-{i}");
                else
                    wire.Keys.Numbers.Add((ulong)i);
                wire.Scores.Add(i);
            }
            return wire.ToByteArray();
        }

        static long AllocatedBy(byte[] bytes)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            using (SearchAnswer answer = Read(bytes))
            {
                float sum = 0;
                foreach (AnswerHit hit in answer)
                    sum += hit.Score + (answer.HasTextKeys ? hit.Utf8Key.Length : hit.NumberKey);
                Assert.True(sum > 0);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void ADisposedAnswerSaysSo()
    {
        SearchAnswer answer = Read(RandomAnswer(texts: false, rows: 1).ToByteArray());
        answer.Dispose();
        answer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => answer.Scores.Length);
        Assert.Throws<ObjectDisposedException>(() => answer.NumberKeys.Length);
    }

    internal static void RequireEqual(SearchResponse wire, SearchAnswer answer)
    {
        int count = wire.Scores.Count;
        Assert.Equal((count, Math.Max(wire.RowOffsets.Count - 1, 0)), (answer.Count, answer.RowCount));
        Assert.Equal(wire.Scores, answer.Scores.ToArray());
        Assert.Equal((wire.Generation, wire.Completeness), (answer.Generation, answer.Completeness));
        Assert.Equal(wire.Stats ?? new SearchStats(), answer.Stats);
        Assert.Equal(wire.Quotas, answer.Quotas);
        Assert.Equal(wire.Attributes.Select(static column => column.Name), answer.Attributes);
        int position = 0;
        for (int row = 0; row < answer.RowCount; row++)
        {
            Assert.Equal((int)(wire.RowOffsets[row + 1] - wire.RowOffsets[row]), answer[row].Count);
            foreach (AnswerHit hit in answer[row])
            {
                Assert.Equal(position, hit.Position);
                Assert.Equal(wire.Keys.Texts.Count > 0 ? wire.Keys.Texts[position] : $"{wire.Keys.Numbers[position]}", hit.Key);
                Assert.Equal(wire.FromRows.Count > 0 ? (int)wire.FromRows[position] : row, hit.FromRow);
                if (answer.HasPayloads)
                    Assert.Equal(wire.Payloads[position].ToByteArray(), hit.Payload.ToArray());
                position++;
            }
        }
        Assert.Equal(count, position);
        Assert.Equal(wire.Payloads.Count > 0, answer.HasPayloads);
        foreach (AttributeColumn column in wire.Attributes)
            RequireEqual(column, answer.Column(column.Name), count);
    }

    private static void RequireEqual(AttributeColumn wire, AnswerColumn column, int count)
    {
        for (int i = 0; i < count; i++)
        {
            bool has = !wire.Missing.Contains((uint)i);
            Assert.Equal(has, column.Has(i));
            if (wire.Keywords.Count > 0)
                Assert.Equal(has ? wire.Keywords[i] : null, column.KeywordAt(i));
            else if (wire.KeywordSets.Count > 0)
                Assert.Equal(has ? Sorted(wire.KeywordSets[i].Values) : null, column.KeywordsAt(i) is { } set ? Sorted(set) : null);
            else if (wire.Integers.Count > 0)
                Assert.Equal(has ? wire.Integers[i] : null, column.IntegerAt(i));
            else if (wire.Doubles.Count > 0)
                Assert.Equal(has ? wire.Doubles[i] : null, column.DoubleAt(i));
            else
                Assert.Equal(has ? wire.Bools[i] : null, column.BoolAt(i));
        }
        if (count > 0 && wire.Doubles.Count == 0)
            Assert.Throws<InvalidOperationException>(() => column.Doubles.Length);
    }

    /// <summary>A set has no order: a segment that is sealed between two calls may give another one.</summary>
    private static string[] Sorted(IEnumerable<string> set) => [.. set.Order(StringComparer.Ordinal)];

    private static Random NewRandom(ITestOutputHelper output)
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        return new Random(seed);
    }

    private static SearchAnswer Read(byte[] bytes) => AnswerMarshaller.Read(new ReadOnlySequence<byte>(bytes));

    private SearchResponse RandomAnswer(bool? texts = null, int? rows = null)
    {
        bool hasTexts = texts ?? _random.Next(2) == 0;
        int lists = rows ?? _random.Next(1, 5);
        SearchResponse wire = new() { Keys = new KeyColumn(), Generation = $"{_random.NextInt64():x16}", RowOffsets = { 0 } };
        for (int row = 0; row < lists; row++)
        {
            for (int i = _random.Next(0, 40); i > 0; i--)
            {
                wire.Scores.Add(_random.NextSingle());
                if (hasTexts)
                    wire.Keys.Texts.Add(Words[_random.Next(Words.Length)]);
                else
                    wire.Keys.Numbers.Add((ulong)_random.NextInt64());
            }
            wire.RowOffsets.Add((uint)wire.Scores.Count);
        }
        wire.Completeness = (Completeness)_random.Next(0, 4);
        if (_random.Next(2) == 0)
            wire.Stats = new SearchStats { Visited = (ulong)_random.Next(), EstimatedRecall = _random.NextDouble() };
        if (_random.Next(3) == 0)
            wire.FromRows.AddRange(Enumerable.Range(0, wire.Scores.Count).Select(_ => (uint)_random.Next(lists)));
        if (_random.Next(3) == 0)
            wire.Quotas.Add(new QuotaFact { Row = 1, Cap = 2, Value = "größe", Count = 3 });
        if (_random.Next(3) == 0)
            wire.Payloads.AddRange(wire.Scores.Select(_ => ByteString.CopyFrom(new byte[_random.Next(3) * 50])));
        for (int i = _random.Next(0, 6); i > 0; i--)
            wire.Attributes.Add(RandomColumn($"column-{i}", i, wire.Scores.Count));
        return wire;
    }

    private AttributeColumn RandomColumn(string name, int kind, int count)
    {
        AttributeColumn column = new() { Name = name };
        for (uint i = 0; i < count; i++)
        {
            if (_random.Next(5) == 0)
                column.Missing.Add(i);
            string word = Words[_random.Next(Words.Length)];
            switch (kind)
            {
                case 1:
                    column.Keywords.Add(word);
                    break;
                case 2:
                    column.KeywordSets.Add(new KeywordSet { Values = { Enumerable.Repeat(word, _random.Next(3)) } });
                    break;
                case 3:
                    column.Integers.Add(_random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64));
                    break;
                case 4:
                    column.Doubles.Add(_random.NextDouble());
                    break;
                default:
                    column.Bools.Add(_random.Next(2) == 0);
                    break;
            }
        }
        return column;
    }
}
