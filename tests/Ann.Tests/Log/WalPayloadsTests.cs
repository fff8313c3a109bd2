using System.Buffers.Binary;
using System.IO.Hashing;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Log;
using Ann.Core.Payloads;
using Ann.Tests.Attributes;
using Ann.Tests.Files;
using static Ann.Tests.Log.WalFixture;

namespace Ann.Tests.Log;

/// <summary>Payloads and updates in the log: what was written is read, and what a hostile sender wrote is refused.</summary>
public sealed class WalPayloadsTests
{
    private const int Seed = 20261130;
    private const string FirstFile = "/log/wal-0000000000000001.log";

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
            for (int i = 0; i < 40; i++)
            {
                records.Add(Changed(wal.Next, 1 + i % 5, shape));
                wal.Append([records[^1]]);
            }
            wal.Flush();
            AssertSame(records, ReadAll(wal));
        }
        using Wal again = Open(files, shape);
        AssertSame(records, ReadAll(again));
        Assert.Contains(records, static one => one is { Kind: WalRecordKind.Update, Attributes: null });
        Assert.Contains(records, static one => one is { Kind: WalRecordKind.Update, Payloads: null });
        Assert.Contains(records, static one => one is { Kind: WalRecordKind.Upsert, Payloads: not null, Attributes: not null });
    }

    /// <summary>Attributes that an update gives may come in any order; the log has them in that of the index.</summary>
    [Fact]
    public void AnUpdateNamesWhichAttributesItGives()
    {
        AttributeSchema given = new([AttributeFixture.Schema.Fields[4], AttributeFixture.Schema.Fields[1]]);
        AttributeBatch items = AttributeFixture.Of([1, 2], 0, given);
        SimulatedFileSystem files = NewFiles();
        using Wal wal = Create(files, Attributed);
        wal.Append([new WalRecord(WalRecordKind.Update, 1, null, "", 0, Keys(2), [], items)]);

        AttributeBatch read = Assert.Single(ReadAll(wal)).Attributes!;
        Assert.Equal(["tags", "active"], read.Schema.Fields.Select(static field => field.Name));
        AttributeBatch turned = new(read.Schema);
        for (int item = 0; item < 2; item++)
        {
            turned.Columns[0].AddFrom(items.Columns[1], item);
            turned.Columns[1].AddFrom(items.Columns[0], item);
            Assert.Equal(AttributeFixture.Describe(turned, item), AttributeFixture.Describe(read, item));
        }
    }

    /// <summary>The figures of decision 0036: bytes of eight items, and of the head of their record.</summary>
    [Fact]
    public void AnUpdateTakesNoBytesOfAVector()
    {
        WalShape shape = new(128, KeyKind.UInt64) { Attributes = new AttributeSchema([new("stock", AttributeType.Int64)]) };
        AttributeBatch stock = new(shape.Attributes);
        PayloadColumn payloads = new();
        for (int item = 0; item < 8; item++)
        {
            stock.Columns[0].Add((long)item);
            payloads.Add(new byte[2048]);
        }
        WalRecord update = new(WalRecordKind.Update, 1, null, "", 0, Keys(8), [], stock);
        WalRecord upsert = new(WalRecordKind.Upsert, 1, null, "", 0, Keys(8), new float[8 * 128], stock, payloads);
        Assert.Equal(64 + 8 + 8 * (8 + 8) + 1, WalRecordCodec.SizeOf(update, shape));
        Assert.Equal(64 + 8 * (8 + 512 + 8 + 2052) + 1, WalRecordCodec.SizeOf(upsert, shape));
    }

    [Fact]
    public void PayloadsAreReadOnlyFromTheirOwnBytes()
    {
        PayloadColumn items = new();
        foreach (int length in (int[])[3, 0, 7, 1])
            items.Add(new byte[length]);
        byte[] bytes = new byte[WalPayloadsCodec.SizeOf(items)];
        Assert.Equal(0, WalPayloadsCodec.Write(items, bytes).Length);
        Assert.Equal(7, WalPayloadsCodec.Read(bytes, 4)![2].Length);
        for (int length = 0; length < bytes.Length; length++)
            Assert.Null(WalPayloadsCodec.Read(bytes.AsSpan(0, length), 4));
        Assert.Null(WalPayloadsCodec.Read([.. bytes, 0], 4));
        Assert.Null(WalPayloadsCodec.Read(bytes, int.MaxValue));
        byte[] tooLong = new byte[4 + PayloadColumn.MaxBytes + 1];
        BinaryPrimitives.WriteInt32LittleEndian(tooLong, PayloadColumn.MaxBytes + 1);
        Assert.Null(WalPayloadsCodec.Read(tooLong, 1));
    }

    /// <summary>A sender damages any byte of a record and mends the hashes: it is refused, or it is another record.</summary>
    [Fact]
    public void MendedMutationsNeverCrash()
    {
        Random random = new(Seed);
        int refused = 0;
        byte[][] sound = [.. Enumerable.Range(1, 12).Select(first => LogOf(Changed(first * 4, 3, Attributed) with { FirstSequence = 1 }))];
        for (int round = 0; round < 4000; round++)
        {
            byte[] bytes = [.. sound[random.Next(sound.Length)]];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                int place = random.Next(3) == 0 ? 4 + random.Next(12) : 64 + random.Next(bytes.Length - WalFileHeader.Size - 64);
                bytes[WalFileHeader.Size + place] = (byte)(random.Next(3) == 0 ? 0xFF : random.Next(256));
            }
            try
            {
                ReadMended(bytes);
            }
            catch (AnnException e)
            {
                Assert.True(e.Error == AnnError.Corrupt, $"round {round}, seed {Seed}: {e.Message}");
                refused++;
            }
        }
        Assert.True(refused > 1000, $"only {refused} were refused, seed {Seed}");
    }

    /// <summary>Kind and flags that do not go together, and attributes of an update that the log has not.</summary>
    [Theory]
    [InlineData(4, 4, 0, -1, "changes neither attributes nor payloads")]
    [InlineData(4, 2, 4, -1, "payloads of 2 items in a record of kind 2")]
    [InlineData(4, 4, 8, -1, "flags 8 are unknown")]
    [InlineData(4, 4, 2, 0, "do not fit the record")]
    [InlineData(4, 4, 2, 64, "do not fit the record")]
    public void WhatDoesNotGoTogetherIsRefused(int place, byte kind, byte flags, int given, string what)
    {
        AttributeBatch items = AttributeFixture.Of([1, 2], 0);
        byte[] bytes = LogOf(new WalRecord(WalRecordKind.Update, 1, null, "", 0, Keys(2), [], items));
        Span<byte> record = bytes.AsSpan(WalFileHeader.Size);
        record[place] = kind;
        record[5] = flags;
        if (given >= 0)
            BinaryPrimitives.WriteInt64LittleEndian(record[(64 + 2 * 8)..], given); // a bit for each attribute: none, or the seventh of six
        AnnException error = Assert.Throws<AnnException>(() => ReadMended(bytes));
        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PayloadsAndUpdatesOfVersionOneStayReadable()
    {
        List<WalRecord> records = [];
        for (long next = 1; records.Count < 12; next += records[^1].Count)
            records.Add(Changed(next, 1 + records.Count % 3, Attributed));
        byte[] golden = GoldenFile.Check("Log/golden-v1-payloads.log", LogOf([.. records]));
        SimulatedFileSystem found = NewFiles();
        found.Put(FirstFile, golden);
        using Wal again = Open(found, Attributed);
        AssertSame(records, ReadAll(again));
    }

    /// <summary>A record whose content follows from its place: half of them updates, and most with payloads.</summary>
    private static WalRecord Changed(long first, int count, WalShape shape)
    {
        WalRecord plain = Record(first, count, shape);
        bool isUpdate = first % 2 == 0 || plain.Kind == WalRecordKind.Delete;
        PayloadColumn payloads = new();
        for (long sequence = first; sequence < first + count; sequence++)
            payloads.Add([.. Enumerable.Range(0, (int)(sequence % 4) * 9).Select(i => (byte)(sequence * 3 + i))]);
        if (!isUpdate)
            return plain with { Payloads = first % 3 == 1 ? null : payloads };
        AttributeSchema given = new(AttributeFixture.Schema.Fields.Where((_, column) => (first + column) % 3 != 0));
        AttributeBatch? attributes =
            first % 4 == 2 ? null : AttributeFixture.Of(Enumerable.Range(0, count).Select(i => (ulong)(first + i)), 1, given);
        return plain with
        {
            Kind = WalRecordKind.Update,
            Rows = [],
            Attributes = attributes,
            Payloads = attributes is null || first % 8 == 0 ? payloads : null,
        };
    }

    private static KeyColumn Keys(int count)
    {
        KeyColumn keys = new(KeyKind.UInt64);
        for (int i = 0; i < count; i++)
            keys.Add((ulong)i);
        return keys;
    }

    private static byte[] LogOf(params WalRecord[] records)
    {
        SimulatedFileSystem files = NewFiles();
        using (Wal wal = Create(files, Attributed))
        {
            wal.Append(records);
            wal.Flush();
        }
        return files.ReadAllBytes(FirstFile);
    }

    private static void ReadMended(byte[] file)
    {
        int start = WalFileHeader.Size;
        long salt = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(32));
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(start + 48), XxHash3.HashToUInt64(file.AsSpan(start + 64), salt));
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(start + 56), XxHash3.HashToUInt64(file.AsSpan(start, 56), salt));
        SimulatedFileSystem files = NewFiles();
        files.Put(FirstFile, file);
        using Wal wal = Open(files, Attributed);
        foreach (WalRecord record in ReadAll(wal))
            _ = WalRecordCodec.SizeOf(record, Attributed); // whatever it holds can be written again
    }
}
