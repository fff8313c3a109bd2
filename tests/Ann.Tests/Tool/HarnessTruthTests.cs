using Ann.Bench.Harness;
using Ann.Protocol.V1;
using Ann.Tool.Load;
using Ann.Tool.Reports;
using Grpc.Core;

namespace Ann.Tests.Tool;

/// <summary>
/// Goal: the harness tells the truth of a server whose law is known, and a closed loop does not. Method: exponential service times and a
/// stall of 2 s on a manual clock; the percentiles beside those of the law. Over sockets the same is <c>ann-bench harness</c>.
/// </summary>
public sealed class HarnessTruthTests
{
    private const long Second = 1_000_000;
    private const int Seconds = 60;
    private const double Mean = 0.005;

    private static readonly StallLaw Stalls = new(Mean, 20, 2, Seconds);

    [Theory]
    [InlineData(0.99)]
    [InlineData(0.999)]
    [InlineData(0.9999)]
    public void WithoutAStallTheLawIsTheExponential(double share) =>
        Assert.Equal(-Mean * Math.Log(1 - share), (Stalls with { StallLength = 0 }).Quantile(share), tolerance: 1e-6);

    [Theory]
    [InlineData(0.99, 1.4)]
    [InlineData(0.999, 1.94)]
    public void WithAStallTheLawIsThatOfThoseWhoWereDueMeanwhile(double share, double least) =>
        Assert.InRange(Stalls.Quantile(share), least, least + 0.01); // and of a few that were under way when it began

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void TheOpenLoopTellsThePercentilesOfTheLaw(int arrivals)
    {
        foreach (StallLaw law in (StallLaw[])[Stalls, Stalls with { StallLength = 0 }])
        {
            LoadRun run = Open(law, (Arrivals)arrivals);

            Assert.Equal(run.Due, run.Answered);
            IsNear(law.Quantile(0.5), run.Latency.P50Us, share: 0.05);
            IsNear(law.Quantile(0.99), run.Latency.P99Us, share: 0.05);
            IsNear(law.Quantile(0.999), run.Latency.P999Us, share: 0.05);
        }
    }

    [Fact]
    public async Task AClosedLoopHidesTheStall()
    {
        ManualClock clock = new();
        LoadRecorder recorder = new(clock, 0, Seconds * Second);
        using LoadCalls calls = new(new OneByOne(clock, Stalls), recorder, null, clock, null);
        await new ClosedLoop(calls, recorder, clock).RunAsync(1, Seconds * Second, static () => { }, CancellationToken.None);
        LoadRun run = recorder.Summarise(Plan() with { Rate = 0, Concurrency = 1 }, 1, 0);

        // One request met the stall: the percentiles are those of a server that never stood still.
        Assert.True(run.Latency.MaxUs >= 1.9e6);
        IsNear(Stalls.ClosedQuantile(0.99), run.Latency.P99Us, share: 0.05);
        IsNear(Stalls.ClosedQuantile(0.999), run.Latency.P999Us, share: 0.05);
        Assert.True(Stalls.Quantile(0.99) * 1e6 > 50 * run.Latency.P99Us);
    }

    private static void IsNear(double wantedSeconds, double foundUs, double share) =>
        Assert.InRange(foundUs / 1e6, wantedSeconds * (1 - share), wantedSeconds * (1 + share));

    private static LoadRun Open(StallLaw law, Arrivals arrivals)
    {
        ManualClock clock = new();
        FakeLoadServer server = new(clock)
        {
            AnsweredAt = (number, now) => (long)Math.Round(law.AnsweredAt(now / 1e6, law.ServiceTime(number)) * 1e6),
        };
        LoadRecorder recorder = new(clock, 0, Seconds * Second);
        using LoadCalls calls = new(server, recorder, null, clock, null);
        ArrivalSchedule schedule = new(1000, arrivals, seed: 3, clock.TimestampFrequency);
        new OpenLoop(calls, recorder, server, clock)
            .Dispatch(schedule, 1_000_000, start: 0, Seconds * Second, static () => { }, CancellationToken.None);
        server.WaitUntil(clock.Now + 3 * Second, CancellationToken.None);
        return recorder.Summarise(Plan(), calls.Peak, 0);
    }

    private static LoadPlan Plan() => new()
    {
        Rate = 1000,
        WarmUp = TimeSpan.Zero,
        Duration = TimeSpan.FromSeconds(Seconds),
        MaxInFlight = 1_000_000,
    };

    /// <summary>For one caller: an answer is there when the clock has been moved to it.</summary>
    private sealed class OneByOne(ManualClock clock, StallLaw law) : ILoadTransport
    {
        public Task<LoadAnswer> SendAsync(long number, TimeSpan? patience, CancellationToken cancellation)
        {
            clock.Now = (long)Math.Round(law.AnsweredAt(clock.Now / 1e6, law.ServiceTime(number)) * 1e6);
            return Task.FromResult(new LoadAnswer(StatusCode.OK, new SearchResponse { Completeness = Completeness.Complete }));
        }
    }
}
