using System.Diagnostics;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server;
using Ann.Server.Admission;
using Ann.Server.Services;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: the gRPC deadline and cancellation are what the search loop looks at.
/// Method: a call context of the test's own, so that neither waits for a clock.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class CallBudgetTests(SampleIndexes samples)
{
    private static readonly DateTime Now = new(2026, 8, 1, 12, 0, 0, DateTimeKind.Utc);

    public static TheoryData<DateTime, StopReason> Deadlines => new()
    {
        { DateTime.MaxValue, StopReason.None },
        { DateTime.MaxValue.AddDays(-1), StopReason.None },
        { Now.AddHours(1), StopReason.None },
        { Now, StopReason.Deadline },
        { Now.AddTicks(-1), StopReason.Deadline },
        { DateTime.MinValue, StopReason.Deadline },
    };

    [Theory]
    [MemberData(nameof(Deadlines))]
    public void ADeadlineOfTheWallClockIsOneOfTheLoop(DateTime deadline, StopReason expected) =>
        Assert.Equal(expected, Limits(3_600_000).BudgetOf(new CallContext { At = deadline }).Check());

    [Theory]
    [InlineData(null)]
    [InlineData(48.0)]
    public void NoCallTakesLongerThanTheServerLetsIt(double? deadlineInHours)
    {
        CallContext context = new() { At = deadlineInHours is { } hours ? Now.AddHours(hours) : DateTime.MaxValue };
        long before = Stopwatch.GetTimestamp();

        SearchBudget budget = Limits(3_600_000).BudgetOf(context);

        Assert.InRange(Stopwatch.GetElapsedTime(before, budget.DeadlineTimestamp).TotalHours, 0.99, 1.01);
    }

    [Theory]
    [InlineData(StopReason.Deadline, 1, StatusCode.DeadlineExceeded)]
    [InlineData(StopReason.Cancelled, 1, StatusCode.Cancelled)]
    [InlineData(StopReason.Cancelled, -1, StatusCode.DeadlineExceeded)] // gRPC cancels at the deadline too
    public void AStoppedSearchSaysWhy(StopReason stopped, int deadlineInSeconds, StatusCode expected)
    {
        CallContext context = new() { At = Now.AddSeconds(deadlineInSeconds) };

        RpcException e = Assert.Throws<RpcException>(() => CallBudget.RequireComplete(stopped, context, new StoppedClock()));

        Assert.Equal(expected, e.StatusCode);
    }

    [Theory]
    [InlineData(10, 1, 9)]
    [InlineData(10, 0, 10)]
    [InlineData(1, 1, 0.25)] // never more than three quarters
    [InlineData(1, 100, 0.25)]
    public void AnAnswerByTheDeadlineIsMadeAMarginBeforeIt(double leftMs, double marginMs, double searchMs)
    {
        CallContext context = new() { At = Now.AddHours(leftMs) }; // hours for milliseconds: the loop's own clock goes on
        long before = Stopwatch.GetTimestamp();

        SearchBudget budget = CallBudget.Of(
            Limits(int.MaxValue).BudgetOf(context), OnDeadline.BestSoFar, TimeSpan.FromHours(marginMs));

        TimeSpan left = Stopwatch.GetElapsedTime(before, budget.DeadlineTimestamp);
        Assert.InRange(left.TotalHours, searchMs - 0.01, searchMs + 0.01);
    }

    /// <summary>The caller goes away after admission, when the service asks for the time: the search must see it.</summary>
    [Fact]
    public async Task ACallerWhoGoesAwayStopsTheSearch()
    {
        using CancellationTokenSource caller = new();
        StoppedClock clock = new();
        await using RunningServer server = await RunningServer.StartAsync(samples, time: clock);
        RetrievalService service = server.Part<RetrievalService>();
        clock.Asked = caller.Cancel;

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => service.Search(
            RunningServer.Request(samples), new CallContext { At = Now.AddHours(1), Token = caller.Token }));

        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
        clock.Asked = null;
    }

    private static CallLimits Limits(int maxSearchMs) =>
        new(Options.Create(new ServerOptions { MaxSearchMs = maxSearchMs }), new StoppedClock());

    private sealed class StoppedClock : TimeProvider
    {
        public Action? Asked { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            Asked?.Invoke();
            return Now;
        }
    }
}
