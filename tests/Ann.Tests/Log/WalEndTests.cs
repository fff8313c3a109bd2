using Ann.Core;
using Ann.Core.Log;
using Ann.Tests.Files;
using static Ann.Tests.Log.WalFixture;

namespace Ann.Tests.Log;

/// <summary>
/// Goal: a log that lost one of its files says which one. Method: logs of several files, each of which is taken away or exchanged; and the
/// same logs without what says so, as older builds wrote them.
/// </summary>
public sealed class WalEndTests
{
    private const int EndBytes = WalRecordHead.Size;

    [Fact]
    public void AFileThatIsMissingIsNamed()
    {
        (SimulatedFileSystem files, WalRecord[] records) = ThreeFiles();
        string[] paths = [.. files.AllFiles];
        foreach (string missing in paths[1..])
        {
            AnnException error = Assert.Throws<AnnException>(() => Open(Holding(files, paths.Where(path => path != missing))));
            Assert.Equal(AnnError.Corrupt, error.Error);
            Assert.StartsWith(missing + ": ", error.Message, StringComparison.Ordinal);
            Assert.Contains("it is missing", error.Message, StringComparison.Ordinal);
        }

        // The oldest may have been trimmed: who needs what it held says so.
        using Wal trimmed = Open(Holding(files, paths[1..]));
        AssertSame(records[2..], ReadAll(trimmed));
    }

    [Fact]
    public void TheNewestIsMissedByWhoKnowsItsName()
    {
        (SimulatedFileSystem files, _) = ThreeFiles();
        string newest = files.AllFiles[^1];
        foreach (SimulatedFileSystem left in (SimulatedFileSystem[])[NewFiles(), Holding(files, files.AllFiles.Take(1))])
        {
            AnnException error = Assert.Throws<AnnException>(
                () => Wal.Open(left, Folder, Numbers, 1, Salts(), Path.GetFileName(newest)));
            Assert.Equal(AnnError.Corrupt, error.Error);
            Assert.Contains("it is missing", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ANewestFileWithoutAHeaderIsNoBeginning()
    {
        (SimulatedFileSystem files, _) = ThreeFiles();
        string newest = files.AllFiles[^1];
        byte[] bytes = files.ReadAllBytes(newest);
        for (int length = 0; length < WalFileHeader.Size; length++)
        {
            files.Put(newest, bytes.AsSpan(0, length));
            AnnException error = Assert.Throws<AnnException>(() => Open(files));
            Assert.Equal(AnnError.Corrupt, error.Error);
            Assert.StartsWith(newest + ": ", error.Message, StringComparison.Ordinal);
            Assert.Equal(length, files.ReadAllBytes(newest).Length);
        }
    }

    [Fact]
    public void AFileOfAnotherLogIsRefused()
    {
        (SimulatedFileSystem files, _) = ThreeFiles();
        string newest = files.AllFiles[^1];
        SimulatedFileSystem other = NewFiles();
        using (Wal wal = Wal.Create(other, Folder, Numbers, 9, () => 77))
            AppendNext(wal, 2);
        files.Put(newest, other.ReadAllBytes(newest));

        AnnException error = Assert.Throws<AnnException>(() => Open(files));

        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.StartsWith(newest + ": section header, byte 32: its salt is 000000000000004d", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARecordBehindTheLastOneIsRefused()
    {
        (SimulatedFileSystem files, _) = ThreeFiles();
        string oldest = files.AllFiles[0];
        byte[] bytes = files.ReadAllBytes(oldest);
        files.Put(oldest, [.. bytes, .. bytes[^EndBytes..]]);

        AnnException error = Assert.Throws<AnnException>(() => Open(files));

        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains("a record follows the one that ends the file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALogOfAnOlderBuildOpensAndGoesOn()
    {
        (SimulatedFileSystem files, WalRecord[] records) = ThreeFiles();
        foreach (string path in files.AllFiles.SkipLast(1).ToArray())
            files.Put(path, files.ReadAllBytes(path).AsSpan(0, files.ReadAllBytes(path).Length - EndBytes));
        List<WalRecord> expected = [.. records];
        using (Wal wal = Open(files))
        {
            AssertSame(expected, ReadAll(wal));
            wal.Rotate();
            expected.Add(AppendNext(wal, 3));
            wal.Flush();
        }
        string newest = files.AllFiles[^1];
        using (Wal again = Open(files))
            AssertSame(expected, ReadAll(again));

        files.Delete(newest);
        AnnException error = Assert.Throws<AnnException>(() => Open(files));
        Assert.StartsWith(newest + ": ", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The power may go while the record is written: the next file has none by then.</summary>
    [Fact]
    public void APartOfTheRecordBeforeAFileWithoutAnyIsATornTail()
    {
        SimulatedFileSystem whole = NewFiles();
        List<WalRecord> records = [];
        using (Wal wal = Create(whole))
        {
            records.Add(AppendNext(wal, 3));
            records.Add(AppendNext(wal, 2));
            wal.Rotate();
        }
        string first = whole.AllFiles[0];
        byte[] bytes = whole.ReadAllBytes(first);
        for (int length = bytes.Length - EndBytes; length <= bytes.Length; length++)
        {
            SimulatedFileSystem files = Holding(whole, whole.AllFiles);
            files.Put(first, bytes.AsSpan(0, length));
            using (Wal wal = Open(files))
            {
                AssertSame(records, ReadAll(wal));
                WalRecord next = AppendNext(wal, 2);
                wal.Flush();
                using Wal again = Open(files.Recover(0), minimalNext: next.LastSequence + 1);
                AssertSame([.. records, next], ReadAll(again));
            }
        }

        // Less than that was flushed before the next file was made.
        SimulatedFileSystem cut = Holding(whole, whole.AllFiles);
        cut.Put(first, bytes.AsSpan(0, bytes.Length - EndBytes - 1));
        AnnException error = Assert.Throws<AnnException>(() => Open(cut));
        Assert.Contains("the log has a gap", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALogThatIsOnlyReadIsLeftAsItIs()
    {
        (SimulatedFileSystem files, WalRecord[] records) = ThreeFiles();
        string newest = files.AllFiles[^1];
        files.Put(newest, [.. files.ReadAllBytes(newest), 1, 2, 3]); // a torn tail
        files.IsReadOnly = true;
        long before = files.Operations;

        using (Wal wal = Wal.OpenToRead(files, Folder, Numbers, 1, Path.GetFileName(newest)))
        {
            AssertSame(records, ReadAll(wal));
            Assert.Equal(AnnError.FailedPrecondition, Assert.Throws<AnnException>(() => AppendNext(wal, 1)).Error);
            Assert.Equal(AnnError.FailedPrecondition, Assert.Throws<AnnException>(wal.Rotate).Error);
        }

        Assert.Equal(before, files.Operations);
        using Wal none = Wal.OpenToRead(NewFiles(), Folder, Numbers, 12, null);
        Assert.Equal((12, 12), (none.First, none.Next));
        Assert.Empty(ReadAll(none));
    }

    /// <summary>Files that begin at 1, 5 and 9, two records each.</summary>
    private static (SimulatedFileSystem Files, WalRecord[] Records) ThreeFiles()
    {
        SimulatedFileSystem files = NewFiles();
        List<WalRecord> records = [];
        using Wal wal = Create(files);
        for (int i = 0; i < 6; i++)
        {
            if (i is 2 or 4)
                wal.Rotate();
            records.Add(AppendNext(wal, 2));
            wal.Flush();
        }
        return (files, [.. records]);
    }

    private static SimulatedFileSystem Holding(SimulatedFileSystem files, IEnumerable<string> paths)
    {
        SimulatedFileSystem held = NewFiles();
        foreach (string path in paths)
            held.Put(path, files.ReadAllBytes(path));
        return held;
    }
}
