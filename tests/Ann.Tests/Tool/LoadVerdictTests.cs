using Ann.Tool.Load;
using Ann.Tool.Reports;

namespace Ann.Tests.Tool;

/// <summary>Goal: a run says whether its rate was sustained and who the limit was, and the search ends at the edge.</summary>
public sealed class LoadVerdictTests
{
    [Fact]
    public void AQuietRunIsSustainedAndTheHarnessWasNotTheLimit()
    {
        LoadRun run = LoadVerdict.Judge(Run(achieved: 995));

        Assert.True(run.Sustained);
        Assert.Empty(run.HarnessLimits);
        Assert.StartsWith("sustained; the harness was not the limit", run.Verdict);
    }

    [Fact]
    public void LessThanTheRateIsNotSustained()
    {
        LoadRun run = LoadVerdict.Judge(Run(achieved: 980));

        Assert.False(run.Sustained);
        Assert.StartsWith("NOT sustained; the harness was not the limit", run.Verdict);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void DegradedAnswersAreNoSustainedOnes(long degraded, bool sustained)
    {
        LoadRun run = LoadVerdict.Judge(Run() with { Truncated = degraded });

        Assert.Equal(sustained, run.Sustained);
        Assert.Equal(sustained, RateSearch.Holds(run, 5_000));
        string share = $"{degraded / 10}.{degraded % 10} %";
        Assert.StartsWith(
            $"{(sustained ? "sustained" : "NOT sustained")}; {degraded} of 1,000 answers degraded ({share}); the harness", run.Verdict);
    }

    [Fact]
    public void RecallBelowTheOneAskedForIsNotSustained()
    {
        LoadRun found = Run() with { Recall = 0.9 };

        Assert.StartsWith("sustained; recall 0.9000; the harness", LoadVerdict.Judge(found).Verdict);
        Assert.True(LoadVerdict.Judge(found, minRecall: 0.9).Sustained);
        LoadRun poor = LoadVerdict.Judge(found, minRecall: 0.95);
        Assert.False(poor.Sustained);
        Assert.False(RateSearch.Holds(poor, 5_000));
        Assert.StartsWith("NOT sustained; recall 0.9000, and 0.95 was asked for; the harness", poor.Verdict);
        Assert.Null(LoadVerdict.Judge(found with { Rate = null, Offered = null }, minRecall: 0.95).Sustained);
    }

    [Fact]
    public void LatenessCountsOnlyWhereItIsAPartOfTheLatency()
    {
        Assert.Empty(LoadVerdict.Judge(Run(lateP99: 90, p99: 100)).HarnessLimits);
        Assert.Empty(LoadVerdict.Judge(Run(lateP99: 900, p99: 5_000)).HarnessLimits);
        Assert.Single(LoadVerdict.Judge(Run(lateP99: 1_100, p99: 5_000)).HarnessLimits);
    }

    [Fact]
    public void ABusyHarnessAndARequestNotSentAreNamed()
    {
        LoadRun run = LoadVerdict.Judge(Run(cpuShare: 0.95, notSent: 1));

        Assert.Equal(2, run.HarnessLimits.Count);
        Assert.False(run.Sustained);
        Assert.Contains("the HARNESS was a limit", run.Verdict);
    }

    [Fact]
    public void AClosedLoopHasNoRateToSustain()
    {
        LoadRun run = LoadVerdict.Judge(Run() with { Rate = null, Offered = null, Concurrency = 4 });

        Assert.Null(run.Sustained);
        Assert.StartsWith("the harness was not the limit", run.Verdict);
    }

    [Theory]
    [InlineData(1000, 7_300)]
    [InlineData(1000, 340)]
    [InlineData(1000, 1000)]
    [InlineData(10, 250_000)]
    public void TheSearchEndsJustBelowTheEdge(double first, double edge)
    {
        RateSearch search = new(first);
        int probes = 0;
        while (search.Next is double rate)
        {
            search.Report(rate <= edge);
            Assert.True(++probes < 40);
        }

        Assert.InRange(search.HighestHeld, edge * (1 - RateSearch.Precision), edge);
    }

    [Fact]
    public void AServerThatHoldsNothingAndOneWithoutLimitEndTheSearch()
    {
        RateSearch none = new(100);
        while (none.Next is not null)
            none.Report(false);
        RateSearch all = new(100);
        while (all.Next is not null)
            all.Report(true);

        Assert.Equal(0, none.HighestHeld);
        Assert.Equal(1_000_000, all.HighestHeld);
    }

    [Fact]
    public void ARateHoldsOnlyWithinTheObjective()
    {
        LoadRun run = LoadVerdict.Judge(Run(p99: 5_000));

        Assert.True(RateSearch.Holds(run, 5_000));
        Assert.False(RateSearch.Holds(run, 4_999));
        Assert.False(RateSearch.Holds(LoadVerdict.Judge(Run(p99: 10, achieved: 900)), 5_000));
    }

    private static LoadRun Run(
        double achieved = 1000, double p99 = 2_000, double lateP99 = 20, double cpuShare = 0.2, long notSent = 0) => new()
        {
            Rate = 1000,
            Seconds = 1,
            Offered = 1000,
            Achieved = achieved,
            Due = 1000,
            Answered = 1000 - notSent,
            Errors = new Dictionary<string, long>(),
            Unanswered = 0,
            Truncated = 0,
            Latency = new LoadLatency { MeanUs = 1, P50Us = 1, P90Us = 1, P99Us = p99, P999Us = p99, MaxUs = p99 },
            Harness = new LoadHarness
            {
                NotSent = notSent,
                PeakInFlight = 10,
                LateP50Us = 1,
                LateP99Us = lateP99,
                LateMaxUs = lateP99,
                CpuShare = cpuShare,
            },
            Verdict = "",
            Series = [],
        };
}
