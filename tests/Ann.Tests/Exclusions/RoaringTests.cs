using Ann.Core;
using Ann.Core.Exclusions;
using Ann.Core.Keys;
using Roaring.Net.CRoaring;

namespace Ann.Tests.Exclusions;

/// <summary>
/// Goal: what the native library writes is read as it was meant, whatever its containers; and no bytes at all do harm.
/// </summary>
public sealed class RoaringTests
{
    private const int Seed = 20261125;

    /// <summary>What is wrong, the bytes, the byte blamed.</summary>
    public static TheoryData<string, string, int> Mistakes => new()
    {
        { "no bytes of a cookie", "3A30", 0 },
        { "another cookie", "39300000 00000000", 0 },
        { "no number of containers", "3A300000", 4 },
        { "too many containers", "3A300000 01000100", 4 },
        { "containers that are not there", "3A300000 00000100", 8 },
        { "no offsets", "3A300000 01000000 05000000", 12 },
        { "an offset elsewhere", "3A300000 01000000 05000000 11000000 0100", 12 },
        { "no numbers", "3A300000 01000000 05000000 10000000", 16 },
        { "numbers that fall", "3A300000 01000000 05000100 10000000 0200 0100", 18 },
        { "a number twice", "3A300000 01000000 05000100 10000000 0200 0200", 18 },
        { "keys that fall", "3A300000 02000000 05000000 04000000 18000000 1A000000 0100 0100", 12 },
        { "bytes behind", "3A300000 00000000 00", 8 },
        { "no run flags", "3B300000", 4 },
        { "no number of runs", "3B300000 01 05000000", 9 },
        { "runs that are not there", "3B300000 01 05000000 0200 0000 0000", 11 },
        { "runs that overlap", "3B300000 01 05000500 0200 0000 0300 0300 0100", 15 },
        { "a run beyond the end", "3B300000 01 05000100 0100 FFFF 0100", 13 },
        { "another count than the runs", "3B300000 01 05000000 0100 0000 0100", 7 },
        { "a run container without runs", "3B300000 01 05000000 0000", 7 },
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatTheNativeLibraryWritesIsRead(bool is64)
    {
        for (int round = 0; round < 60; round++)
        {
            Random random = new(Seed + round);
            ulong[] numbers = Numbers(random, is64);
            byte[] bytes = Write(numbers, is64, optimise: random.Next(2) == 0);

            ExcludedKeys keys = Exclusion.OfRoaring(bytes, is64);

            HashSet<ulong> expected = [.. numbers];
            Assert.Equal(expected.Count, keys.Count);
            foreach (ulong number in numbers)
            {
                for (ulong near = number - 2; near != number + 3; near++)
                    Assert.True(expected.Contains(near) == keys.Contains(new ItemKey(near)), $"{near}, seed {Seed + round}");
            }
            Assert.False(keys.Contains(new ItemKey("5"u8)));
        }
    }

    [Fact]
    public void AnEmptyBitmapIsOne()
    {
        Assert.Equal(0, Exclusion.OfRoaring(Write([], is64: false, optimise: false), is64: false).Count);
        Assert.Equal(0, Exclusion.OfRoaring(new byte[8], is64: true).Count);
    }

    [Fact]
    public void ARunOfEverythingIsReadWithoutMakingRoomForIt()
    {
        using Roaring32Bitmap all = Roaring32Bitmap.FromRange(0, uint.MaxValue);
        all.Optimize();
        byte[] bytes = all.Serialize(SerializationFormat.Portable);
        long before = GC.GetAllocatedBytesForCurrentThread();

        ExcludedKeys keys = Exclusion.OfRoaring(bytes, is64: false);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
        Assert.Equal(int.MaxValue, keys.Count);
        Assert.True(keys.Contains(new ItemKey(3_000_000_000)));
        Assert.False(keys.Contains(new ItemKey(1UL << 32)));
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void AMistakeNamesItsByte(string mistake, string hex, int place)
    {
        byte[] bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        AnnException e = Assert.Throws<AnnException>(() => Exclusion.OfRoaring(bytes, is64: false));

        Assert.Equal((AnnError.InvalidArgument, "bitmap"), (e.Error, e.Field));
        Assert.True(e.Message.StartsWith($"bitmap: byte {place}: ", StringComparison.Ordinal), $"{mistake}: {e.Message}");
    }

    [Theory]
    [InlineData("00", 0)]
    [InlineData("FFFFFFFFFFFFFF0F", 0)]
    [InlineData("0100000000000000 00000000", 0)]
    [InlineData("0100000000000000 00000000 3A300000", 0)]
    [InlineData("0100000000000000 00000000 39300000 00000000", 12)]
    [InlineData("0200000000000000 01000000 3A300000 00000000 01000000 3A300000 00000000", 20)]
    public void AMistakeOf64BitsNamesItsByte(string hex, int place)
    {
        byte[] bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        AnnException e = Assert.Throws<AnnException>(() => Exclusion.OfRoaring(bytes, is64: true));

        Assert.StartsWith($"bitmap: byte {place}: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MoreThanSixteenMebibytesAreRefused()
    {
        AnnException e = Assert.Throws<AnnException>(() => Exclusion.OfRoaring(new byte[(16 << 20) + 1], is64: false));
        Assert.Equal(("bitmap", AnnError.InvalidArgument), (e.Field, e.Error));
    }

    /// <summary>What is still a bitmap after the damage must be safe to use.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DamageIsRefusedOrHarmless(bool is64)
    {
        int read = 0;
        for (int round = 0; round < 3000; round++)
        {
            Random random = new(Seed + round);
            byte[] bytes = Write(Numbers(random, is64).AsSpan(0, 1 + random.Next(40)).ToArray(), is64, optimise: true);
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                bytes[random.Next(Math.Min(bytes.Length, 64))] = (byte)random.Next(256);
            if (random.Next(4) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            try
            {
                ExcludedKeys keys = Exclusion.OfRoaring(bytes, is64);
                read++;
                for (int i = 0; i < 50; i++)
                    keys.Contains(new ItemKey((ulong)random.NextInt64(is64 ? long.MaxValue : 1L << 33)));
            }
            catch (AnnException e)
            {
                Assert.True(e.Error == AnnError.InvalidArgument && e.Field == "bitmap", $"{e}, seed {Seed + round}");
            }
        }
        Assert.InRange(read, 1, 2000); // the checks are not so strict that nothing gets through, and not so lax that most does
    }

    internal static byte[] Write(ulong[] numbers, bool is64, bool optimise)
    {
        if (is64)
        {
            using Roaring64Bitmap wide = new(numbers);
            if (optimise)
                wide.Optimize();
            return wide.Serialize(SerializationFormat.Portable);
        }
        using Roaring32Bitmap bitmap = new(numbers.Select(static number => (uint)number).ToArray());
        if (optimise)
            bitmap.Optimize();
        return bitmap.Serialize(SerializationFormat.Portable);
    }

    /// <summary>Containers of all kinds: sparse, dense, runs, alone and beside each other, at both ends.</summary>
    private static ulong[] Numbers(Random random, bool is64)
    {
        List<ulong> numbers = [];
        for (int part = random.Next(1, 9); part > 0; part--)
        {
            ulong high = is64 ? (ulong)random.Next(3) << 32 | (ulong)(random.Next(2) == 0 ? 0 : random.Next()) << 33 : 0;
            ulong start = high | (uint)random.Next(0, 8) << 16;
            switch (random.Next(4))
            {
                case 0:
                    for (int i = random.Next(1, 100); i > 0; i--)
                        numbers.Add(start | (uint)random.Next(1 << 16));
                    break;
                case 1:
                    for (int i = 0; i < 6000; i++)
                        numbers.Add(start | (uint)random.Next(1 << 16));
                    break;
                case 2:
                    uint first = (uint)random.Next(1 << 16);
                    for (uint i = 0; i < 3000 && first + i < 1 << 16; i++)
                        numbers.Add(start | (first + i));
                    break;
                default:
                    numbers.Add(start);
                    numbers.Add(start | 0xFFFF);
                    numbers.Add(high | 0xFFFF_FFFF);
                    break;
            }
        }
        ulong[] all = [.. numbers];
        random.Shuffle(all);
        return all.Length < 41 ? [.. all, .. Enumerable.Range(0, 41).Select(static i => (ulong)i * 3)] : all;
    }
}
