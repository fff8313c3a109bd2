using System.Globalization;
using Ann.Core.Keys;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>Keys of a head: text and numbers, versions, and when there is no room for more.</summary>
public sealed class HeadKeysTests
{
    private const int Seed = 20261126;

    [Fact]
    public void TextKeysAreFoundByTheirBytes()
    {
        HeadSegment head = new(HeadFixture.Shape(3, 2000, keys: KeyKind.String));
        Random random = new(Seed);
        Dictionary<string, int> newest = [];
        long sequence = 0;
        while (!head.IsFull)
        {
            string key = string.Create(CultureInfo.InvariantCulture, $"ключ/{random.Next(900)}");
            Assert.Equal(newest.GetValueOrDefault(key, -1), head.FindNewest(Key(key)));
            int node = HeadFixture.Append(head, Key(key), [1, 2, 3]);
            if (newest.TryGetValue(key, out int old))
                head.Dead.Kill(old, ++sequence);
            newest[key] = node;
        }
        head.Link();
        head.Publish(++sequence);

        Assert.Equal(2000, head.Count);
        Assert.Equal(-1, head.Find(Key("ключ/900"), head.Published));
        foreach ((string key, int node) in newest)
        {
            Assert.Equal(node, head.Find(Key(key), head.Published));
            Assert.Equal(key, head.KeyOf(node).ToString());
        }
        head.Release();
    }

    [Fact]
    public void AHeadWithoutRoomForTextIsFull()
    {
        HeadShape shape = HeadFixture.Shape(2, 1000, keys: KeyKind.String);
        HeadSegment head = new(shape);
        int count = 0;
        while (!head.IsFull)
        {
            string key = string.Create(CultureInfo.InvariantCulture, $"{count++:d256}");
            HeadFixture.Append(head, Key(key), [count, 0]);
        }
        head.Link();
        head.Publish(count);

        Assert.InRange(count, 1, 999);
        Assert.True(head.MemoryBytes <= HeadSegment.BytesOf(shape));
        for (int node = 0; node < count; node++)
            Assert.Equal(node, head.Find(head.KeyOf(node), head.Published));
        head.Release();
    }

    /// <summary>Numbers that differ by what a weak hash drops.</summary>
    [Theory]
    [InlineData(1UL)]
    [InlineData(1UL << 32)]
    [InlineData(1UL << 48)]
    [InlineData(0x9E3779B97F4A7C15)]
    public void NumbersInStepsAreAllFound(ulong step)
    {
        HeadSegment head = new(HeadFixture.Shape(1, 3000));
        for (ulong i = 0; i < 3000; i++)
            HeadFixture.Append(head, new ItemKey(i * step), [i]);
        head.Link();
        head.Publish(3000);

        for (ulong i = 0; i < 3000; i++)
            Assert.Equal((int)i, head.Find(new ItemKey(i * step), head.Published));
        Assert.Equal(-1, head.Find(new ItemKey(3000 * step), head.Published));
        head.Release();
    }

    private static ItemKey Key(string text) => new(System.Text.Encoding.UTF8.GetBytes(text));
}
