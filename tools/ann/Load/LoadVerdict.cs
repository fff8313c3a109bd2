using System.Globalization;
using Ann.Tool.Reports;

namespace Ann.Tool.Load;

/// <summary>What a run shows: whether the rate was sustained, and whether the harness itself was the limit.</summary>
internal static class LoadVerdict
{
    /// <summary>Least share of the offered rate that counts as sustained.</summary>
    public const double SustainedShare = 0.99;

    /// <summary>Largest share of its cores that the harness may need before its own figures are doubted.</summary>
    public const double HighCpuShare = 0.9;

    /// <summary>Lateness below this is no fault, in microseconds.</summary>
    public const double HarmlessLatenessUs = 100;

    /// <summary>Lateness that makes up more of the latency than this is one; both at the 99th percentile.</summary>
    public const double HarmlessLatenessShare = 0.2;

    /// <summary>The run with its verdict.</summary>
    public static LoadRun Judge(LoadRun run)
    {
        List<string> limits = Limits(run);
        bool sustained = run.Offered is not double offered
            ? run.Failed == 0
            : run.Failed == 0 && run.Achieved >= SustainedShare * offered;
        string rate = run.Rate is null ? "" : sustained ? "sustained; " : "NOT sustained; ";
        string failed = run.Failed > 0 ? Text($"{run.Failed:N0} of {run.Due:N0} requests without an answer; ") : "";
        string harness = limits.Count == 0
            ? Text($"the harness was not the limit ({Facts(run)})")
            : "the HARNESS was a limit: " + string.Join("; ", limits);
        return run with { Sustained = run.Rate is null ? null : sustained, HarnessLimits = limits, Verdict = rate + failed + harness };
    }

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
