using System.Buffers.Binary;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Log;
using Ann.Core.Records;
using Ann.Tests.Attributes;
using Ann.Tests.Files;
using static Ann.Tests.Log.WalFixture;

namespace Ann.Tests.Log;

/// <summary>Attributes in the log: what was written is read, and what a hostile sender wrote is refused.</summary>
public sealed class WalAttributesTests
{
    private const int Seed = 20261203;

    [Theory]
    [InlineData(KeyKind.UInt64)]
    [InlineData(KeyKind.String)]
    public void WhatWasWrittenIsRead(KeyKind kind)
    {
        WalShape shape = Attributed with { KeyKind = kind };
        SimulatedFileSystem files = NewFiles();
        List<WalRecord> records = [];
        using (Wal wal = Create(files, shape))
        {
            foreach (int count in (int[])[1, 7, 3, 8, 9, 200, 1])
                records.Add(AppendNext(wal, count, shape));
            wal.Flush();
            AssertSame(records, ReadAll(wal));
        }
        using Wal again = Open(files, shape);
        AssertSame(records, ReadAll(again));
    }

    [Fact]
    public void ABatchIsReadOnlyFromItsOwnBytes()
    {
        AttributeBatch items = AttributeFixture.Of(Enumerable.Range(0, 50).Select(key => (ulong)key), 0);
        byte[] bytes = new byte[WalAttributesCodec.SizeOf(items)];
        Assert.Equal(0, WalAttributesCodec.Write(items, bytes).Length);

        AttributeBatch read = Read(bytes, AttributeFixture.Schema, 50)!;
        for (int i = 0; i < 50; i++)
            Assert.Equal(AttributeFixture.Describe(items, i), AttributeFixture.Describe(read, i));
        for (int length = 0; length < bytes.Length; length++)
            Assert.Null(Read(bytes.AsSpan(0, length), AttributeFixture.Schema, 50));
        Assert.Null(Read([.. bytes, 0], AttributeFixture.Schema, 50));
        Assert.Null(Read(bytes, AttributeFixture.Schema, int.MaxValue));
    }

    [Fact]
    public void DamagedBytesAreRefusedOrAreOtherValues()
    {
        AttributeBatch items = AttributeFixture.Of(Enumerable.Range(0, 20).Select(key => (ulong)key), 0);
        byte[] sound = new byte[WalAttributesCodec.SizeOf(items)];
        WalAttributesCodec.Write(items, sound);
        Random random = new(Seed);
        int refused = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = [.. sound];
            bytes[random.Next(bytes.Length)] = (byte)(random.Next(3) == 0 ? 0xFF : random.Next(256));
            if (Read(bytes, AttributeFixture.Schema, 20) is { } read)
                Assert.Equal(20, read.Count);
            else
                refused++;
        }
        Assert.True(refused > 300, $"only {refused} were refused, seed {Seed}");
    }

    [Fact]
    public void NaNAndBitsWithoutAnItemAreRefused()
    {
        AttributeSchema real = new([new AttributeField("x", AttributeType.Double)]);
        byte[] bytes = [1, 0, 0, 0, 0, 0, 0, 0xF8, 0x7F];
        Assert.Null(Read(bytes, real, 1));
        bytes[^2] = 0xF0; // infinity
        Assert.NotNull(Read(bytes, real, 1));
        bytes[0] = 3;
        Assert.Null(Read(bytes, real, 1));
        AttributeSchema yesNo = new([new AttributeField("x", AttributeType.Bool)]);
        Assert.Null(Read([0, 1], yesNo, 1));
    }

    [Fact]
    public void AttributesOfAnIndexWithoutAnyAreRefused()
    {
        SimulatedFileSystem files = NewFiles();
        using (Wal wal = Create(files))
            AppendNext(wal, 1);
        string path = Assert.Single(files.AllFiles);
        byte[] bytes = files.ReadAllBytes(path);
        bytes[WalFileHeader.Size + 5] |= WalRecordHead.AttributesFlag;
        long salt = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(32));
        Span<byte> head = bytes.AsSpan(WalFileHeader.Size);
        BinaryPrimitives.WriteUInt64LittleEndian(head[56..], RecordFormat.HashOf(head[..56], unchecked((ulong)salt)));
        files.Put(path, bytes);

        AnnException error = Assert.Throws<AnnException>(() => Open(files));
        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains("the index has 0 attributes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheLogOfOtherAttributesIsRefused()
    {
        SimulatedFileSystem files = NewFiles();
        using (Wal wal = Create(files, Attributed))
            AppendNext(wal, 1, Attributed);

        AttributeSchema other = new([.. AttributeFixture.Schema.Fields.Skip(1), AttributeFixture.Schema.Fields[0]]);
        foreach (WalShape shape in (WalShape[])[Numbers, Attributed with { Attributes = other }])
        {
            AnnException error = Assert.Throws<AnnException>(() => Open(files, shape));
            Assert.Equal(AnnError.Corrupt, error.Error);
            Assert.Contains("byte 20: attributes of hash", error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Attributes that take all the bytes; null otherwise.</summary>
    private static AttributeBatch? Read(ReadOnlySpan<byte> bytes, AttributeSchema schema, int count)
    {
        AttributeBatch? read = WalAttributesCodec.Read(ref bytes, schema, count);
        return bytes.IsEmpty ? read : null;
    }
}
