using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tests.Segments;

namespace Ann.Tests.Server;

/// <summary>An index that is too large to be scanned for a common recall, built once.</summary>
public sealed class WalkedIndex : IDisposable
{
    public const int Seed = 20261130;
    private const int Count = 8000;
    private const int Dimension = 32;
    private const int Clusters = 80;

    private static readonly DirectoryInfo Directory = System.IO.Directory.CreateTempSubdirectory("ann-walked-");
    private static readonly float[][] Rows = SegmentFixture.Clustered(Count, Dimension, Seed, Clusters);

    public WalkedIndex()
    {
        using SegmentBuilder builder = new(
            Count, Dimension,
            new SegmentBuildOptions { Metric = Metric.L2, Codes = CodesKind.F32, M = 6, EfConstruction = 40, Threads = 2 });
        foreach (float[] row in Rows)
            builder.Add(row);
        builder.Build(KeyColumn.Ordinals(Count), progress: null, CancellationToken.None);
        builder.Write(PhysicalFileSystem.Instance, File, progress: null, CancellationToken.None);
    }

    public static string File => Path.Combine(Directory.FullName, "walked.ann");

    public static float[] Row(int row) => Rows[row];

    /// <summary>Points halfway between two rows: in no cluster.</summary>
    public static float[][] Between(int count)
    {
        Random random = new(Seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            float[] a = Rows[random.Next(Count)];
            float[] b = Rows[random.Next(Count)];
            return a.Zip(b, static (x, y) => (x + y) / 2).ToArray();
        })];
    }

    public void Dispose() => Directory.Delete(recursive: true);
}
