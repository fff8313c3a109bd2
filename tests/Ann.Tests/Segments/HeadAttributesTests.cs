using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tests.Attributes;

namespace Ann.Tests.Segments;

public sealed class HeadAttributesTests
{
    [Fact]
    public void EveryValueIsReadAsItWasWritten()
    {
        using HeadAttributes table = new(AttributeFixture.Schema, 500);
        AttributeBatch items = AttributeFixture.Of(Enumerable.Range(0, 499).Select(key => (ulong)key), version: 1);
        for (int node = 0; node < 499; node++)
            table.Append(node, items, node);
        table.Append(499, null, 0);

        for (int node = 0; node < 499; node++)
            Assert.Equal(AttributeFixture.Expected((ulong)node, 1), AttributeFixture.Describe(table, node));
        Assert.Equal("none | none | none | none | none | none", AttributeFixture.Describe(table, 499));
        Assert.Equal(-1, table.FindKeyword(0, "no such word"u8));
        Assert.Equal("blå"u8, table.KeywordAt(0, table.FindKeyword(0, "blå"u8)));
    }

    /// <summary>
    /// Goal: a reader finds in every node that it was shown the values that were written, while dictionaries, sets and tables grow.
    /// </summary>
    [Fact]
    public async Task ReadersSeeWholeNodesWhileTheWriterAppends()
    {
        const int Nodes = 30_000;
        using HeadAttributes table = new(AttributeFixture.Schema, Nodes);
        int shown = 0;
        Task<int>[] reading = [.. Enumerable.Range(1, 3).Select(seed => Task.Run(() =>
        {
            Random random = new(seed);
            int checks = 0;
            for (int nodes = 0; nodes < Nodes; checks++)
            {
                nodes = Volatile.Read(ref shown);
                if (nodes == 0)
                    continue;
                foreach (int node in (int[])[nodes - 1, random.Next(nodes)])
                {
                    Assert.Equal(AttributeFixture.Expected((ulong)node, 2), AttributeFixture.Describe(table, node));
                    int ordinal = table.Keywords(0, nodes)[node];
                    Assert.Equal(ordinal, ordinal < 0 ? -1 : table.FindKeyword(0, table.KeywordAt(0, ordinal)));
                }
                Assert.Equal((nodes + 63) / 64, table.Presence(4, nodes).Length);
            }
            return checks;
        }, TestContext.Current.CancellationToken))];

        for (int from = 0; from < Nodes; from += 100)
        {
            AttributeBatch items = AttributeFixture.Of(Enumerable.Range(from, 100).Select(key => (ulong)key), version: 2);
            for (int i = 0; i < 100; i++)
                table.Append(from + i, items, i);
            Volatile.Write(ref shown, from + 100);
        }
        Assert.DoesNotContain(0, await Task.WhenAll(reading));
    }

    /// <summary>Texts have a room that the memory budget knows of: a head that took it is sealed before it has all its rows.</summary>
    [Fact]
    public void AHeadIsFullWhenItsTextsTookTheirRoom()
    {
        AttributeSchema schema = new([new AttributeField("text", AttributeType.Keyword)]);
        HeadShape shape = HeadFixture.Shape(4, capacity: 4096) with { Attributes = schema };
        HeadSegment head = new(shape);
        float[] row = [1, 2, 3, 4];
        byte[] text = new byte[AttributeSchema.MaxKeywordBytes];
        while (!head.IsFull)
        {
            System.Text.Encoding.ASCII.GetBytes(head.Count.ToString("d8", System.Globalization.CultureInfo.InvariantCulture), text);
            AttributeBatch one = new(schema);
            one.Columns[0].Add(text);
            head.Append(new ItemKey((ulong)head.Count), row, one, 0);
        }

        Assert.InRange(head.Count, 100, 1000);
        Assert.InRange(head.MemoryBytes, head.Count * 1024L, HeadSegment.BytesOf(shape) + (64 << 10));
        head.Release();
    }

    [Theory]
    [InlineData(AttributeType.Keyword)]
    [InlineData(AttributeType.KeywordSet)]
    [InlineData(AttributeType.Int64)]
    [InlineData(AttributeType.Bool)]
    public void ASmallHeadTakesAllItsRows(AttributeType type)
    {
        AttributeSchema schema = new([new AttributeField("one", type)]);
        HeadShape shape = HeadFixture.Shape(4, capacity: 16) with { Attributes = schema };
        HeadSegment head = new(shape);
        for (int node = 0; node < 16; node++)
        {
            Assert.False(head.IsFull, $"full after {node} rows");
            head.Append(new ItemKey((ulong)node), [1, 2, 3, 4], AttributeFixture.Of([(ulong)node], 0, schema), 0);
        }
        Assert.True(head.IsFull);
        Assert.InRange(head.MemoryBytes, 1, HeadSegment.BytesOf(shape));
        head.Release();
    }

    [Fact]
    public void AHeadWithoutAttributesHasNoTable()
    {
        HeadSegment head = new(HeadFixture.Shape(4, capacity: 8));
        Assert.Null(head.Attributes);
        head.Release();
    }
}
