using Ann.Tool.Load;
using Ann.Tool.Reports;
using Grpc.Core;

namespace Ann.Tests.Tool;

/// <summary>
/// Goal: latency counts from the intended time, so that a stall shows in every request that was due meanwhile, and nothing is hidden.
/// Method: loop, network and server on one manual clock.
/// </summary>
public sealed class LoadLoopTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void AStallShowsInEveryRequestThatWasDueMeanwhile()
    {
        // 1,000 requests a second for ten seconds; the server answers nothing from 4 s to 6 s.
        LoadRun run = Open(clock => new FakeLoadServer(clock) { Stall = (4 * Second, 6 * Second) }, rate: 1000, seconds: 10);

        Assert.Equal(10_000, run.Due);
        Assert.Equal(10_000, run.Answered);
        Assert.Equal(1000, run.Offered);
        Assert.Equal(100, run.Latency.P50Us, tolerance: 1.0);
        // 2,000 of 10,000 waited, evenly from 0 to 2 s: the 90th percentile is in the middle of them.
        Assert.Equal(1_000_000, run.Latency.P90Us, tolerance: 5_000.0);
        Assert.Equal(2_000_000, run.Latency.MaxUs, tolerance: 2_000.0);
        Assert.Equal(0.8 * 100 + 0.2 * 1_000_000, run.Latency.MeanUs, tolerance: 1_000.0);
        Assert.InRange(run.Harness.PeakInFlight, 1_999, 2_001);
        Assert.Equal(10, run.Series.Count);
        Assert.Equal([1000, 1000, 1000, 1000, 0, 0], run.Series.Take(6).Select(second => second.Answered / 10 * 10));
        Assert.InRange(run.Series[6].Answered, 2_999, 3_001);
        Assert.Equal(0, run.Harness.LateMaxUs, tolerance: 1.0);
        Assert.True(run.Sustained);
    }

    [Fact]
    public void WhatTheLoopSendsLateIsCountedAsLatencyAndAsLateness()
    {
        // Each request takes the loop 2 ms to send, and one is due every millisecond.
        LoadRun run = Open(clock => new FakeLoadServer(clock) { SendTime = 2_000 }, rate: 1000, seconds: 1);

        Assert.Equal(1000, run.Due);
        Assert.Equal(999_000, run.Harness.LateMaxUs, tolerance: 2_000.0);
        Assert.True(run.Latency.MaxUs >= run.Harness.LateMaxUs);
        Assert.Contains(run.HarnessLimits, limit => limit.Contains("late at the 99th percentile", StringComparison.Ordinal));
        Assert.Contains("HARNESS", run.Verdict);
    }

    [Fact]
    public void RequestsBeyondTheBoundAreNotSentAndSaidSo()
    {
        LoadRun run = Open(
            clock => new FakeLoadServer(clock) { Stall = (0, 2 * Second) }, rate: 100, seconds: 1, maxInFlight: 30, drain: 3 * Second);

        Assert.Equal(100, run.Due);
        Assert.Equal(30, run.Answered);
        Assert.Equal(70, run.Harness.NotSent);
        Assert.Equal(30, run.Harness.PeakInFlight);
        Assert.False(run.Sustained);
        Assert.Contains(run.HarnessLimits, limit => limit.StartsWith("70 requests were not sent, since 30", StringComparison.Ordinal));
    }

    [Fact]
    public void WarmUpIsNotCounted()
    {
        LoadRun run = Open(
            clock => new FakeLoadServer(clock) { Stall = (0, 2 * Second) }, rate: 100, seconds: 3, warmUp: 2);

        Assert.Equal(300, run.Due);
        Assert.Equal(100, run.Latency.MaxUs, tolerance: 1.0);
        Assert.Equal(3, run.Seconds);
    }

    [Fact]
    public void FailuresAreCountedByCodeAndNotTimed()
    {
        LoadRun run = Open(
            clock => new FakeLoadServer(clock)
            {
                CodeOf = static number => number % 4 == 0 ? StatusCode.ResourceExhausted
                    : number % 50 == 1 ? StatusCode.DeadlineExceeded : StatusCode.OK,
            },
            rate: 100, seconds: 1);

        Assert.Equal(25, run.Errors["ResourceExhausted"]);
        Assert.Equal(2, run.Errors["DeadlineExceeded"]);
        Assert.Equal(73, run.Answered);
        Assert.Equal(27, run.Failed);
        Assert.False(run.Sustained);
        Assert.Contains("27 of 100 requests without an answer", run.Verdict);
    }

    [Fact]
    public void ADeadlineCountsFromTheIntendedTime()
    {
        ManualClock clock = new();
        FakeLoadServer server = new(clock) { SendTime = 3_000 };
        Open(clock, server, rate: 1000, seconds: 1, deadline: TimeSpan.FromMilliseconds(50));

        Assert.Equal(TimeSpan.FromMilliseconds(50), server.Patience[0]);
        Assert.Equal(TimeSpan.FromMilliseconds(48), server.Patience[1]); // Sent 2 ms late.
    }

    [Fact]
    public async Task WhatIsStillUnderWayAtTheEndIsGivenUpAndCounted()
    {
        ManualClock clock = new();
        LoadRecorder recorder = new(clock, 0, Second);
        using LoadCalls calls = new(new SilentServer(), recorder, null, TimeProvider.System, null);
        for (int i = 0; i < 5; i++)
            _ = calls.SendAsync(i, i, i);

        await calls.DrainAsync(TimeSpan.Zero);
        LoadRun run = LoadVerdict.Judge(recorder.Summarise(Plan(100, 1, 0), calls.Peak, 0));

        Assert.Equal(5, run.Unanswered);
        Assert.Equal(5, run.Failed);
        Assert.Empty(run.Errors);
    }

    [Fact]
    public void ARunThatEndsEarlyCoversWhatItMeasured()
    {
        ManualClock clock = new() { Now = 0 };
        LoadRecorder recorder = new(clock, 0, 10 * Second);
        for (int i = 0; i < 20; i++)
            recorder.Ended(Sent(i * Second / 10), i * Second / 10 + 50, StatusCode.OK, truncated: i == 3, right: 9, wanted: 10);
        recorder.EndEarly(2 * Second);

        LoadRun run = recorder.Summarise(Plan(10, 10, 0), 1, 0);

        Assert.Equal(2, run.Seconds);
        Assert.Equal(10, run.Achieved);
        Assert.Equal(10, run.Offered);
        Assert.Equal(1, run.Truncated);
        Assert.Equal(0.9, run.Recall!.Value, tolerance: 1e-9);
        Assert.Equal(2, run.Series.Count);

        long Sent(long due)
        {
            recorder.Sent(due, due);
            return due;
        }
    }

    private static LoadRun Open(
        Func<ManualClock, FakeLoadServer> server, double rate, int seconds, int warmUp = 0, int maxInFlight = 100_000, long drain = 0)
    {
        ManualClock clock = new();
        return Open(clock, server(clock), rate, seconds, warmUp, maxInFlight, drain);
    }

    private static LoadRun Open(
        ManualClock clock, FakeLoadServer server, double rate, int seconds, int warmUp = 0, int maxInFlight = 100_000, long drain = 0,
        TimeSpan? deadline = null)
    {
        long end = (warmUp + seconds) * Second;
        LoadPlan plan = Plan(rate, seconds, warmUp);
        LoadRecorder recorder = new(clock, warmUp * Second, end);
        using LoadCalls calls = new(server, recorder, null, clock, deadline);
        ArrivalSchedule schedule = new(rate, Arrivals.Constant, seed: 0, clock.TimestampFrequency);
        int measuring = 0;
        new OpenLoop(calls, recorder, server, clock)
            .Dispatch(schedule, maxInFlight, start: 0, end, () => measuring++, CancellationToken.None);
        server.WaitUntil(clock.Now + drain + Second, CancellationToken.None);
        Assert.Equal(0, calls.InFlight);
        Assert.Equal(1, measuring);
        return LoadVerdict.Judge(recorder.Summarise(plan, calls.Peak, cpuShare: 0.1));
    }

    private static LoadPlan Plan(double rate, int seconds, int warmUp) => new()
    {
        Rate = rate,
        WarmUp = TimeSpan.FromSeconds(warmUp),
        Duration = TimeSpan.FromSeconds(seconds),
        MaxInFlight = 1,
    };

    /// <summary>Answers nothing until it is told that nobody waits.</summary>
    private sealed class SilentServer : ILoadTransport
    {
        public async Task<LoadAnswer> SendAsync(long number, TimeSpan? patience, CancellationToken cancellation)
        {
            TaskCompletionSource cut = new();
            using CancellationTokenRegistration registration = cancellation.Register(cut.SetResult);
            await cut.Task;
            return new LoadAnswer(StatusCode.Cancelled, null);
        }
    }
}
