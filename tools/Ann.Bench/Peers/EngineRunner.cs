using System.Globalization;
using System.Runtime.InteropServices;
using Ann.Bench.Curves;
using Ann.Core;
using Ann.Tool;

namespace Ann.Bench.Peers;

/// <summary>Runs one engine in processes of its own.</summary>
/// <param name="tool">Files and notices.</param>
/// <param name="request">What was asked.</param>
/// <param name="engine">Which engine.</param>
/// <param name="program">The command that starts a worker: a driver, or this program.</param>
internal sealed class EngineRunner(ToolContext tool, PeersRequest request, PeerEngine engine, IReadOnlyList<string> program)
{
    /// <summary>Which engine.</summary>
    public PeerEngine Engine => engine;

    /// <summary>Builds the index.</summary>
    public async Task<DriverOutput> BuildAsync(string index, int threads, CancellationToken cancellation)
    {
        List<string> arguments =
        [
            "build", "--engine", engine.IndexName, "--base", request.Base, "--index", index,
            "--metric", request.Metric.Traits().Name, "--threads", Text(threads), "--m", Text(request.M),
            "--ef-construction", Text(request.EfConstruction),
        ];
        try
        {
            return await RunAsync(arguments, threads, cancellation);
        }
        finally
        {
            tool.Files.Delete(index + ".partial");
        }
    }

    /// <summary>One round: every beam width, every answer checked.</summary>
    public async Task<(DriverOutput Output, IReadOnlyList<CurvePoint> Points)> SearchAsync(
        string index, int threads, AnswerCheck check, CancellationToken cancellation)
    {
        string answers = Path.Combine(request.Cache, $"answers.{Environment.ProcessId}.partial");
        string latencies = Path.Combine(request.Cache, $"latencies.{Environment.ProcessId}.partial");
        List<string> arguments =
        [
            "search", "--engine", engine.Name, "--index", index, "--queries", request.Queries,
            "--metric", request.Metric.Traits().Name, "--threads", Text(threads), "--k", Text(request.K),
            "--ef", engine.IsExact ? "0" : string.Join(',', request.Ef.Select(Text)),
            "--seconds", request.Seconds.ToString(CultureInfo.InvariantCulture), "--answers", answers, "--latencies", latencies,
        ];
        try
        {
            DriverOutput output = await RunAsync(arguments, threads, cancellation);
            using Stream answerFile = tool.Files.OpenRead(answers);
            using Stream latencyFile = tool.Files.OpenRead(latencies);
            List<CurvePoint> points = [];
            foreach (WorkerRun run in output.Runs)
            {
                cancellation.ThrowIfCancellationRequested();
                double recall = check.Recall(Read<int>(answerFile, run.Queries * request.K));
                float[] times = Read<float>(latencyFile, run.Searches);
                Array.Sort(times);
                points.Add(new CurvePoint(
                    run.Ef, recall, run.Searches / run.Seconds, AtQuantile(times, 0.50), AtQuantile(times, 0.99),
                    run.Visited, run.Allocated, run.CpuSeconds < 0 ? -1 : run.CpuSeconds / run.Searches * 1e6));
            }
            return (output, points);
        }
        finally
        {
            tool.Files.Delete(answers);
            tool.Files.Delete(latencies);
        }
    }

    /// <summary>The smallest value that at least this share does not exceed.</summary>
    private static double AtQuantile(float[] sorted, double quantile) =>
        sorted[Math.Max(0, (int)Math.Ceiling(quantile * sorted.Length) - 1)];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<DriverOutput> RunAsync(List<string> arguments, int threads, CancellationToken cancellation)
    {
        ChildResult? result = await ChildProcess.RunAsync(
            program[0], program.Skip(1).Concat(arguments), request.Cores(threads), cancellation);
        if (result is null)
            throw AnnException.Invalid("engines", $"{engine.Name}: {program[0]} or taskset does not start.");
        if (result.ExitCode != 0)
        {
            string why = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "no message";
            throw AnnException.Invalid("engines", $"{engine.Name} ended with exit code {result.ExitCode}: {why.Trim()}");
        }
        return DriverOutput.Parse(result.Output, engine.Name);
    }

    private static T[] Read<T>(Stream stream, int count)
        where T : unmanaged
    {
        T[] values = new T[count];
        stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
