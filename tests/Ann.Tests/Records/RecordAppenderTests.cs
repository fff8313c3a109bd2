using Ann.Core;
using Ann.Core.Records;
using Ann.Tests.Files;
using static Ann.Tests.Records.RecordFixture;

namespace Ann.Tests.Records;

/// <summary>Goal: a full disk changes nothing, and what a failing device leaves open breaks the log for good.</summary>
public sealed class RecordAppenderTests
{
    private const string Next = "/log/b.log";

    private readonly SimulatedFileSystem _files = NewFiles();

    [Fact]
    public void OnAFullDiskTheOldFileGoesOn()
    {
        using RecordAppender appender = new(_files, Format);
        Assert.Equal((false, 0, 40), (appender.HasFile, appender.Length, appender.FlushedBytes));
        appender.Begin(LogPath, Header());
        _files.FreeBytes = 39;
        AnnException e = Assert.Throws<AnnException>(() => appender.Begin(Next, Header()));
        Assert.Equal((AnnError.Overloaded, "disk"), (e.Error, e.Field));
        Assert.StartsWith(Next + ": disk full", e.Message, StringComparison.Ordinal);
        Assert.Equal([LogPath], _files.AllFiles);
        Assert.Equal(AnnError.Overloaded, Assert.Throws<AnnException>(() => appender.Append(Record(0, 40))).Error);
        Assert.Equal((40, 40), (appender.Length, appender.FlushedBytes));

        _files.FreeBytes = 1000;
        appender.Append(Record(0, 40));
        Assert.Equal((88, 40), (appender.Length, appender.FlushedBytes));
        appender.Flush();
        Assert.Equal(88, appender.FlushedBytes);
        using RecordReader reader = Open(_files.Recover(0).ReadAllBytes(LogPath));
        Assert.Equal([0], ReadAll(reader));
    }

    /// <summary>The beginning of a file would come back after a power cut, and the log would have gone on without it.</summary>
    [Fact]
    public void ABeginningThatCannotBeTakenBackBreaksTheLog()
    {
        using RecordAppender appender = new(_files, Format);
        appender.Begin(LogPath, Header());
        _files.FreeBytes = 39;
        _files.FailAt(SimulatedOperation.Delete, 1);
        AssertBroken(appender, Next, () => appender.Begin(Next, Header()));
    }

    [Theory]
    [InlineData(SimulatedOperation.Flush)]
    [InlineData(SimulatedOperation.FlushDirectory)]
    public void AFileThatMayNotBeOnDiskBreaksTheLog(SimulatedOperation operation)
    {
        using RecordAppender appender = new(_files, Format);
        appender.Begin(LogPath, Header());
        _files.FailAt(operation, 1);
        AssertBroken(appender, Next, () => appender.Begin(Next, Header()));
    }

    [Fact]
    public void AFailedFlushBreaksTheLog()
    {
        using RecordAppender appender = new(_files, Format);
        appender.Begin(LogPath, Header());
        appender.Append(Record(3, 40));
        _files.FailAt(SimulatedOperation.Flush, 1);
        AssertBroken(appender, LogPath, appender.Flush);
    }

    private static void AssertBroken(RecordAppender appender, string path, Action action)
    {
        Action[] calls = [action, appender.Flush, () => appender.Append(Record(0, 40)), () => appender.Begin(Next, Header())];
        foreach (Action call in calls)
        {
            AnnException e = Assert.Throws<AnnException>(call);
            Assert.Equal(AnnError.Unavailable, e.Error);
            Assert.StartsWith($"{path}: the device failed; nothing is written to the test until", e.Message, StringComparison.Ordinal);
        }
        Assert.NotNull(appender.Broken);
    }
}
