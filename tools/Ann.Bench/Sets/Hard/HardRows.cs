using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;

namespace Ann.Bench.Sets.Hard;

/// <summary>A hard set in memory.</summary>
/// <param name="Set">Which.</param>
/// <param name="Metric">How nearness is measured.</param>
/// <param name="Base">Rows.</param>
/// <param name="Queries">Queries, no rows of the base.</param>
/// <param name="Truth">In double precision.</param>
internal sealed record HardRows(HardSet Set, Metric Metric, float[][] Base, float[][] Queries, ExactTruth Truth)
{
    /// <summary>Draws rows and queries and finds the truth; the same on any number of threads.</summary>
    /// <param name="set">Which.</param>
    /// <param name="seed">Same seed, same rows.</param>
    /// <param name="neighbors">True neighbours of a query; 0 finds none.</param>
    /// <param name="threads">How many.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static HardRows Make(HardSet set, ulong seed, int neighbors, int threads, CancellationToken cancellation)
    {
        VectorLaw law = set.Law(seed);
        float[][] rows = Draw(law, VectorLaw.BaseStream, set.Rows);
        float[][] queries = Draw(law, VectorLaw.QueryStream, set.Queries);
        return new HardRows(
            set, law.Metric, rows, queries, DoubleTruth.Compute(law.Metric, rows, queries, neighbors, threads, cancellation));
    }

    /// <summary>Writes base rows and queries.</summary>
    public void Write(IFileSystem files, string basePath, string queryPath)
    {
        Write(files, basePath, Base);
        Write(files, queryPath, Queries);
    }

    private static float[][] Draw(VectorLaw law, int stream, int count)
    {
        float[][] rows = new float[count][];
        for (int row = 0; row < count; row++)
            law.Draw(stream, row, rows[row] = new float[law.Dimension]);
        return rows;
    }

    private static void Write(IFileSystem files, string path, float[][] rows)
    {
        using VectorWriter writer = VectorFile.CreateWriter(files, path, rows.Length, rows[0].Length);
        foreach (float[] row in rows)
            writer.Write(row);
        writer.Commit();
    }
}
