using System.Globalization;
using Ann.Encoding;
using Ann.Encoding.Descriptions;
using Ann.Tool;
using Microsoft.ML.OnnxRuntime;

namespace Ann.Bench.Encoders;

/// <summary>Three ways to encode the same calls, timed in turn so that a busy machine is busy for all of them.</summary>
/// <param name="tool">Files, clock and console.</param>
/// <param name="directory">The encoder.</param>
/// <param name="threads">Of one inference.</param>
internal sealed class EncodingRun(ToolContext tool, string directory, int threads)
{
    private const double LeastShare = 0.9;
    private const int CallsOfARound = 64, MostRowsOfACall = 256;

    /// <summary>Texts of one call.</summary>
    public required IReadOnlyList<int> Batches { get; init; }

    /// <summary>Texts of a round at most.</summary>
    public required int Rows { get; init; }

    /// <summary>Rounds.</summary>
    public required int Rounds { get; init; }

    /// <summary>Prints a line a batch.</summary>
    /// <returns>True when no batch is more than 10 % slower than ONNX Runtime alone.</returns>
    public bool Run(string[] texts, CancellationToken cancellation)
    {
        EncoderOptions options = new()
        {
            Providers = ["cpu"],
            Threads = threads,
            MaxBatchRows = Math.Max(MostRowsOfACall, Batches.Max()),
        };
        using TextEncoder inGraph = TextEncoder.Open(tool.Files, directory, options);
        using TextEncoder behind = TextEncoder.Open(tool.Files, directory, options with { PoolInGraph = false });
        using PlainBatches plain = new(EncoderDirectory.Open(tool.Files, directory), options);
        tool.Out.WriteLine(
            $"{inGraph.Info.Name} ({inGraph.Info.FingerprintText}), {texts.Length:N0} texts; rows a second, medians of {Rounds}");
        tool.Out.WriteLine("batch        rows   pooled in graph   pooled behind   ONNX Runtime alone   in graph / alone   / behind");
        bool isQuick = true;
        foreach (int batch in Batches)
            isQuick &= Measure(texts, batch, [inGraph, behind], plain, cancellation);
        return isQuick;
    }

    private bool Measure(string[] texts, int batch, TextEncoder[] encoders, PlainBatches plain, CancellationToken cancellation)
    {
        int rows = Math.Min(Math.Max(batch, Math.Min(Rows, batch * CallsOfARound)), texts.Length);
        // Spread over the file, whose neighbours are alike.
        string[][] calls = [.. Enumerable.Range(0, rows).Select(i => texts[(int)((long)i * texts.Length / rows)]).Chunk(batch)];
        IReadOnlyList<OrtValue[]>[] prepared = [.. calls.Select(plain.Prepare)];
        float[] vectors = new float[batch * encoders[0].Info.Dimension];
        Action[] ways =
        [
            () => Encode(encoders[0]), () => Encode(encoders[1]),
            () =>
            {
                foreach (IReadOnlyList<OrtValue[]> call in prepared)
                    plain.Run(call);
            },
        ];
        double[][] seconds = [.. ways.Select(_ => new double[Rounds])];
        for (int round = -1; round < Rounds; round++) // the first is not counted
        {
            for (int turn = 0; turn < ways.Length; turn++)
            {
                cancellation.ThrowIfCancellationRequested();
                int way = (turn + round + 1) % ways.Length;
                long start = tool.Time.GetTimestamp();
                ways[way]();
                if (round >= 0)
                    seconds[way][round] = tool.SecondsSince(start);
            }
        }
        double[] rate = [.. seconds.Select(all => rows / all.Order().ElementAt(all.Length / 2))];
        bool isQuick = rate[0] >= LeastShare * rate[2];
        tool.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{batch,5}{rows,12:N0}{rate[0],18:N1}{rate[1],16:N1}{rate[2],21:N1}{rate[0] / rate[2],19:F3}{rate[0] / rate[1],11:F3}")
            + (isQuick ? "" : "  MISSED"));
        return isQuick;

        void Encode(TextEncoder encoder)
        {
            foreach (string[] call in calls)
                encoder.Encode(call, TextRole.Document, vectors.AsSpan(0, call.Length * encoder.Info.Dimension), cancellation);
        }
    }
}
