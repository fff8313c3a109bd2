using Ann.Core;
using Ann.Core.Files;

namespace Ann.Tests.Files;

public sealed class AtomicFileTests
{
    private readonly MemoryFileSystem _files = new() { Content = { ["out"] = [1] } };

    [Fact]
    public void CommitReplacesTheTarget()
    {
        using AtomicFile file = new(_files, "out");
        file.Stream.Write([2, 3]);
        file.Commit();

        Assert.Equal([2, 3], _files.Content["out"]);
        Assert.Single(_files.Content);
    }

    [Fact]
    public void WithoutCommitTheTargetStays()
    {
        using (AtomicFile file = new(_files, "out"))
            file.Stream.Write([2, 3]);

        Assert.Equal([1], _files.Content["out"]);
        Assert.Single(_files.Content);
    }

    [Fact]
    public void AFullDiskLeavesTheTargetAndNothingElse()
    {
        _files.FreeBytes = 1;
        Assert.Throws<IOException>(() =>
        {
            using AtomicFile file = new(_files, "out");
            file.Stream.Write([2, 3]);
            file.Commit();
        });

        Assert.Equal([1], _files.Content["out"]);
        Assert.Single(_files.Content);
    }

    [Fact]
    public void WhatWasCommittedSurvivesAPowerCut()
    {
        SimulatedFileSystem files = new();
        files.Put("/out", [1]);
        using (AtomicFile file = new(files, "/out"))
        {
            file.Stream.Write([2, 3]);
            file.Commit();
        }

        for (int seed = 0; seed < 20; seed++)
            Assert.Equal([2, 3], files.Recover(seed).ReadAllBytes("/out"));
    }

    [Fact]
    public void ADirectoryThatCannotBeFlushedIsAnIOException()
    {
        SimulatedFileSystem files = new();
        files.Put("/out", [1]);
        files.FailAt(SimulatedOperation.FlushDirectory, 1);

        Assert.Throws<IOException>(() =>
        {
            using AtomicFile file = new(files, "/out");
            file.Stream.Write([2, 3]);
            file.Commit();
        });
        Assert.Equal(["/out"], files.AllFiles);
    }

    [Fact]
    public void AMissingDirectoryIsNamed()
    {
        string path = Path.Combine(Path.GetTempPath(), $"ann-no-such-{Guid.NewGuid():n}", "out");

        AnnException error = Assert.Throws<AnnException>(() => new AtomicFile(PhysicalFileSystem.Instance, path));

        Assert.Equal(AnnError.InvalidArgument, error.Error);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OnARealDiskTheTargetAppearsWhole()
    {
        string directory = Directory.CreateTempSubdirectory("ann-").FullName;
        try
        {
            string path = Path.Combine(directory, "out");
            using (AtomicFile file = new(PhysicalFileSystem.Instance, path))
            {
                file.Stream.Write([7]);
                file.Commit();
            }

            Assert.Equal([path], Directory.GetFiles(directory));
            Assert.Equal([7], File.ReadAllBytes(path));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void AFullDeviceIsAnIOException()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "/dev/full is a device of Linux.");

        Assert.Throws<IOException>(() =>
        {
            using AtomicFile file = new(PhysicalFileSystem.Instance, "/dev/full");
            file.Stream.Write(new byte[1 << 20]);
            file.Commit();
        });
        Assert.True(File.Exists("/dev/full"));
    }
}
