using System.Diagnostics;
using System.Globalization;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tool;

namespace Ann.Bench.Workers;

/// <summary>Builds an <c>.ann</c> file and tells what it took without reading the rows and writing the file, as the drivers do.</summary>
internal static class SegmentBuild
{
    private const int BatchFloats = 1 << 18;

    public static void Run(ToolContext tool, WorkerRequest request, CancellationToken cancellation)
    {
        using VectorReader reader = VectorFile.OpenReader(tool.Files, request.Base);
        int rows = checked((int)reader.Count);
        using SegmentBuilder builder = new(rows, reader.Dimension, new SegmentBuildOptions
        {
            Metric = request.Metric,
            Layout = request.Engine switch
            {
                "ann-lean" => SegmentLayout.Lean,
                "ann-compact" => SegmentLayout.Compact,
                _ => SegmentLayout.Fast,
            },
            M = request.M,
            EfConstruction = request.EfConstruction,
            Threads = request.Threads,
        });
        Stopwatch watch = new();
        float[] batch = new float[Math.Max(1, BatchFloats / reader.Dimension) * reader.Dimension];
        while (reader.ReadRows(batch) is int count and > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            watch.Start();
            for (int i = 0; i < count; i++)
                builder.Add(batch.AsSpan(i * reader.Dimension, reader.Dimension));
            watch.Stop();
        }
        watch.Start();
        builder.Build(KeyColumn.Ordinals(rows), progress: null, cancellation);
        watch.Stop();
        tool.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"built seconds={watch.Elapsed.TotalSeconds:F6} threads={request.Threads}"));
        builder.Write(tool.Files, request.Index, progress: null, cancellation);
    }
}
