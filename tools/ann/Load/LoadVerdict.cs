using System.Globalization;
using Ann.Tool.Reports;

namespace Ann.Tool.Load;

/// <summary>What a run shows: whether the rate was sustained, and whether the harness itself was the limit.</summary>
internal static class LoadVerdict
{
    /// <summary>Least share of the offered rate that counts as sustained.</summary>
    public const double SustainedShare = 0.99;

    /// <summary>
    /// Largest share of answers that are less than the whole search would have given where a rate is sustained, unless another is asked
    /// for.
    /// </summary>
    public const double DegradedShare = 0.01;

    /// <summary>Largest share of its cores that the harness may need before its own figures are doubted.</summary>
    public const double HighCpuShare = 0.9;

    /// <summary>Lateness below this is no fault, in microseconds.</summary>
    public const double HarmlessLatenessUs = 100;

    /// <summary>Lateness that makes up more of the latency than this is one; both at the 99th percentile.</summary>
    public const double HarmlessLatenessShare = 0.2;

    /// <summary>The run with its verdict.</summary>
    /// <param name="run">The run.</param>
    /// <param name="minRecall">Recall that its answers are to have; null for any.</param>
    /// <param name="maxDegraded">Largest share of its answers that may be degraded.</param>
    public static LoadRun Judge(LoadRun run, double? minRecall = null, double maxDegraded = DegradedShare)
    {
        List<string> limits = Limits(run);
        bool isPoor = run.Recall < minRecall;
        bool sustained = run.Failed == 0 && run.Truncated <= maxDegraded * run.Answered && !isPoor
            && (run.Offered is not double offered || run.Achieved >= SustainedShare * offered);
        string?[] parts =
        [
            run.Rate is null ? null : sustained ? "sustained" : "NOT sustained",
            run.Failed > 0 ? Text($"{run.Failed:N0} of {run.Due:N0} requests without an answer") : null,
            Degraded(run),
            run.Recall is not double recall ? null : Text($"recall {recall:F4}") + (isPoor ? Text($", and {minRecall} was asked for") : ""),
            limits.Count == 0
                ? Text($"the harness was not the limit ({Facts(run)})")
                : "the HARNESS was a limit: " + string.Join("; ", limits),
        ];
        return run with
        {
            Sustained = run.Rate is null ? null : sustained,
            HarnessLimits = limits,
            Verdict = string.Join("; ", parts.OfType<string>()),
        };
    }

    /// <summary>How many answers are less than the whole search would have given; null when none is.</summary>
    public static string? Degraded(LoadRun run) => run.Truncated == 0
        ? null
        : Text($"{run.Truncated:N0} of {run.Answered:N0} answers degraded ({(double)run.Truncated / run.Answered:P1})");

    private static List<string> Limits(LoadRun run)
    {
        List<string> limits = [];
        LoadHarness harness = run.Harness;
        if (harness.NotSent > 0)
        {
            limits.Add(Text(
                $"{harness.NotSent:N0} requests were not sent, since {harness.PeakInFlight:N0} were under way (see --max-in-flight)"));
        }
        if (run.Rate is not null
            && harness.LateP99Us > HarmlessLatenessUs && harness.LateP99Us > HarmlessLatenessShare * run.Latency.P99Us)
        {
            limits.Add(Text(
                $"requests left {harness.LateP99Us:N0} us late at the 99th percentile, of {run.Latency.P99Us:N0} us latency"));
        }
        if (harness.CpuShare > HighCpuShare)
            limits.Add(Text($"it used {harness.CpuShare:P0} of its cores"));
        return limits;
    }

    private static string Facts(LoadRun run) => run.Rate is null
        ? Text($"it used {run.Harness.CpuShare:P0} of its cores")
        : Text($"sent {run.Harness.LateP99Us:N0} us late at the 99th percentile, used {run.Harness.CpuShare:P0} of its cores");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
