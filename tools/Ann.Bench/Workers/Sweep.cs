using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Ann.Tool;

namespace Ann.Bench.Workers;

/// <summary>The timed part of a worker: every beam width, warm, for long enough. The twin of <c>sweep</c> in <c>driver.h</c>.</summary>
internal sealed class Sweep(ToolContext tool, WorkerRequest request)
{
    private const int MaxPasses = 200;
    private const int WarmUpBursts = 6;
    private static readonly TimeSpan WarmUpBurst = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan WarmUpPause = TimeSpan.FromMilliseconds(350);

    /// <summary>
    /// Untimed searches until the compiler has done what it will do: in bursts, since its background thread waits for a pause of 100 ms
    /// and, with one core for both, gets none of it while a search runs.
    /// </summary>
    public void WarmUp(ISearchTarget target, CancellationToken cancellation)
    {
        int[] answers = new int[target.Queries * request.K];
        float[] latencies = new float[target.Queries];
        for (int burst = 0; burst < WarmUpBursts; burst++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i == 0 || Stopwatch.GetElapsedTime(start) < WarmUpBurst; i++)
            {
                target.SetEf(request.Ef[i % request.Ef.Count]);
                Run(target, latencies, answers, cancellation);
            }
            cancellation.WaitHandle.WaitOne(WarmUpPause);
        }
    }

    /// <summary>Measures, and writes lines, answers and latencies.</summary>
    public void Measure(ISearchTarget target, CancellationToken cancellation)
    {
        using Stream answerFile = tool.Files.Create(request.Answers);
        using Stream latencyFile = tool.Files.Create(request.Latencies);
        int[] answers = new int[target.Queries * request.K];
        foreach (int ef in request.Ef)
        {
            target.SetEf(ef);
            (double pass, _, _, _) = Run(target, new float[target.Queries], answers, cancellation);
            int passes = (int)Math.Clamp(Math.Ceiling(request.Seconds / pass), 1, MaxPasses);
            float[] latencies = new float[target.Queries * passes];
            (double seconds, double cpu, long visited, long allocated) = Run(target, latencies, answers, cancellation);
            answerFile.Write(MemoryMarshal.AsBytes<int>(answers));
            latencyFile.Write(MemoryMarshal.AsBytes<float>(latencies));
            tool.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"run ef={ef} searches={latencies.Length} queries={target.Queries} seconds={seconds:F9} cpu={cpu:F9}"
                + $" visited={(double)visited / latencies.Length:F3} allocated={(double)allocated / latencies.Length:F3}"));
        }
    }

    /// <summary>
    /// As many searches as there is room for latencies, a whole number of passes. Processor time is that of all threads, negative where it
    /// is not known.
    /// </summary>
    private (double Seconds, double CpuSeconds, long Visited, long Allocated) Run(
        ISearchTarget target, float[] latencies, int[] answers, CancellationToken cancellation)
    {
        int callsAPass = (target.Queries + target.Batch - 1) / target.Batch;
        int calls = latencies.Length / target.Queries * callsAPass;
        int next = -1;
        long visited = 0;
        long allocated = 0;
        long cpu = ThreadTime.Now() is null ? long.MinValue : 0;
        long start = Stopwatch.GetTimestamp();
        if (request.Threads == 1)
            Work();
        else
            Parallel.For(0, request.Threads, new ParallelOptions { MaxDegreeOfParallelism = request.Threads }, _ => Work());
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        cancellation.ThrowIfCancellationRequested();
        return (seconds, cpu < 0 ? -1 : cpu / 1e9, visited, allocated);

        void Work()
        {
            target.BeginThread();
            long ownVisited = 0;
            long before = GC.GetAllocatedBytesForCurrentThread();
            long cpuBefore = ThreadTime.Now() ?? 0;
            while (Interlocked.Increment(ref next) is int call && call < calls && !cancellation.IsCancellationRequested)
            {
                int first = call % callsAPass * target.Batch;
                int count = Math.Min(target.Batch, target.Queries - first);
                long began = Stopwatch.GetTimestamp();
                ownVisited += target.Search(first, count, answers.AsSpan(first * request.K, count * request.K));
                float microseconds = (float)(Stopwatch.GetElapsedTime(began).TotalSeconds * 1e6);
                latencies.AsSpan((call / callsAPass * target.Queries) + first, count).Fill(microseconds);
            }
            Interlocked.Add(ref cpu, (ThreadTime.Now() ?? 0) - cpuBefore);
            Interlocked.Add(ref allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            Interlocked.Add(ref visited, ownVisited);
        }
    }
}
