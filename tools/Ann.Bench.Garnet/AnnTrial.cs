using System.Globalization;
using System.Text.Json;

namespace Ann.Bench.Garnet;

/// <summary><c>ann serve</c>, asked by <c>ann load</c>: the client is gRPC's own, the recall is that of the very answers.</summary>
internal sealed class AnnTrial(string ann, string index, string queries, string truth, int port, int k)
{
    /// <summary>Recall of all queries at a beam width.</summary>
    public double Recall(int ef) => Run(ef, callers: 1, seconds: 1).GetProperty("recall").GetDouble();

    /// <summary>One caller, then sixteen at once on one connection.</summary>
    public TrialResult Measure(int ef, double seconds)
    {
        JsonElement alone = Run(ef, callers: 1, seconds);
        JsonElement together = Run(ef, callers: 16, seconds);
        JsonElement latency = alone.GetProperty("latency");
        return new TrialResult(ef, alone.GetProperty("recall").GetDouble(), latency.GetProperty("p50_us").GetDouble(),
            latency.GetProperty("p99_us").GetDouble(), together.GetProperty("achieved").GetDouble());
    }

    private JsonElement Run(int ef, int callers, double seconds)
    {
        string output = Child.Run(ann, "load", "--address", $"http://127.0.0.1:{port}", "--index", index, "--queries", queries,
            "--truth", truth, "--k", Text(k), "--ef", Text(ef), "--closed", "--concurrency", Text(callers), "--warmup", "2s",
            "--duration", Text(seconds) + "s", "--json");
        return JsonDocument.Parse(output).RootElement.GetProperty("runs")[0];
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
