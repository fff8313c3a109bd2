using Ann.Core;
using Ann.Core.Files;

namespace Ann.Tests.Files;

/// <summary>The tests of recovery are worth what this model is: it must lose what a power cut may lose, and nothing else.</summary>
public sealed class SimulatedFileSystemTests
{
    private const int Seeds = 200;
    private readonly SimulatedFileSystem _files = new();

    public SimulatedFileSystemTests()
    {
        _files.CreateDirectory("/d");
        _files.FlushDirectory("/");
    }

    [Fact]
    public void AFlushedFileNeedsAFlushedName()
    {
        Write("/d/a", [1, 2, 3], flush: true);
        Assert.Equal(new HashSet<string> { "", "/d/a=010203" }, Outcomes());
        Assert.Empty(_files.Recover(0).AllFiles);

        _files.FlushDirectory("/d");
        Assert.Equal(new HashSet<string> { "/d/a=010203" }, Outcomes());
    }

    [Fact]
    public void AFlushedNameNeedsAFlushedFile()
    {
        Write("/d/a", [1, 2], flush: false);
        _files.FlushDirectory("/d");

        HashSet<string> outcomes = Outcomes();
        Assert.Superset(new HashSet<string> { "/d/a=", "/d/a=01", "/d/a=0102", "/d/a=0100", "/d/a=0000" }, outcomes);
        Assert.Contains(outcomes, outcome => outcome.Length == 9 && outcome is not ("/d/a=0102" or "/d/a=0100" or "/d/a=0000"));
        Assert.Equal("/d/a=", Describe(_files.Recover(0)));
        Assert.Equal("/d/a=0102", Describe(_files.Recover(1)));
    }

    [Fact]
    public void WritesToAFileReachTheDeviceInOrder()
    {
        using IAppendFile file = _files.OpenAppend("/d/a");
        file.Append([1]);
        file.Flush();
        _files.FlushDirectory("/d");
        file.Append([2]);
        file.Truncate(1);
        file.Append([3]);

        HashSet<string> outcomes = Outcomes();
        Assert.Superset(new HashSet<string> { "/d/a=01", "/d/a=0102", "/d/a=0103" }, outcomes);
        Assert.All(outcomes, outcome => Assert.StartsWith("/d/a=01", outcome, StringComparison.Ordinal));
        Assert.All(outcomes, outcome => Assert.True(outcome.Length <= 9));
        file.Flush();
        Assert.Equal(new HashSet<string> { "/d/a=0103" }, Outcomes());
    }

    [Fact]
    public void ARenameHappensOrNot()
    {
        Write("/d/a", [1], flush: true);
        Write("/d/b", [2], flush: true);
        _files.FlushDirectory("/d");
        _files.Replace("/d/b", "/d/a");

        Assert.Equal("/d/a=02", Describe(_files));
        Assert.Equal(new HashSet<string> { "/d/a=01 /d/b=02", "/d/a=02" }, Outcomes());
        _files.FlushDirectory("/d");
        Assert.Equal(new HashSet<string> { "/d/a=02" }, Outcomes());
    }

    [Fact]
    public void ChangesOfNamesAreLostOneByOne()
    {
        Write("/d/a", [1], flush: true);
        Write("/d/b", [2], flush: true);
        _files.FlushDirectory("/d");
        _files.Delete("/d/a");
        _files.Delete("/d/b");

        Assert.Equal(new HashSet<string> { "/d/a=01 /d/b=02", "/d/a=01", "/d/b=02", "" }, Outcomes());
    }

    [Fact]
    public void WhatLiesInADirectoryThatWasLostIsLost()
    {
        _files.CreateDirectory("/d/e/f");
        Write("/d/e/f/a", [1], flush: true);
        _files.FlushDirectory("/d/e/f");
        _files.FlushDirectory("/d/e");

        Assert.Empty(_files.Recover(0).AllFiles);
        Assert.False(_files.Recover(0).DirectoryExists("/d/e"));
        Assert.Equal(["/d/e/f/a"], _files.Recover(1).AllFiles);
    }

    [Fact]
    public void ARecoveredFileIsItsOwn()
    {
        Write("/d/a", [1, 2], flush: true);
        _files.FlushDirectory("/d");
        SimulatedFileSystem left = _files.Recover(0), right = _files.Recover(0);
        foreach ((SimulatedFileSystem files, byte value) in new[] { (left, (byte)8), (right, (byte)9) })
        {
            using IAppendFile file = files.OpenAppend("/d/a");
            file.Append([value]);
            file.Truncate(1);
            file.Append([value, value]);
        }

        Assert.Equal(("/d/a=010808", "/d/a=010909", "/d/a=0102"), (Describe(left), Describe(right), Describe(_files)));
        // A crash of the recovered ones falls back on what they found.
        Assert.Equal("/d/a=0102", Describe(left.Recover(0)));
    }

    [Fact]
    public void AtTheCrashEverythingStops()
    {
        long before = _files.Operations;
        _files.CrashAt(before + 2);
        using Stream stream = _files.Create("/d/a");
        Assert.Throws<SimulatedCrashException>(() => stream.Write([1, 2]));

        Assert.True(_files.HasCrashed);
        Assert.Equal(before + 2, _files.Operations);
        Assert.Throws<SimulatedCrashException>(() => stream.Write([3]));
        Assert.Throws<SimulatedCrashException>(() => _files.FileExists("/d/a"));
        Assert.Throws<SimulatedCrashException>(() => _files.FlushDirectory("/d"));
        // The write itself may have happened, or in part.
        Assert.Superset(new HashSet<string> { "", "/d/a=", "/d/a=01", "/d/a=0102" }, Outcomes());
    }

    [Fact]
    public void ACrashAtAFlushFlushesNothing()
    {
        using IAppendFile file = _files.OpenAppend("/d/a");
        _files.FlushDirectory("/d");
        file.Append([1]);
        _files.CrashAt(_files.Operations + 1);
        Assert.Throws<SimulatedCrashException>(file.Flush);

        Assert.Equal("/d/a=", Describe(_files.Recover(0)));
    }

    [Fact]
    public void AFullDiskTakesWhatFits()
    {
        using IAppendFile file = _files.OpenAppend("/d/a");
        _files.FreeBytes = 3;
        file.Append([1]);
        Assert.Throws<IOException>(() => file.Append([2, 3, 4]));
        Assert.Equal("/d/a=010203", Describe(_files));
        Assert.Equal(1, file.Length);

        file.Truncate(1);
        Assert.Equal(2, _files.FreeBytes);
        file.Append([7]);
        _files.Delete("/d/a");
        Assert.Equal(3, _files.FreeBytes);
    }

    [Fact]
    public void AFailedFlushIsNotMendedByALaterOne()
    {
        using IAppendFile file = _files.OpenAppend("/d/a");
        _files.FlushDirectory("/d");
        file.Append([1]);
        _files.FailAt(SimulatedOperation.Flush, 1, "/a");
        Assert.Throws<IOException>(file.Flush);
        file.Flush();

        Assert.Equal("/d/a=", Describe(_files.Recover(0)));
    }

    [Fact]
    public void ALockIsHeldOnce()
    {
        using (_files.Lock("/d/LOCK"))
            Assert.Equal(AnnError.FailedPrecondition, Assert.Throws<AnnException>(() => _files.Lock("/d/LOCK")).Error);
        _files.Lock("/d/LOCK").Dispose();
    }

    private void Write(string path, ReadOnlySpan<byte> bytes, bool flush)
    {
        using Stream stream = _files.Create(path);
        stream.Write(bytes);
        if (flush)
            _files.Flush(stream);
    }

    private HashSet<string> Outcomes() => [.. Enumerable.Range(0, Seeds).Select(seed => Describe(_files.Recover(seed)))];

    private static string Describe(SimulatedFileSystem files) =>
        string.Join(' ', files.AllFiles.Select(path => $"{path}={Convert.ToHexString(files.ReadAllBytes(path))}"));
}
