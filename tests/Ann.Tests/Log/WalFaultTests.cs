using Ann.Core;
using Ann.Core.Log;
using Ann.Tests.Files;
using static Ann.Tests.Log.WalFixture;

namespace Ann.Tests.Log;

public sealed class WalFaultTests
{
    private const long Room = long.MaxValue / 2;
    private readonly SimulatedFileSystem _files = NewFiles();

    [Fact]
    public void OnAFullDiskNothingIsWrittenAndLaterItGoesOn()
    {
        using Wal wal = Create(_files);
        WalRecord first = AppendNext(wal, 2);
        int size = WalRecordCodec.SizeOf(Record(3, 4), Numbers);
        long before = wal.SizeInBytes;
        for (int room = 0; room < size; room++)
        {
            _files.FreeBytes = room;
            AnnException error = Assert.Throws<AnnException>(() => AppendNext(wal, 4));
            Assert.Equal(AnnError.Overloaded, error.Error);
            Assert.Contains("/log/wal-0000000000000001.log: disk full", error.Message, StringComparison.Ordinal);
            Assert.Equal(before, _files.ReadAllBytes("/log/wal-0000000000000001.log").Length);
            Assert.Equal((3, before), (wal.Next, wal.SizeInBytes));
        }

        _files.FreeBytes = Room;
        WalRecord second = AppendNext(wal, 4);
        AssertSame([first, second], ReadAll(wal));
        using Wal again = Open(_files);
        AssertSame([first, second], ReadAll(again));
    }

    [Fact]
    public void WhatCannotBeCutAtOnceIsCutBeforeTheNextAppend()
    {
        using Wal wal = Create(_files);
        WalRecord first = AppendNext(wal, 2);
        _files.FreeBytes = 50;
        _files.FailAt(SimulatedOperation.Truncate, 1);
        Assert.Throws<AnnException>(() => AppendNext(wal, 4));
        AssertSame([first], ReadAll(wal));
        using (Wal asItIs = Open(_files.Recover(1)))
            AssertSame([first], ReadAll(asItIs));

        _files.FreeBytes = Room;
        WalRecord second = AppendNext(wal, 1);
        AssertSame([first, second], ReadAll(wal));
        using Wal again = Open(_files.Recover(1));
        AssertSame([first, second], ReadAll(again));
    }

    [Fact]
    public void OnAFullDiskTheLogStaysInItsFile()
    {
        using Wal wal = Create(_files);
        List<WalRecord> expected = [AppendNext(wal, 2)];
        for (int room = 0; room < WalFileHeader.Size + WalRecordHead.Size; room++) // header, and what ends the file before
        {
            _files.FreeBytes = room;
            Assert.Equal(AnnError.Overloaded, Assert.Throws<AnnException>(wal.Rotate).Error);
            Assert.Single(_files.AllFiles);
        }
        _files.FreeBytes = Room;
        expected.Add(AppendNext(wal, 2));
        wal.Rotate();
        expected.Add(AppendNext(wal, 2));

        Assert.Equal(2, _files.AllFiles.Count);
        using Wal again = Open(_files);
        AssertSame(expected, ReadAll(again));
    }

    [Fact]
    public void AFailedFlushIsFinal()
    {
        using Wal wal = Create(_files);
        WalRecord first = AppendNext(wal, 2);
        wal.Flush();
        _ = AppendNext(wal, 2);
        _files.FailAt(SimulatedOperation.Flush, 1);

        Action[] calls = [wal.Flush, wal.Flush, () => AppendNext(wal, 1), wal.Rotate, () => wal.TrimBefore(2, 0)];
        foreach (Action call in calls)
        {
            AnnException error = Assert.Throws<AnnException>(call);
            Assert.Equal(AnnError.Unavailable, error.Error);
            Assert.Contains("/log/wal-0000000000000001.log: the device failed", error.Message, StringComparison.Ordinal);
        }
        Assert.Equal(2, ReadAll(wal).Length);
        using Wal again = Open(_files.Recover(0), minimalNext: 3);
        AssertSame([first], ReadAll(again));
    }

    [Theory]
    [InlineData(SimulatedOperation.Flush, 1)] // of the old file
    [InlineData(SimulatedOperation.Flush, 2)] // of the new one
    [InlineData(SimulatedOperation.Flush, 3)] // of the old one, which names the new one
    [InlineData(SimulatedOperation.FlushDirectory, 1)]
    public void AFlushThatFailsWhileRotatingIsFinal(SimulatedOperation operation, int count)
    {
        using Wal wal = Create(_files);
        WalRecord first = AppendNext(wal, 2);
        wal.Flush();
        WalRecord second = AppendNext(wal, 2);
        _files.FailAt(operation, count);

        Assert.Equal(AnnError.Unavailable, Assert.Throws<AnnException>(wal.Rotate).Error);
        Assert.Equal(AnnError.Unavailable, Assert.Throws<AnnException>(() => AppendNext(wal, 2)).Error);

        for (int seed = 0; seed < 20; seed++)
        {
            using Wal again = Open(_files.Recover(seed), minimalNext: 3);
            WalRecord[] read = ReadAll(again);
            AssertSame(new[] { first, second }[..read.Length], read);
        }
    }

    [Fact]
    public void AFileThatCannotBeDeletedIsTriedAgain()
    {
        using Wal wal = Create(_files);
        _ = AppendNext(wal, 2);
        wal.Rotate();
        _files.FailAt(SimulatedOperation.Delete, 1);

        Assert.Equal(AnnError.Overloaded, Assert.Throws<AnnException>(() => wal.TrimBefore(3, 0)).Error);
        Assert.Equal(1, wal.First);
        wal.TrimBefore(3, 0);
        Assert.Equal(3, wal.First);
    }

    [Fact]
    public void AFileThatCannotBeReadIsNotTakenForATornOne()
    {
        using (Wal wal = Create(_files))
            for (int i = 0; i < 3; i++)
                _ = AppendNext(wal, 2);
        byte[] before = _files.ReadAllBytes(_files.AllFiles[0]);
        for (int count = 1; count <= 7; count++)
        {
            _files.FailAt(SimulatedOperation.Read, count);
            AnnException error = Assert.Throws<AnnException>(() => Open(_files));
            Assert.Equal(AnnError.Unavailable, error.Error);
            Assert.Contains("/log/wal-0000000000000001.log: the log cannot be read", error.Message, StringComparison.Ordinal);
            Assert.Equal(before, _files.ReadAllBytes(_files.AllFiles[0]));
        }
        Open(_files).Dispose();
    }

    [Theory]
    [InlineData(SimulatedOperation.Truncate)]
    [InlineData(SimulatedOperation.Flush)]
    public void ATornTailThatCannotBeCutKeepsTheLogShut(SimulatedOperation operation)
    {
        using (Wal wal = Create(_files))
            _ = AppendNext(wal, 2);
        byte[] bytes = _files.ReadAllBytes(_files.AllFiles[0]);
        _files.Put(_files.AllFiles[0], [.. bytes, 1, 2, 3]);
        _files.FailAt(operation, 1);

        Assert.Equal(AnnError.Unavailable, Assert.Throws<AnnException>(() => Open(_files)).Error);
    }

    [Fact]
    public void OnAFullDiskALogIsNotBegun()
    {
        _files.FreeBytes = 20;
        Assert.Equal(AnnError.Overloaded, Assert.Throws<AnnException>(() => Create(_files)).Error);
        Assert.Empty(_files.AllFiles);
        _files.FreeBytes = Room;
        Create(_files).Dispose();
    }
}
