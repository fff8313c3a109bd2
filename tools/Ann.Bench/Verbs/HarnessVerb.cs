using System.CommandLine;
using Ann.Bench.Harness;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>harness</c>: whether <c>ann load</c> tells the truth.</summary>
internal static class HarnessVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<int> rate = VerbOptions.Number("--rate", "Requests a second of the open loop.", 1000, 1, 100_000);
        Option<int> seconds = VerbOptions.Number("--seconds", "Measured time of a run.", 60, 5, 3600);
        Option<int> mean = VerbOptions.Number("--mean-ms", "Mean service time, exponential.", 20, 1, 10_000);
        Option<int> stall = VerbOptions.Number("--stall-ms", "Length of the stall, half way through.", 2000, 1, 60_000);
        Option<int> callers = VerbOptions.Number("--callers", "Callers of the closed loop beside it.", 8, 1, 1000);
        Verb command = new("harness",
            "Measure a stub server whose law is known with the loops of ann load, over real sockets, with a stall and without: the "
                + "percentiles found beside those of the law. Exit code 1 where p99 or p99.9 of the open loop is more than 5 % off.",
            $"{Program.Name} harness", $"{Program.Name} harness --rate 2000 --seconds 120")
        {
            rate, seconds, mean, stall, callers,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            int length = parsed.GetValue(seconds);
            StallLaw law = new(parsed.GetValue(mean) / 1000.0, length / 2.0, parsed.GetValue(stall) / 1000.0, length);
            HarnessRequest request = new(parsed.GetValue(rate), law, parsed.GetValue(callers));
            return await new HarnessRun(tool, request, cancellation).RunAsync() ? ExitCodes.Done : ExitCodes.CheckFailed;
        });
        return command;
    }
}
