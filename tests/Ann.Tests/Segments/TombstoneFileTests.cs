using System.Buffers.Binary;
using System.IO.Hashing;
using Ann.Core;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Segments;

public sealed class TombstoneFileTests
{
    private const string Path = "/d/seg-1.tomb";
    private const int Seed = 20261124;
    private const ulong Segment = 0xFEDCBA9876543210;
    private readonly SimulatedFileSystem _files = new();

    public TombstoneFileTests()
    {
        _files.CreateDirectory("/d");
        _files.FlushDirectory("/");
    }

    [Theory]
    [InlineData(1, new[] { 0 })]
    [InlineData(63, new[] { 62 })]
    [InlineData(64, new[] { 0, 63 })]
    [InlineData(65, new[] { 63, 64 })]
    [InlineData(1000, new int[0])]
    [InlineData(1000, new[] { 1, 5, 128, 511, 512, 998, 999 })]
    public void WhatWasDeadIsDead(int nodes, int[] dead)
    {
        using Tombstones before = Killed(nodes, dead);
        TombstoneFile.Write(_files, Path, before, nodes, Segment);
        using Tombstones after = new(nodes);

        TombstoneFile.Read(_files, Path, after, nodes, Segment);

        Assert.Equal(dead.Length, after.Count);
        Assert.Equal(dead, Enumerable.Range(0, nodes).Where(node => after.IsDead(node, sequence: 0)));
        Assert.Equal(_files.ReadAllBytes(Path), _files.Recover(0).ReadAllBytes(Path));
    }

    [Fact]
    public void TheFileOfVersionOneStaysReadable()
    {
        int[] dead = [0, 7, 63, 64, 99];
        using Tombstones before = Killed(100, dead);
        TombstoneFile.Write(_files, Path, before, 100, Segment);

        _files.Put(Path, GoldenFile.Check("Segments/golden-v1.tomb", _files.ReadAllBytes(Path)));

        using Tombstones after = new(100);
        TombstoneFile.Read(_files, Path, after, 100, Segment);
        Assert.Equal(dead, Enumerable.Range(0, 100).Where(node => after.IsDead(node)));
    }

    [Fact]
    public void EveryByteDamagedAndEveryLengthIsCorrupt()
    {
        byte[] sound = Sound();
        Random random = new(Seed);
        for (int i = 0; i < sound.Length; i++)
        {
            byte[] bytes = [.. sound];
            bytes[i] ^= (byte)(1 << random.Next(8));
            AssertCorrupt(bytes, $"byte {i}, seed {Seed}");
            AssertCorrupt(sound[..i], $"length {i}");
        }
        AssertCorrupt([.. sound, 0], "a byte more");
        AssertCorrupt([.. sound, .. new byte[8]], "a word more");
    }

    /// <summary>The sender mends the hash. Node 100 of 100 is the first bit that must not be set.</summary>
    [Theory]
    [InlineData(12, 99)]
    [InlineData(12, 0x7FFFFFFF)]
    [InlineData(12, -1)]
    [InlineData(16, 2)]
    [InlineData(16, -1)]
    [InlineData(20, 1)]
    [InlineData(24, 1)]
    [InlineData(40, 0)]
    [InlineData(52, 1 << 4)]
    public void AFieldDamagedByASenderWhoMendsTheHashIsCorrupt(int place, int value)
    {
        byte[] bytes = Sound();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(place), value);
        XxHash3 hash = new();
        hash.Append(bytes.AsSpan(0, 32));
        hash.Append(bytes.AsSpan(40));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(32), hash.GetCurrentHashAsUInt64());

        AssertCorrupt(bytes, $"byte {place} = {value}");
    }

    [Fact]
    public void MarksOfAnotherSegmentAreRefused()
    {
        _files.Put(Path, Sound());
        using Tombstones into = new(100);

        AnnException error = Assert.Throws<AnnException>(() => TombstoneFile.Read(_files, Path, into, 100, Segment + 1));

        Assert.Contains("byte 24: marks of the segment fedcba9876543210; this one is fedcba9876543211", error.Message,
            StringComparison.Ordinal);
    }

    private static Tombstones Killed(int nodes, int[] dead)
    {
        Tombstones tombstones = new(nodes);
        foreach (int node in dead)
            tombstones.Kill(node, sequence: 1000 + node);
        return tombstones;
    }

    private byte[] Sound()
    {
        using Tombstones dead = Killed(100, [3, 64, 99]);
        TombstoneFile.Write(_files, Path, dead, 100, Segment);
        return _files.ReadAllBytes(Path);
    }

    private void AssertCorrupt(byte[] bytes, string what)
    {
        _files.Put(Path, bytes);
        using Tombstones into = new(100);
        try
        {
            TombstoneFile.Read(_files, Path, into, 100, Segment);
            Assert.Fail($"{what}: was read");
        }
        catch (AnnException e)
        {
            Assert.True(e.Error == AnnError.Corrupt, $"{what}: {e.Message}");
            Assert.Matches("^/d/seg-1.tomb: section tombstones, byte [0-9]+: ", e.Message);
        }
        Assert.Equal(0, into.Count);
    }
}
