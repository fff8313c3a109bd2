using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ann.Bench.Garnet;

/// <summary>One beam width of one server.</summary>
/// <param name="Ef">Beam width.</param>
/// <param name="Recall">Recall@10 of all queries, ties counted for the places that are left to them.</param>
/// <param name="P50Us">Median of one caller that waits for each answer, microseconds.</param>
/// <param name="P99Us">Its 99th percentile.</param>
/// <param name="Qps">Queries a second with sixteen under way.</param>
internal sealed record TrialResult(int Ef, double Recall, double P50Us, double P99Us, double Qps);

/// <summary>A vector set of Garnet: float32 without quantisation, L2, M 16, EF 200.</summary>
internal sealed class GarnetTrial(int port, float[][] queries, AnswerRecall recall, int k)
{
    private const int PipelinedLoads = 64;
    private const int Pipelined = 16;

    private static readonly byte[] Key = "v"u8.ToArray();

    private readonly byte[][] _queries = [.. queries.Select(Bytes)];

    /// <summary>Adds all rows; element i is called i.</summary>
    /// <returns>Seconds.</returns>
    public double Load(IReadOnlyList<float[]> rows)
    {
        using RespClient client = new(port);
        long start = Stopwatch.GetTimestamp();
        int[] reply = new int[1];
        for (int row = 0; row < rows.Count; row += PipelinedLoads)
        {
            int end = Math.Min(row + PipelinedLoads, rows.Count);
            for (int i = row; i < end; i++)
                client.Queue("VADD"u8.ToArray(), Key, "FP32"u8.ToArray(), Bytes(rows[i]), Number(i), "NOQUANT"u8.ToArray(),
                    "EF"u8.ToArray(), Number(200), "M"u8.ToArray(), Number(16));
            client.Flush();
            for (int i = row; i < end; i++)
                client.ReadNumbers(reply);
            if (row / PipelinedLoads % 100 == 0)
                Console.Error.WriteLine($"  garnet: {end:N0} of {rows.Count:N0} rows");
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Recall of all queries at a beam width.</summary>
    public double Recall(int ef)
    {
        using RespClient client = new(port);
        int[] found = new int[k];
        int[][] answers = new int[_queries.Length][];
        for (int query = 0; query < answers.Length; query++)
        {
            Queue(client, query, ef);
            client.Flush();
            answers[query] = found[..client.ReadNumbers(found)];
        }
        return recall.Of(answers);
    }

    /// <summary>One caller, then sixteen queries under way on one connection.</summary>
    public TrialResult Measure(int ef, double seconds)
    {
        using RespClient client = new(port);
        List<double> latencies = [];
        int query = 0;
        int[] found = new int[k];
        Repeat(seconds, warm: true, () => Ask(1));
        Repeat(seconds, warm: false, () =>
        {
            long start = Stopwatch.GetTimestamp();
            Ask(1);
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        });
        Repeat(seconds, warm: true, () => Ask(Pipelined));
        double batches = Repeat(seconds, warm: false, () => Ask(Pipelined));
        latencies.Sort();
        return new TrialResult(
            ef, Recall(ef), latencies[latencies.Count / 2], latencies[latencies.Count * 99 / 100], batches * Pipelined);

        void Ask(int count)
        {
            for (int i = 0; i < count; i++)
                Queue(client, query++ % _queries.Length, ef);
            client.Flush();
            for (int i = 0; i < count; i++)
                client.ReadNumbers(found);
        }
    }

    /// <returns>Calls a second.</returns>
    private static double Repeat(double seconds, bool warm, Action call)
    {
        double limit = warm ? Math.Min(seconds, 2) : seconds;
        long start = Stopwatch.GetTimestamp();
        int calls = 0;
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < limit)
        {
            call();
            calls++;
        }
        return calls / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private void Queue(RespClient client, int query, int ef) => client.Queue("VSIM"u8.ToArray(), Key, "FP32"u8.ToArray(), _queries[query],
        "COUNT"u8.ToArray(), Number(k), "EF"u8.ToArray(), Number(ef));

    private static byte[] Number(int value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));

    private static byte[] Bytes(float[] row) => MemoryMarshal.AsBytes(row.AsSpan()).ToArray();
}
