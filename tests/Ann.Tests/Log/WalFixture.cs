using System.Globalization;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Log;
using Ann.Tests.Attributes;
using Ann.Tests.Files;

namespace Ann.Tests.Log;

/// <summary>A directory for a log, and records whose content follows from their place: a test sees at once whether one is right.</summary>
internal static class WalFixture
{
    public const string Folder = "/log";
    public const int Dimension = 3;

    public static readonly WalShape Numbers = new(Dimension, KeyKind.UInt64);
    public static readonly WalShape Texts = new(Dimension, KeyKind.String);
    public static readonly WalShape Attributed = new(Dimension, KeyKind.UInt64) { Attributes = AttributeFixture.Schema };

    public static SimulatedFileSystem NewFiles()
    {
        SimulatedFileSystem files = new();
        files.CreateDirectory(Folder);
        files.FlushDirectory("/");
        return files;
    }

    /// <summary>A salt a file: the same in every run.</summary>
    public static Func<ulong> Salts()
    {
        ulong next = 0x0123456789ABCDEF;
        return () => next += 0x1111111111111111;
    }

    public static Wal Create(SimulatedFileSystem files, WalShape? shape = null, long first = 1) =>
        Wal.Create(files, Folder, shape ?? Numbers, first, Salts());

    public static Wal Open(SimulatedFileSystem files, WalShape? shape = null, long minimalNext = 1) =>
        Wal.Open(files, Folder, shape ?? Numbers, minimalNext, Salts());

    /// <summary>
    /// The record that begins at a sequence. Every third deletes; every other names a producer, every fourth an encoder; most upserts bring
    /// attributes where the log has some.
    /// </summary>
    public static WalRecord Record(long first, int count, WalShape? shape = null)
    {
        shape ??= Numbers;
        bool isDelete = first % 3 == 0;
        KeyColumn keys = new(shape.KeyKind);
        for (long sequence = first; sequence < first + count; sequence++)
            if (shape.KeyKind == KeyKind.UInt64)
                keys.Add((ulong)sequence * 0x9E3779B97F4A7C15);
            else
                keys.Add("ключ " + new string('x', (int)(sequence % 7)) + sequence.ToString(CultureInfo.InvariantCulture));
        float[] rows = isDelete ? [] : [.. Enumerable.Range(0, count * shape.Dimension).Select(i => first + i * 0.25f)];
        IEnumerable<ulong> items = Enumerable.Range(0, count).Select(i => (ulong)(first + i));
        AttributeBatch? attributes = shape.Attributes.Count == 0 || isDelete || count == 0 || first % 5 == 2
            ? null
            : AttributeFixture.Of(items, version: 0);
        return new WalRecord(
            isDelete ? WalRecordKind.Delete : WalRecordKind.Upsert, first, first % 4 == 0 ? (ulong)first << 40 : null,
            first % 2 == 0 || count == 0 ? "producer-" + (first % 5).ToString(CultureInfo.InvariantCulture) : "", (ulong)first * 10,
                keys, rows, attributes);
    }

    /// <summary>Appends the next record and returns it.</summary>
    public static WalRecord AppendNext(Wal wal, int count, WalShape? shape = null)
    {
        WalRecord record = Record(wal.Next, count, shape);
        wal.Append([record]);
        return record;
    }

    public static WalRecord[] ReadAll(Wal wal) => [.. wal.Read(wal.First, long.MaxValue)];

    public static void AssertSame(IReadOnlyList<WalRecord> expected, IReadOnlyList<WalRecord> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
            AssertSame(expected[i], actual[i]);
    }

    public static void AssertSame(WalRecord expected, WalRecord actual)
    {
        Assert.Equal(
            (expected.Kind, expected.FirstSequence, expected.EncoderFingerprint, expected.Producer, expected.ProducerSequence,
                expected.Count),
            (actual.Kind, actual.FirstSequence, actual.EncoderFingerprint, actual.Producer, actual.ProducerSequence, actual.Count));
        for (int i = 0; i < expected.Count; i++)
            Assert.Equal(expected.Keys.Format(i), actual.Keys.Format(i));
        Assert.Equal(expected.Rows, actual.Rows);
        Assert.Equal(expected.Attributes is null, actual.Attributes is null);
        for (int i = 0; i < expected.Count && expected.Attributes is not null; i++)
            Assert.Equal(AttributeFixture.Describe(expected.Attributes, i), AttributeFixture.Describe(actual.Attributes!, i));
        Assert.Equal(expected.Payloads is null, actual.Payloads is null);
        for (int i = 0; i < expected.Count && expected.Payloads is not null; i++)
            Assert.True(expected.Payloads[i].SequenceEqual(actual.Payloads![i]), $"payload {i} differs");
    }
}
