using Ann.Tool.Reports;

namespace Ann.Tool.Load;

/// <summary>Runs one plan against a server, from warm-up to verdict.</summary>
/// <param name="tool">Clock and notices.</param>
/// <param name="transport">Sends the requests.</param>
/// <param name="recall">Compares answers with the truth; null without.</param>
/// <param name="minRecall">Recall that a rate must have to be sustained; null for any.</param>
/// <param name="maxDegraded">Largest share of degraded answers that a sustained rate may have.</param>
internal sealed class LoadRunner(
    ToolContext tool, ILoadTransport transport, AnswerRecall? recall, double? minRecall = null,
    double maxDegraded = LoadVerdict.DegradedShare)
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HastyDrainTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeadTime = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs a plan. A cancelled run ends early and is reported as far as it came.</summary>
    public Task<LoadRun> RunAsync(LoadPlan plan, CancellationToken cancellation) =>
        RunAsync(plan, tool.Time.GetTimestamp() + Ticks(LeadTime), TellAsync, cancellation);

    /// <summary>Runs a plan that begins at a moment of the clock, beside others.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="start">Begin of its warm-up.</param>
    /// <param name="watch">Follows the loop, and ends when it does.</param>
    /// <param name="cancellation">Ends it early.</param>
    public async Task<LoadRun> RunAsync(
        LoadPlan plan, long start, Func<Task, LoadRecorder, LoadCalls, Task> watch, CancellationToken cancellation)
    {
        TimeProvider time = tool.Time;
        long measureFrom = start + Ticks(plan.WarmUp);
        long end = measureFrom + Ticks(plan.Duration);
        LoadRecorder recorder = new(time, measureFrom, end);
        LoadQuality quality = new(plan.Deadline);
        using LoadCalls calls = new(transport, recorder, recall, time, plan.Deadline, quality);
        TimeSpan cpuBefore = TimeSpan.Zero;

        Task loop = plan.IsClosed
            ? new ClosedLoop(calls, recorder, time).RunAsync(plan.Concurrency, end, Measuring, cancellation)
            : Task.Factory.StartNew(Dispatch, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await watch(loop, recorder, calls);
        await loop;

        long now = time.GetTimestamp();
        double cores = Environment.ProcessorCount * time.GetElapsedTime(measureFrom, Math.Max(now, measureFrom + 1)).TotalSeconds;
        double cpuShare = now <= measureFrom ? 0 : (Environment.CpuUsage.TotalTime - cpuBefore).TotalSeconds / cores;
        if (cancellation.IsCancellationRequested)
            recorder.EndEarly(now);
        await calls.DrainAsync(cancellation.IsCancellationRequested ? HastyDrainTime : DrainTime + (plan.Deadline ?? TimeSpan.Zero));
        LoadRun run = recorder.Summarise(plan, plan.IsClosed ? plan.Concurrency : calls.Peak, Math.Min(cpuShare, 1));
        return LoadVerdict.Judge(run with { Answers = quality.Summarise(run.Due) }, minRecall, maxDegraded);

        void Measuring() => cpuBefore = Environment.CpuUsage.TotalTime;

        void Dispatch()
        {
            ISchedule schedule = plan.Recorded is null
                ? new ArrivalSchedule(plan.Rate, plan.Arrivals, plan.Seed, time.TimestampFrequency)
                : new RecordedSchedule(plan.Recorded, time.TimestampFrequency);
            new OpenLoop(calls, recorder, new SleepThenSpin(time), time)
                .Dispatch(schedule, plan.MaxInFlight, start, end, Measuring, cancellation);
        }
    }

    private async Task TellAsync(Task loop, LoadRecorder recorder, LoadCalls calls)
    {
        LoadWatch watch = new(tool);
        Task following = watch.FollowAsync("", loop, recorder, calls);
        await watch.ShowAsync(loop);
        await following;
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * tool.Time.TimestampFrequency);
}
