using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Keys;
using Ann.Core.Log;
using Ann.Tests.Files;
using static Ann.Tests.Log.WalFixture;

namespace Ann.Tests.Log;

public sealed class WalTests
{
    private readonly SimulatedFileSystem _files = NewFiles();

    [Theory]
    [InlineData(KeyKind.UInt64)]
    [InlineData(KeyKind.String)]
    public void WhatWasAppendedIsRead(KeyKind kind)
    {
        WalShape shape = new(Dimension, kind);
        List<WalRecord> expected = [];
        using (Wal wal = Create(_files, shape, first: 5))
        {
            for (int i = 0; i < 12; i++)
                expected.Add(AppendNext(wal, 1 + i * 7 % 5, shape));
            wal.Flush();
            Assert.Equal(expected[^1].LastSequence + 1, wal.Next);
            AssertSame(expected, ReadAll(wal));
        }

        using Wal again = Open(_files, shape, minimalNext: expected[^1].LastSequence + 1);
        Assert.Equal((5, expected[^1].LastSequence + 1), (again.First, again.Next));
        AssertSame(expected, ReadAll(again));
        expected.Add(AppendNext(again, 3, shape));
        AssertSame(expected, ReadAll(again));
    }

    [Fact]
    public void SeveralRecordsAreOneWrite()
    {
        using Wal wal = Create(_files);
        long before = _files.Operations;

        wal.Append([Record(1, 2), Record(3, 1), Record(4, 4)]);

        Assert.Equal(before + 1, _files.Operations);
        Assert.Equal(8, wal.Next);
        AssertSame([Record(1, 2), Record(3, 1), Record(4, 4)], ReadAll(wal));
    }

    [Fact]
    public void ARecordWithoutItemsTakesNoSequence()
    {
        using Wal wal = Create(_files);
        WalRecord only = Record(1, 0);
        wal.Append([only, Record(1, 2), Record(3, 0)]);
        wal.Rotate();
        wal.Append([Record(3, 1)]);

        Assert.Equal(4, wal.Next);
        AssertSame([only, Record(1, 2), Record(3, 0), Record(3, 1)], ReadAll(wal));
        // It is given with the item before it and with the item after: a caller that stops between two writes misses none.
        AssertSame([only, Record(1, 2), Record(3, 0)], [.. wal.Read(1, 2)]);
        AssertSame([Record(3, 0), Record(3, 1)], [.. wal.Read(3, 9)]);
        // Write 2 is covered and write 3 is not; whether the producer's place is, nobody said: the file stays.
        wal.TrimBefore(3, keepBytes: 0);
        Assert.Equal(1, wal.First);
        wal.TrimBefore(4, keepBytes: 0);
        Assert.Equal(3, wal.First);
    }

    [Fact]
    public void FilesFollowOneAnother()
    {
        List<WalRecord> expected = [];
        using (Wal wal = Create(_files))
            for (int i = 0; i < 4; i++)
            {
                expected.Add(AppendNext(wal, 3));
                expected.Add(AppendNext(wal, 2));
                wal.Rotate();
                wal.Rotate(); // the file has no item yet
            }

        Assert.Equal(
            ["wal-0000000000000001.log", "wal-0000000000000006.log", "wal-000000000000000b.log", "wal-0000000000000010.log",
             "wal-0000000000000015.log"], _files.AllFiles.Select(Path.GetFileName));
        using Wal again = Open(_files);
        AssertSame(expected, ReadAll(again));
        Assert.Equal(_files.AllFiles.Sum(path => _files.ReadAllBytes(path).Length), again.SizeInBytes);
        Assert.Equal(_files.AllFiles, again.Files.Select(file => file.Path));
    }

    [Theory]
    [InlineData(1, 100, 0, 9)]
    [InlineData(1, 1, 0, 0)]
    [InlineData(3, 3, 1, 1)] // sequences 3 and 4 are one record
    [InlineData(4, 5, 1, 2)]
    [InlineData(5, 12, 2, 5)]
    [InlineData(18, 40, 8, 9)]
    [InlineData(21, 40, 10, 9)]
    public void APartIsReadByWholeRecords(long from, long to, int first, int last)
    {
        using Wal wal = Create(_files);
        for (int i = 0; i < 10; i++)
        {
            _ = AppendNext(wal, 2);
            if (i % 4 == 3)
                wal.Rotate();
        }

        Assert.Equal(
            Enumerable.Range(first, Math.Max(0, last - first + 1)).Select(i => 1L + 2 * i),
            wal.Read(from, to).Select(record => record.FirstSequence));
    }

    [Fact]
    public void AReaderSeesWhatWasThereWhenItBegan()
    {
        using Wal wal = Create(_files);
        _ = AppendNext(wal, 2);
        _ = AppendNext(wal, 2);

        List<long> seen = [];
        foreach (WalRecord record in wal.Read(1, long.MaxValue))
        {
            seen.Add(record.FirstSequence);
            _ = AppendNext(wal, 1);
            wal.Rotate();
        }

        Assert.Equal([1, 3], seen);
    }

    [Fact]
    public void TrimmingTakesWholeFilesOldestFirst()
    {
        using Wal wal = Create(_files);
        for (int i = 0; i < 5; i++)
        {
            _ = AppendNext(wal, 4);
            wal.Rotate();
        }
        long size = wal.SizeInBytes;

        wal.TrimBefore(4, keepBytes: 0);
        Assert.Equal(1, wal.First);
        wal.TrimBefore(12, keepBytes: size);
        Assert.Equal(1, wal.First);
        wal.TrimBefore(12, keepBytes: 0);
        Assert.Equal(9, wal.First);
        long left = wal.SizeInBytes;
        wal.TrimBefore(21, keepBytes: left - wal.Files[0].Length - 1);
        Assert.Equal(13, wal.First);
        wal.TrimBefore(long.MaxValue, keepBytes: 0);

        Assert.Equal((21, 21), (wal.First, wal.Next));
        Assert.Single(_files.AllFiles);
        AnnException error = Assert.Throws<AnnException>(() => wal.Read(20, 30));
        Assert.Equal(AnnError.FailedPrecondition, error.Error);
        Assert.Contains("the log begins at 21", error.Message, StringComparison.Ordinal);
        using Wal again = Open(_files, minimalNext: 21);
        Assert.Equal((21, 21), (again.First, again.Next));
    }

    [Fact]
    public void AReaderWhoseFileWasTrimmedIsTold()
    {
        using Wal wal = Create(_files);
        _ = AppendNext(wal, 4);
        wal.Rotate();
        _ = AppendNext(wal, 4);
        IEnumerable<WalRecord> records = wal.Read(1, 8);
        wal.TrimBefore(5, keepBytes: 0);

        AnnException error = Assert.Throws<AnnException>(() => records.Count());

        Assert.Equal(AnnError.FailedPrecondition, error.Error);
    }

    [Fact]
    public void ALogWithoutFilesBeginsWhereItIsTold()
    {
        using (Wal wal = Open(_files, minimalNext: 77))
            Assert.Equal((77, 77), (wal.First, wal.Next));
        // The same for one that never had a record: a copy of an index comes without its log.
        using Wal later = Open(_files, minimalNext: 90);
        Assert.Equal((90, 90), (later.First, later.Next));
        Assert.Single(_files.AllFiles);
    }

    [Fact]
    public void ALogThatEndsTooEarlyHasAGap()
    {
        using (Wal wal = Create(_files))
        {
            _ = AppendNext(wal, 4);
            wal.Flush();
        }

        AnnException error = Assert.Throws<AnnException>(() => Open(_files, minimalNext: 6));

        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains("it ends before sequence 5, and held all before 6 once", error.Message, StringComparison.Ordinal);
        Assert.Contains("/log/wal-0000000000000001.log", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        using (Wal wal = Create(_files))
            for (int i = 0; i < 3; i++)
            {
                _ = AppendNext(wal, 4);
                wal.Rotate();
            }
        _files.Delete("/log/wal-0000000000000005.log");

        AnnException error = Assert.Throws<AnnException>(() => Open(_files));

        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains("/log/wal-0000000000000005.log: section file, byte 0: it is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesOfOthersAreLeftAlone()
    {
        string[] others = ["/log/wal-5.log", "/log/wal-00000000000000FF.log", "/log/wal-zzzzzzzzzzzzzzzz.log",
            "/log/wal-old.log", "/log/notes"];
        foreach (string path in others)
            _files.Put(path, [1, 2, 3]);
        using (Wal wal = Create(_files))
        {
            _ = AppendNext(wal, 4);
            wal.Rotate();
            wal.TrimBefore(9, keepBytes: 0);
        }

        using Wal again = Open(_files);
        Assert.All(others, path => Assert.Equal([1, 2, 3], _files.ReadAllBytes(path)));
    }

    [Fact]
    public void ADirectoryHasOneLog()
    {
        Create(_files).Dispose();

        Assert.Equal(AnnError.AlreadyExists, Assert.Throws<AnnException>(() => Create(_files)).Error);
    }

    [Theory]
    [InlineData(4, KeyKind.UInt64, "byte 12: rows of dimension 3; the index has 4")]
    [InlineData(3, KeyKind.String, "byte 16: key kind 1; the index has 2 (String)")]
    public void ALogOfAnotherShapeIsRefused(int dimension, KeyKind kind, string why)
    {
        Create(_files).Dispose();

        AnnException error = Assert.Throws<AnnException>(() => Open(_files, new WalShape(dimension, kind)));

        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARecordOutOfPlaceIsAMistake()
    {
        using Wal wal = Create(_files);

        Assert.Throws<ArgumentException>(() => wal.Append([Record(2, 1)]));
        Assert.Throws<ArgumentException>(() => wal.Append([Record(1, 1), Record(1, 1)]));
        Assert.Throws<ArgumentException>(() => wal.Append([Record(1, 1, Texts)]));
        Assert.Throws<ArgumentException>(() => wal.Append([Record(1, 1) with { Rows = [1, 2] }]));
        Assert.Equal(1, wal.Next);
        Assert.Empty(ReadAll(wal));
    }

    [Fact]
    public void OnARealDiskItIsTheSame()
    {
        string directory = System.IO.Directory.CreateTempSubdirectory("ann-").FullName;
        try
        {
            using (Wal wal = Wal.Create(PhysicalFileSystem.Instance, directory, Texts, 1))
            {
                for (int i = 0; i < 6; i++)
                {
                    _ = AppendNext(wal, 3, Texts);
                    wal.Flush();
                    if (i % 2 == 1)
                        wal.Rotate();
                }
                wal.TrimBefore(7, keepBytes: 0);
            }
            string torn = Path.Combine(directory, "wal-0000000000000013.log");
            using (FileStream stream = File.Open(torn, FileMode.Append))
                stream.Write("WREC and some"u8);

            using Wal again = Wal.Open(PhysicalFileSystem.Instance, directory, Texts, 19);
            AssertSame([Record(7, 3, Texts), Record(10, 3, Texts), Record(13, 3, Texts), Record(16, 3, Texts)], ReadAll(again));
            Assert.Equal(WalFileHeader.Size, new FileInfo(torn).Length);
        }
        finally
        {
            System.IO.Directory.Delete(directory, recursive: true);
        }
    }
}
