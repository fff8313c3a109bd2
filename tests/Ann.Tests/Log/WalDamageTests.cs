using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Log;
using Ann.Tests.Files;
using static Ann.Tests.Log.WalFixture;

namespace Ann.Tests.Log;

/// <summary>
/// Goal: whatever the files of a log hold, opening it gives records that were written, in order and without one missing between, or names
/// file and byte. Method: small logs, cut and damaged at every byte; then damaged by a sender who mends the hashes.
/// </summary>
public sealed class WalDamageTests
{
    private const int Seed = 20261124;
    private const string FirstFile = "/log/wal-0000000000000001.log";
    private const string SecondFile = "/log/wal-0000000000000007.log";

    [Theory]
    [InlineData(KeyKind.UInt64)]
    [InlineData(KeyKind.String)]
    public void EveryLengthOfTheLastFileOpensToAPrefix(KeyKind kind)
    {
        WalShape shape = new(Dimension, kind);
        (byte[] first, byte[] second, WalRecord[] records) = TwoFiles(shape, flushEach: true);
        int before = -1;
        for (int length = 0; length <= second.Length; length++)
        {
            SimulatedFileSystem files = Holding(first, second[..length]);
            if (length < WalFileHeader.Size)
            {
                AssertCorrupt(files, shape, $"length {length}"); // its header was on disk before the file before it named it
                continue;
            }
            using Wal wal = Open(files, shape);
            WalRecord[] read = ReadAll(wal);
            AssertSame(records[..read.Length], read);
            Assert.True(read.Length >= Math.Max(3, before), $"length {length} gives {read.Length} records, one less gave {before}");
            before = read.Length;

            // What was cut is gone: the log goes on there, and opens again.
            WalRecord next = AppendNext(wal, 2, shape);
            wal.Flush();
            using Wal again = Open(files, shape, minimalNext: next.LastSequence + 1);
            AssertSame([.. records[..read.Length], next], ReadAll(again));
        }
        Assert.Equal(records.Length, before);
    }

    [Fact]
    public void EveryLengthOfAnOlderFileIsRefused()
    {
        (byte[] first, byte[] second, _) = TwoFiles(Numbers, flushEach: true);
        int records = first.Length - WalRecordHead.Size; // without what ends it, it is a whole file of an older build
        for (int length = 0; length < first.Length; length++)
            if (length != records)
                AssertCorrupt(Holding(first[..length], second), Numbers, $"length {length}");
    }

    [Theory]
    [InlineData(KeyKind.UInt64, true)]
    [InlineData(KeyKind.String, true)]
    [InlineData(KeyKind.UInt64, false)]
    public void EveryByteDamagedIsRefusedOrATornTail(KeyKind kind, bool flushEach)
    {
        WalShape shape = new(Dimension, kind);
        (byte[] first, byte[] second, WalRecord[] records) = TwoFiles(shape, flushEach);
        Random random = new(Seed);
        int lastRecord = second.Length - WalRecordCodec.SizeOf(records[^1], shape);
        for (int i = 0; i < first.Length + second.Length; i++)
        {
            bool inSecond = i >= first.Length;
            byte[] bytes = [.. inSecond ? second : first];
            int at = inSecond ? i - first.Length : i;
            bytes[at] ^= (byte)(1 << random.Next(8));
            SimulatedFileSystem files = inSecond ? Holding(first, bytes) : Holding(bytes, second);
            string what = $"byte {at} of the {(inSecond ? "second" : "first")} file, seed {Seed}";

            // Proven by a later flush, or by the file behind, damage is refused. Otherwise the records from it on were never acknowledged.
            bool isTail = inSecond && at >= (flushEach ? lastRecord : WalFileHeader.Size);
            if (!isTail)
            {
                AssertCorrupt(files, shape, what);
                continue;
            }
            using Wal wal = Open(files, shape);
            WalRecord[] read = ReadAll(wal);
            AssertSame(records[..read.Length], read);
            Assert.True(read.Length < records.Length, what);
            if (flushEach)
                Assert.Equal(records.Length - 1, read.Length);
        }
    }

    [Fact]
    public void ARecordTakenOutOfTheMiddleIsRefused()
    {
        (byte[] first, byte[] second, WalRecord[] records) = TwoFiles(Numbers, flushEach: true);
        int size = WalRecordCodec.SizeOf(records[3], Numbers);
        byte[] without = [.. second[..WalFileHeader.Size], .. second[(WalFileHeader.Size + size)..]];

        AssertCorrupt(Holding(first, without), Numbers, "a record is missing");
    }

    /// <summary>A row can hold any bytes, also those of a record of another file: it must not be taken for one.</summary>
    [Fact]
    public void ARowThatLooksLikeARecordProvesNothing()
    {
        WalShape shape = new(64, KeyKind.UInt64);
        SimulatedFileSystem other = NewFiles();
        using (Wal wal = Wal.Create(other, Folder, shape, 1, () => 42))
            for (int i = 0; i < 3; i++)
            {
                wal.Append([Upsert(wal.Next, new float[64])]);
                wal.Flush();
            }
        byte[] disguise = other.ReadAllBytes(FirstFile);
        float[] row = new float[64];
        for (int i = 0; i < 32; i++)
            row[i] = BinaryPrimitives.ReadSingleLittleEndian(disguise.AsSpan(disguise.Length - 328 + 4 * i));

        SimulatedFileSystem files = NewFiles();
        using (Wal wal = Wal.Create(files, Folder, shape, 1, () => 43))
            wal.Append([Upsert(1, new float[64]), Upsert(2, row)]);
        byte[] bytes = files.ReadAllBytes(FirstFile);
        bytes[WalFileHeader.Size + 20] ^= 1;
        files.Put(FirstFile, bytes);

        using Wal again = Wal.Open(files, Folder, shape, 1, () => 44);
        Assert.Empty(ReadAll(again));

        WalRecord Upsert(long first, float[] values)
        {
            KeyColumn keys = new(KeyKind.UInt64);
            keys.Add(7);
            return new WalRecord(WalRecordKind.Upsert, first, null, "", 0, keys, values);
        }
    }

    [Fact]
    public void AnotherVersionIsNamed()
    {
        byte[] bytes = TwoFiles(Numbers, flushEach: true).Second;
        bytes[8] = 2;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(40), XxHash3.HashToUInt64(bytes.AsSpan(0, 40)));
        SimulatedFileSystem files = NewFiles();
        files.Put(SecondFile, bytes);

        AnnException error = Assert.Throws<AnnException>(() => Open(files));

        Assert.Equal(AnnError.InvalidArgument, error.Error);
        Assert.Contains("format version 2; this build reads version 1", error.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// The sender damages a field of the last record and mends the hashes. Nothing may be believed, nor memory be made for it.
    /// </summary>
    [Theory]
    [InlineData(4, 1, 0)]
    [InlineData(4, 1, 3)]
    [InlineData(4, 1, 5)]
    [InlineData(5, 1, 4)]
    [InlineData(5, 1, 8)]
    [InlineData(6, 2, 1)]
    [InlineData(6, 2, 129)]
    [InlineData(6, 2, 65535)]
    [InlineData(8, 4, -1)]
    [InlineData(8, 4, 0)]
    [InlineData(8, 4, 3)]
    [InlineData(8, 4, int.MaxValue)]
    [InlineData(12, 4, -1)]
    [InlineData(12, 4, 0)]
    [InlineData(12, 4, int.MaxValue)]
    [InlineData(16, 8, 0)]
    [InlineData(16, 8, -5)]
    [InlineData(16, 8, long.MaxValue)]
    [InlineData(24, 8, 0)]
    [InlineData(24, 8, long.MaxValue)]
    public void AFieldDamagedByASenderWhoMendsTheHashIsRefused(int place, int size, long value)
    {
        foreach (WalShape shape in new[] { Numbers, Texts, Attributed })
        {
            (byte[] first, byte[] second, WalRecord[] records) = TwoFiles(shape, flushEach: true);
            int start = second.Length - WalRecordCodec.SizeOf(records[^1], shape);
            for (int i = 0; i < size; i++)
                second[start + place + i] = (byte)(value >> 8 * i);
            Mend(second, start);
            AssertCorrupt(Holding(first, second), shape, $"byte {place}, value {value}, {shape.KeyKind}");
        }
    }

    /// <summary>The same for the lengths of text keys, which only the body says.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(257)]
    [InlineData(65535)]
    public void ALengthOfAKeyThatDoesNotFitIsRefused(int length)
    {
        (byte[] first, byte[] second, WalRecord[] records) = TwoFiles(Texts, flushEach: true);
        int start = second.Length - WalRecordCodec.SizeOf(records[^1], Texts);
        int producer = records[^1].Producer.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(second.AsSpan(start + WalRecordHead.Size + producer), (ushort)length);
        Mend(second, start);

        AssertCorrupt(Holding(first, second), Texts, $"length {length}");
    }

    private static void Mend(byte[] file, int start)
    {
        long salt = BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(32));
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(start + 48), XxHash3.HashToUInt64(file.AsSpan(start + 64), salt));
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(start + 56), XxHash3.HashToUInt64(file.AsSpan(start, 56), salt));
    }

    /// <summary>Two files of three records each.</summary>
    private static (byte[] First, byte[] Second, WalRecord[] Records) TwoFiles(WalShape shape, bool flushEach)
    {
        SimulatedFileSystem files = NewFiles();
        using Wal wal = Create(files, shape);
        List<WalRecord> records = [];
        for (int i = 0; i < 6; i++)
        {
            records.Add(AppendNext(wal, 2, shape));
            if (flushEach)
                wal.Flush();
            if (i == 2)
                wal.Rotate();
        }
        return (files.ReadAllBytes(FirstFile), files.ReadAllBytes(SecondFile), [.. records]);
    }

    private static SimulatedFileSystem Holding(byte[] first, byte[] second)
    {
        SimulatedFileSystem files = NewFiles();
        files.Put(FirstFile, first);
        files.Put(SecondFile, second);
        return files;
    }

    private static void AssertCorrupt(SimulatedFileSystem files, WalShape shape, string what)
    {
        byte[][] before = [.. files.AllFiles.Select(files.ReadAllBytes)];
        try
        {
            using Wal wal = Open(files, shape);
            Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{what}: opened with {ReadAll(wal).Length} records"));
        }
        catch (AnnException e)
        {
            Assert.True(e.Error == AnnError.Corrupt, $"{what}: {e.Error}: {e.Message}");
            Assert.Matches("^/log/wal-[0-9a-f]{16}\\.log: section (header|record), byte [0-9]+: ", e.Message);
        }
        Assert.Equal(before, files.AllFiles.Select(files.ReadAllBytes));
    }
}
