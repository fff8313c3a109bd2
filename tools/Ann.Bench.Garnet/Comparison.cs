using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Files.Formats;

namespace Ann.Bench.Garnet;

/// <summary>What the comparison gives: each server at the smallest beam width that reaches the recall, and the two ratios.</summary>
/// <param name="Rows">Vectors.</param>
/// <param name="Dimension">Their components.</param>
/// <param name="GarnetLoadSeconds">Time to add them to Garnet.</param>
/// <param name="Garnet">Garnet's vector set; sixteen queries under way are pipelined on one connection.</param>
/// <param name="Ann">Ours; sixteen callers on one connection.</param>
/// <param name="P50Ratio">Our median over Garnet's: at most 1 is the goal.</param>
/// <param name="RateRatio">Our rate over Garnet's: at least 2 is the goal.</param>
internal sealed record ComparisonReport(
    int Rows, int Dimension, double GarnetLoadSeconds, TrialResult Garnet, TrialResult Ann, double P50Ratio, double RateRatio);

/// <summary>Runs both servers after each other on the same vectors.</summary>
internal static class Comparison
{
    private const int K = 10;
    private const int MaxEf = 400;

    private static readonly JsonSerializerOptions Json =
        new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void Run(Dictionary<string, string> options)
    {
        PhysicalFileSystem files = PhysicalFileSystem.Instance;
        List<float[]> rows = ReadRows(files, options["--base"]);
        List<float[]> queries = ReadRows(files, options["--queries"]);
        int[] truth = ReadTruth(files, options["--truth"], queries.Count);
        double target = Number(options, "--recall", 0.95);
        double seconds = Number(options, "--seconds", 5);
        string? core = options.GetValueOrDefault("--server-core");

        int port = FreePort();
        double loadSeconds;
        TrialResult garnet;
        using (Child.StartServer(Environment.ProcessPath!, core, "ready", "host", port.ToString(CultureInfo.InvariantCulture)))
        {
            GarnetTrial trial = new(port, [.. queries], new AnswerRecall(rows, queries, truth, K), K);
            loadSeconds = trial.Load(rows);
            garnet = trial.Measure(Smallest("garnet", trial.Recall, target), seconds);
        }

        port = FreePort();
        TrialResult ann;
        string index = options["--index"];
        using (Child.StartServer(options["--ann"], core, "serving on", "serve", index, "--listen", $"127.0.0.1:{port}"))
        {
            AnnTrial trial = new(
                options["--ann"], Path.GetFileNameWithoutExtension(index), options["--queries"], options["--truth"], port, K);
            ann = trial.Measure(Smallest("ann", trial.Recall, target), seconds);
        }

        ComparisonReport report = new(
            rows.Count, rows[0].Length, loadSeconds, garnet, ann, ann.P50Us / garnet.P50Us, ann.Qps / garnet.Qps);
        Print(report);
        if (options.TryGetValue("--json", out string? path))
        {
            using Stream output = files.Create(path);
            JsonSerializer.Serialize(output, report, Json);
        }
    }

    /// <summary>The smallest beam width that reaches the recall, by halving.</summary>
    private static int Smallest(string name, Func<int, double> recallOf, double target)
    {
        int low = K;
        int high = MaxEf;
        while (low < high)
        {
            int ef = (low + high) / 2;
            double recall = recallOf(ef);
            Console.Error.WriteLine($"  {name}: ef {ef}, recall {recall:F4}");
            if (recall >= target)
                high = ef;
            else
                low = ef + 1;
        }
        return low;
    }

    private static void Print(ComparisonReport report)
    {
        Console.WriteLine($"{report.Rows:N0} x {report.Dimension}, k {K}, loopback, one connection");
        Console.WriteLine($"{"server",-24}{"ef",6}{"recall",9}{"p50 us",9}{"p99 us",9}{"16 under way, q/s",20}");
        Line("Garnet vector set", report.Garnet);
        Line("ann serve", report.Ann);
        Console.WriteLine($"p50 ratio {report.P50Ratio:F2} (goal at most 1); rate ratio {report.RateRatio:F2} (goal at least 2)");
    }

    private static void Line(string name, TrialResult result) => Console.WriteLine(
        $"{name,-24}{result.Ef,6}{result.Recall,9:F4}{result.P50Us,9:F0}{result.P99Us,9:F0}{result.Qps,20:N0}");

    private static List<float[]> ReadRows(IFileSystem files, string path)
    {
        using VectorReader reader = VectorFile.OpenReader(files, path);
        List<float[]> rows = [];
        float[] row = new float[reader.Dimension];
        while (reader.ReadRows(row) > 0)
            rows.Add([.. row]);
        return rows;
    }

    private static int[] ReadTruth(IFileSystem files, string path, int queries)
    {
        using IntegerReader reader = VectorFile.OpenIntegers(files, path);
        int[] truth = new int[queries * K];
        long[] row = new long[reader.Columns];
        for (int query = 0; query < queries && reader.ReadRows(row) > 0; query++)
            for (int i = 0; i < K; i++)
                truth[query * K + i] = (int)row[i];
        return truth;
    }

    private static double Number(Dictionary<string, string> options, string name, double standard) =>
        options.TryGetValue(name, out string? text) ? double.Parse(text, CultureInfo.InvariantCulture) : standard;

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
