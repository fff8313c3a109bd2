using System.Globalization;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Releases;
using Ann.Core.Segments;
using Ann.Tests.Indexes;

namespace Ann.Tests.Releases;

/// <summary>Releases of the fixture's rows, whose encoder is a file that says which one it is.</summary>
internal static class SampleRelease
{
    /// <summary>The file of the encoder, in a folder as exporters have it.</summary>
    public const string Model = "onnx/model.txt";

    /// <summary>Writes a release.</summary>
    /// <param name="files">Where to.</param>
    /// <param name="directory">Made with everything in it.</param>
    /// <param name="queries">Fingerprint of the encoder of the queries.</param>
    /// <param name="items">Fingerprint of that of the rows.</param>
    /// <param name="version">Of the rows.</param>
    public static void Write(IFileSystem files, string directory, ulong queries, ulong items, int version = 0)
    {
        DirectoryTree.Create(files, directory, [$"{ReleaseDirectory.EncoderDirectory}/{Model}"]);
        string generation = WriteIndex(files, Path.Combine(directory, ReleaseDirectory.IndexFile), queries, items, version);
        Put(files, ReleaseDirectory.PathOf(directory, $"{ReleaseDirectory.EncoderDirectory}/{Model}"), $"{queries:x16}");
        Put(files, ReleaseDirectory.PathOf(directory, $"{ReleaseDirectory.EncoderDirectory}/x.json"), "{}");
        Put(files, ReleaseDirectory.PathOf(directory, ReleaseDirectory.GoldenFile), "[]");
        ReleaseDirectory.Write(files, directory, new Release
        {
            Version = Release.CurrentVersion,
            Generation = generation,
            ItemEncoder = new ReleaseEncoder("items", $"{items:x16}"),
            QueryEncoder = new ReleaseEncoder("users", $"{queries:x16}"),
            Files = [.. DirectoryTree.Files(files, directory).Select(name => ReleaseDirectory.Describe(files, directory, name))],
        });
    }

    /// <summary>Replaces a file, and leaves the list as it is.</summary>
    public static void Put(IFileSystem files, string path, string text)
    {
        using AtomicFile file = new(files, path);
        file.Stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
        file.Commit();
    }

    private static string WriteIndex(IFileSystem files, string path, ulong queries, ulong items, int version)
    {
        using SegmentBuilder builder = new(20, LiveFixture.Dimension, new SegmentBuildOptions
        {
            Metric = Metric.L2,
            M = 8,
            EfConstruction = 60,
            Layout = SegmentLayout.Lean,
            Threads = 1,
            EncoderFingerprint = $"{items:x16}",
            EncoderName = "items",
            QueryEncoderFingerprint = $"{queries:x16}",
            QueryEncoderName = "users",
        });
        KeyColumn keys = new(KeyKind.UInt64);
        foreach (ulong key in LiveFixture.Range(0, 20))
        {
            builder.Add(LiveFixture.Row(key, version));
            keys.Add(key);
        }
        builder.Build(keys);
        builder.Write(files, path);
        return builder.Generation!;
    }
}

/// <summary>Runs encoders that are files with their fingerprint, and knows which are open.</summary>
internal sealed class SampleEncoders : IGenerationEncoders
{
    private readonly Lock _gate = new();
    private readonly List<GenerationEncoder> _open = [];

    /// <summary>Fingerprints of the encoders that are open now.</summary>
    public IReadOnlyList<ulong> Open
    {
        get
        {
            lock (_gate)
                return [.. _open.Select(static one => one.Fingerprint).Order()];
        }
    }

    GenerationEncoder IGenerationEncoders.Open(
        IFileSystem files, string directory, SnapshotEncoder expected, int dimension, MemoryBudget budget)
    {
        string path = ReleaseDirectory.PathOf(directory, SampleRelease.Model);
        string text = System.Text.Encoding.UTF8.GetString(WholeFile.Read(files, path, "model", 100));
        Assert.Equal("{}", System.Text.Encoding.UTF8.GetString(WholeFile.Read(files, Path.Combine(directory, "x.json"), "settings", 100)));
        ulong found = ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (found != expected.Fingerprint)
            throw AnnException.Corrupt(path, "model", 0, $"it is {text}; {expected} was expected.");
        budget.Take(1000, "an encoder");
        Opened opened = new(found, this, budget);
        lock (_gate)
            _open.Add(opened);
        return opened;
    }

    private sealed class Opened(ulong fingerprint, SampleEncoders owner, MemoryBudget budget) : GenerationEncoder(fingerprint)
    {
        protected override void Close()
        {
            budget.Return(1000);
            lock (owner._gate)
                Assert.True(owner._open.Remove(this));
        }
    }
}
