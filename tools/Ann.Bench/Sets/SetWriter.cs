using Ann.Core.Files.Formats;
using Ann.Tool;

namespace Ann.Bench.Sets;

/// <summary>Writes the rows of a law as an <c>fbin</c> file, made on all threads and written in order: the same bytes always.</summary>
internal static class SetWriter
{
    private const int BlockFloats = 4 << 20;

    /// <summary>Rows that one piece of work draws.</summary>
    private const int Grain = 256;

    /// <summary>Writes one file; it appears whole or not at all.</summary>
    public static void Write(ToolContext tool, VectorLaw law, int stream, long rows, string path, CancellationToken cancellation)
    {
        int dimension = law.Dimension;
        int blockRows = Math.Max(1, BlockFloats / dimension);
        float[] block = new float[(int)Math.Min(blockRows, rows) * dimension];
        ParallelOptions options = new() { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount };
        using VectorWriter writer = VectorFile.CreateWriter(tool.Files, path, rows, dimension);
        using ProgressMeter progress = new(tool, Path.GetFileName(path), "rows", rows);
        for (long first = 0; first < rows; first += blockRows)
        {
            int count = (int)Math.Min(blockRows, rows - first);
            Parallel.For(0, (count + Grain - 1) / Grain, options, piece =>
            {
                for (int i = piece * Grain; i < Math.Min(count, (piece + 1) * Grain); i++)
                    law.Draw(stream, first + i, block.AsSpan(i * dimension, dimension));
            });
            writer.Write(block.AsSpan(0, count * dimension));
            progress.Report(first + count);
        }
        writer.Commit();
    }
}
