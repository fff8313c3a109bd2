using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Keys;
using Ann.Core.Segments;

namespace Ann.Tests.Server;

/// <summary>The tests that share <see cref="SampleIndexes"/>. They run one after another: each has a server of its own.</summary>
[CollectionDefinition]
public sealed class ServerTests : ICollectionFixture<SampleIndexes>;

/// <summary>Small indexes on disk, built once for all server tests, and the rows that they hold.</summary>
public sealed class SampleIndexes : IDisposable
{
    public const int Count = 600;
    public const int Dimension = 16;
    public const ulong EncoderFingerprint = 0x0123_4567_89ab_cdef;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ann-server-");

    public SampleIndexes()
    {
        Random random = new(20260801);
        Rows = [.. Enumerable.Range(0, Count).Select(_ => RandomRow(random))];

        KeyColumn names = new(KeyKind.String);
        for (int row = 0; row < Count; row++)
            names.Add($"item-{row}");

        SegmentBuildOptions plain = new() { Metric = Metric.L2, Codes = CodesKind.F32, M = 8, EfConstruction = 60 };
        L2 = Build("plain", plain, KeyColumn.Ordinals(Count));
        Cosine = Build("named", new SegmentBuildOptions
        {
            Metric = Metric.Cosine,
            M = 8,
            EfConstruction = 60,
            Name = "named",
            Seed = 7,
            EncoderFingerprint = EncoderFingerprint.ToString("x16"),
            EncoderName = "tower",
            Source = "rows.npy",
        }, names);
    }

    /// <summary>The rows of both indexes; row i has the key i, or <c>item-i</c>.</summary>
    public float[][] Rows { get; }

    /// <summary>Index <c>plain</c>: L2, numeric keys, no codes, no encoder.</summary>
    public string L2 { get; }

    /// <summary>Index <c>named</c>: cosine, text keys, int8 codes, encoder <c>tower</c>.</summary>
    public string Cosine { get; }

    /// <summary>An empty directory of one test's own.</summary>
    public string NewDirectory() => _directory.CreateSubdirectory(Guid.NewGuid().ToString("n")).FullName;

    /// <summary>A copy of the L2 index whose later half is missing.</summary>
    public string Damaged(string name)
    {
        string path = Path.Combine(NewDirectory(), name + ".ann");
        byte[] whole = File.ReadAllBytes(L2);
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
        return path;
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static float[] RandomRow(Random random)
    {
        float[] row = new float[Dimension];
        for (int i = 0; i < row.Length; i++)
            row[i] = random.NextSingle() * 2 - 1;
        return row;
    }

    private string Build(string name, SegmentBuildOptions options, KeyColumn keys)
    {
        string path = Path.Combine(_directory.FullName, name + ".ann");
        using SegmentBuilder builder = new(Count, Dimension, options);
        foreach (float[] row in Rows)
            builder.Add(row);
        builder.Build(keys);
        builder.Write(PhysicalFileSystem.Instance, path);
        return path;
    }
}
