using System.Buffers.Binary;
using Ann.Core;
using Ann.Core.Records;
using static Ann.Tests.Records.RecordFixture;

namespace Ann.Tests.Records;

/// <summary>Goal: a tail counts as torn only where nothing says that it had been on disk.</summary>
public sealed class RecordReaderTests
{
    private const int First = 40;

    [Fact]
    public void RecordsAreReadInOrderUpToATornTail()
    {
        byte[] file = [.. Header(), .. Record(0, First), .. Record(300, First), .. Record(7, First)];
        using RecordReader whole = Open(file);
        Assert.Equal([0, 300, 7], ReadAll(whole));
        Assert.Equal(file.Length, whole.Offset);

        using RecordReader torn = Open(file[..^1]);
        Assert.Equal([0, 300], ReadAll(torn));
        Assert.Equal(file.Length - 48 - 7, torn.Offset);
    }

    /// <summary>The head that proves may lie anywhere, also across two of the pieces that are searched.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(65_439)]
    [InlineData(65_440)]
    [InlineData(65_441)]
    [InlineData(65_464)]
    [InlineData(65_487)]
    [InlineData(65_488)]
    [InlineData(200_000)]
    public void ALaterRecordProvesDamage(int bodyBytes)
    {
        int second = First + 48 + bodyBytes;
        byte[] flushed = [.. Header(), .. Record(bodyBytes, First), .. Record(10, flushedBytes: second)];
        byte[] unflushed = [.. Header(), .. Record(bodyBytes, First), .. Record(10, flushedBytes: First)];
        flushed[First + 6] ^= 1;
        unflushed[First + 6] ^= 1;

        using RecordReader damaged = Open(flushed);
        AnnException e = Assert.Throws<AnnException>(() => ReadAll(damaged));
        Assert.Equal(AnnError.Corrupt, e.Error);
        Assert.Contains($"{LogPath}: section record, byte {First}: no whole record begins here", e.Message, StringComparison.Ordinal);
        Assert.Contains($"a later record, at byte {second}", e.Message, StringComparison.Ordinal);
        using RecordReader torn = Open(unflushed);
        Assert.Empty(ReadAll(torn));
        Assert.Equal(First, torn.Offset);
    }

    /// <summary>A caller stores what looks like a record of this very file, salt and all: it lies in a body, and is not searched.</summary>
    [Fact]
    public void WhatLiesInADamagedBodyProvesNothing()
    {
        byte[] record = Record(200, First);
        Record(10, flushedBytes: First + 1).CopyTo(record, 100);
        using RecordReader reader = Open([.. Header(), .. record]);
        Assert.Empty(ReadAll(reader));
    }

    [Fact]
    public void WhatWasWholeIsNotTorn()
    {
        byte[] file = [.. Header(), .. Record(20, First), .. Record(20, First)];
        file[^1] ^= 1;
        int second = file.Length - 68;
        using RecordReader before = Open(file, new WholePart(second, "it was seen"));
        Assert.Equal([20], ReadAll(before));

        using RecordReader within = Open(file, new WholePart(second + 1, "it was seen"));
        AnnException e = Assert.Throws<AnnException>(() => ReadAll(within));
        Assert.Equal(AnnError.Corrupt, e.Error);
        Assert.EndsWith("does not have the hash that it says, and it was seen.", e.Message, StringComparison.Ordinal);
    }

    /// <summary>The sender mends the hash. No memory may be made for what the length says.</summary>
    [Theory]
    [InlineData(-1, First, "a body of -1 bytes")]
    [InlineData((1 << 20) + 1, First, "a body of 1048577 bytes")]
    [InlineData(10, First - 1, "it says that 39 bytes were flushed before it")]
    [InlineData(10, First + 1, "it says that 41 bytes were flushed before it")]
    public void AFieldOutOfItsRangeIsCorrupt(int bodyBytes, long flushedBytes, string what)
    {
        byte[] record = Record(10, flushedBytes);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(12), bodyBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(40), RecordFormat.HashOf(record.AsSpan(0, 40), Salt));
        using RecordReader reader = Open([.. Header(), .. record]);
        AnnException e = Assert.Throws<AnnException>(() => reader.TryReadHead());
        Assert.Equal(AnnError.Corrupt, e.Error);
        Assert.Contains($"byte {First}: {what}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileOfAnotherKindIsNamed()
    {
        AnnException e = Assert.Throws<AnnException>(() => Open([.. "ANNWAL\r\n"u8, .. Header()[8..]]));
        Assert.Equal(AnnError.Corrupt, e.Error);
        Assert.EndsWith("byte 0: no file of the test: its first 8 bytes are not \"ANNTEST\\n\".", e.Message, StringComparison.Ordinal);
    }
}
