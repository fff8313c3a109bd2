using System.Globalization;
using System.Numerics.Tensors;
using Ann.Tool.Reports;

namespace Ann.Tool.Encoders;

/// <summary>Runs an encoder: its speed, and its rows beside those that are known.</summary>
internal static class EncoderCheck
{
    private const int FailuresShown = 5;
    private const double SecondsEach = 0.5;

    private static readonly int[] Batches = [1, 8, 64];

    /// <summary>Rows a second at each batch size, half a second each after a call that warms up.</summary>
    public static IReadOnlyList<EncoderSpeed> Measure(ToolContext tool, CheckedEncoder encoder, CancellationToken cancellation)
    {
        List<EncoderSpeed> speeds = [];
        foreach (int batch in Batches)
        {
            encoder.EncodeSamples(batch, cancellation);
            long start = tool.Time.GetTimestamp(), rows = 0;
            do
            {
                cancellation.ThrowIfCancellationRequested();
                encoder.EncodeSamples(batch, cancellation);
                rows += batch;
            }
            while (tool.SecondsSince(start) < SecondsEach);
            speeds.Add(new EncoderSpeed(batch, rows / tool.SecondsSince(start)));
        }
        return speeds;
    }

    /// <summary>Compares with rows that are known.</summary>
    public static GoldenReport Compare(CheckedEncoder encoder, string file, IReadOnlyList<GoldenRow> golden, double tolerance)
    {
        List<string> failures = [];
        double largest = 0, least = 1;
        for (int i = 0; i < golden.Count; i++)
        {
            string name = golden[i].Text is { } text ? $"row {i} ({PrintedText.Of(text)})" : $"row {i}";
            (float[] row, string? fault) = encoder.Encode(golden[i], name);
            float[] expected = golden[i].Embedding;
            if (fault is not null)
                failures.Add(fault);
            if (expected.Length != row.Length)
            {
                failures.Add($"{name}: expected {expected.Length} components; found {row.Length}");
                largest = double.MaxValue;
                continue;
            }
            float[] difference = new float[row.Length];
            TensorPrimitives.Subtract(row, expected, difference);
            double most = TensorPrimitives.MaxMagnitude<float>(difference) is var one ? Math.Abs(one) : 0;
            double cosine = TensorPrimitives.CosineSimilarity<float>(row, expected);
            largest = Math.Max(largest, most);
            least = Math.Min(least, double.IsNaN(cosine) ? 0 : cosine);
            if (!(most <= tolerance))
                failures.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: differs by {most:G3}, cosine {cosine:F4}"));
        }
        return new GoldenReport(file, golden.Count, largest, least, tolerance, [.. failures.Take(FailuresShown)]);
    }
}
