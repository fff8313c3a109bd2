using System.Globalization;
using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>Goal: every key is found at its node and no other key is found at all, whatever the kind and however keys collide.</summary>
public sealed class KeyTableTests
{
    private const int Seed = 77;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(5000)]
    public unsafe void NumbersAreFoundAndAbsentOnesAreNot(int count)
    {
        Random random = new(Seed);
        ulong[] keys = [.. Distinct(random, 2 * count)];
        fixed (ulong* numbers = keys)
        {
            SegmentKeys column = new(numbers, count); // the second half is absent
            using KeyTable table = new(column, count);

            for (int node = 0; node < count; node++)
                Assert.Equal(node, table.Find(new ItemKey(keys[node])));
            for (int i = count; i < 2 * count; i++)
                Assert.Equal(-1, table.Find(new ItemKey(keys[i])));
        }
    }

    /// <summary>Dense numbers, small ones and round ones: what callers really use.</summary>
    [Theory]
    [InlineData(0UL, 1UL)]
    [InlineData(1UL, 1UL << 32)]
    [InlineData(0UL, 1UL << 50)]
    [InlineData(ulong.MaxValue - 9999, 1UL)]
    public unsafe void RegularNumbersAreFound(ulong first, ulong step)
    {
        ulong[] keys = [.. Enumerable.Range(0, 10_000).Select(i => unchecked(first + (ulong)i * step))];
        fixed (ulong* numbers = keys)
        {
            using KeyTable table = new(new SegmentKeys(numbers, keys.Length), keys.Length);
            for (int node = 0; node < keys.Length; node++)
                Assert.Equal(node, table.Find(new ItemKey(keys[node])));
            Assert.Equal(-1, table.Find(new ItemKey(unchecked(first - 1))));
        }
    }

    /// <summary>All begin at the last slots and go on at the first: the hash of a number can be undone, so such keys can be made.</summary>
    [Fact]
    public unsafe void KeysOfEqualHomesAreToldApart()
    {
        ulong[] hashes = [.. Enumerable.Range(0, 200).Select(i => ulong.MaxValue << 20 | (uint)i)]; // equal upper bits, some equal lower
        ulong[] keys = [.. hashes.Select(NumberOf)];
        Assert.Equal(hashes, keys.Select(key => new ItemKey(key).Hash));
        fixed (ulong* numbers = keys)
        {
            using KeyTable table = new(new SegmentKeys(numbers, 150), 150);
            for (int i = 0; i < 200; i++)
                Assert.Equal(i < 150 ? i : -1, table.Find(new ItemKey(keys[i])));
        }
    }

    [Fact]
    public void TextsAreFoundAndAbsentOnesAreNot()
    {
        string[] texts = [.. Enumerable.Range(0, 600).Select(i => string.Create(CultureInfo.InvariantCulture, $"Ürün-{i % 7}/{i}"))];
        float[][] rows = SegmentFixture.Clustered(300, 8, Seed);
        using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.L2), SegmentFixture.Texts(texts[..300]));
        using KeyTable table = new(segment.Keys, segment.Count);

        for (int i = 0; i < 600; i++)
        {
            ItemKey key = new(System.Text.Encoding.UTF8.GetBytes(texts[i]));
            Assert.Equal(i < 300 ? i : -1, table.Find(in key));
            if (i < 300)
                Assert.True(segment.Keys.Of(i).Is(in key));
        }
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1_000_000)]
    [InlineData(1 << 30)]
    public void ATableTakesSixToEightBytesAKey(int count) => Assert.InRange(KeyTable.BytesOf(count) / (double)count, 5.7, 8);

    [Fact]
    public void ASegmentMakesItsTableOnceHoweverManyAskForItFirst()
    {
        LiveSealedSegment segment = new(SegmentFixture.Seal(SegmentFixture.Clustered(500, 8, Seed), SegmentFixture.Options(Metric.L2)));
        long before = segment.MemoryBytes;

        Parallel.For(
            0, 64, new ParallelOptions { MaxDegreeOfParallelism = 8 },
            i => Assert.Equal(i, segment.FindNewest(new ItemKey((ulong)i))));

        Assert.Equal(before + KeyTable.BytesOf(500), segment.MemoryBytes);
        Assert.Equal(-1, segment.FindNewest(new ItemKey(500)));
        segment.Release();
    }

    private static IEnumerable<ulong> Distinct(Random random, int count)
    {
        HashSet<ulong> seen = [];
        while (seen.Count < count)
        {
            ulong key = (ulong)random.NextInt64();
            if (seen.Add(key))
                yield return key;
        }
    }

    /// <summary>The number whose <see cref="ItemKey.Hash"/> is <paramref name="hash"/>: its steps undone, last first.</summary>
    private static ulong NumberOf(ulong hash)
    {
        ulong z = Unshift(hash, 31) * Inverse(0x94D049BB133111EB);
        z = Unshift(z, 27) * Inverse(0xBF58476D1CE4E5B9);
        return Unshift(z, 30);

        static ulong Unshift(ulong mixed, int shift)
        {
            ulong z = mixed;
            for (int i = 0; i < 64 / shift + 1; i++)
                z = mixed ^ (z >> shift);
            return z;
        }

        static ulong Inverse(ulong odd)
        {
            ulong inverse = odd;
            for (int i = 0; i < 6; i++)
                inverse *= 2 - odd * inverse;
            return inverse;
        }
    }
}
