using System.Buffers.Binary;
using System.IO.Hashing;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

public sealed class KeyHashFileTests
{
    private const string Path = "/d/missed-1.keys";
    private const int Seed = 20261124;
    private static readonly ulong[] Hashes = [17, ulong.MaxValue, 0, 1UL << 63];
    private readonly SimulatedFileSystem _files = new();

    public KeyHashFileTests() => _files.CreateDirectory("/d");

    [Fact]
    public void WhatWasWrittenIsRead()
    {
        foreach (ulong[] hashes in new[] { [], [5], Hashes, [.. Enumerable.Range(0, 1000).Select(i => (ulong)i * 0x9E3779B97F4A7C15)] })
        {
            KeyHashFile.Write(_files, Path, hashes);
            Assert.Equal(hashes.ToHashSet(), KeyHashFile.Read(_files, Path));
        }
    }

    [Fact]
    public void TheFileOfVersionOneStaysReadable()
    {
        KeyHashFile.Write(_files, Path, Hashes);

        _files.Put(Path, GoldenFile.Check("Indexes/golden-v1.keys", _files.ReadAllBytes(Path)));

        Assert.Equal(Hashes.ToHashSet(), KeyHashFile.Read(_files, Path));
    }

    [Fact]
    public void EveryByteDamagedAndEveryLengthIsCorrupt()
    {
        KeyHashFile.Write(_files, Path, Hashes);
        byte[] sound = _files.ReadAllBytes(Path);
        Random random = new(Seed);
        for (int i = 0; i < sound.Length; i++)
        {
            byte[] bytes = [.. sound];
            bytes[i] ^= (byte)(1 << random.Next(8));
            AssertCorrupt(bytes, $"byte {i}, seed {Seed}");
            AssertCorrupt(sound[..i], $"length {i}");
        }
        AssertCorrupt([.. sound, 0], "a byte more");
    }

    /// <summary>The sender mends the hash.</summary>
    [Theory]
    [InlineData(12, 1)]
    [InlineData(16, 3)]
    [InlineData(16, -1)]
    [InlineData(16, 1L << 61)] // times 8 it is 0 again
    [InlineData(32, 18)] // the second is 17
    [InlineData(40, 0)]
    public void AFieldDamagedByASenderWhoMendsTheHashIsCorrupt(int place, long value)
    {
        KeyHashFile.Write(_files, Path, Hashes);
        byte[] bytes = _files.ReadAllBytes(Path);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(place), value);
        XxHash3 hash = new();
        hash.Append(bytes.AsSpan(0, 24));
        hash.Append(bytes.AsSpan(32));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), hash.GetCurrentHashAsUInt64());

        AssertCorrupt(bytes, $"byte {place} = {value}");
    }

    private void AssertCorrupt(byte[] bytes, string what)
    {
        _files.Put(Path, bytes);
        try
        {
            int count = KeyHashFile.Read(_files, Path).Count;
            Assert.Fail($"{what}: {count} hashes were read");
        }
        catch (AnnException e)
        {
            Assert.True(e.Error == AnnError.Corrupt, $"{what}: {e.Message}");
            Assert.Matches("^/d/missed-1.keys: section missed keys, byte [0-9]+: ", e.Message);
        }
    }
}
