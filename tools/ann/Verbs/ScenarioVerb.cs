using Ann.Core;
using Ann.Tool.Load;
using Ann.Tool.Load.Scenarios;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann load --scenario</c>.</summary>
internal static class ScenarioVerb
{
    /// <summary>Prints a scenario that comes with the tool.</summary>
    public static int Print(ToolContext tool, string name)
    {
        tool.Out.Write(ScenarioReader.Shipped(name) ?? throw AnnException.Invalid("--print-scenario",
            $"no scenario '{name}' comes with ann; these do: {string.Join(", ", ScenarioReader.Names)}."));
        return ExitCodes.Done;
    }

    /// <summary>Runs one, and tells. A failed check where a request got no answer, or an event failed.</summary>
    public static async Task<int> RunAsync(
        ToolContext tool, Scenario scenario, ScenarioTarget target, string? page, bool json, CancellationToken cancellation)
    {
        using (target.Ops)
        {
            ScenarioReport report = await new ScenarioRun(tool, scenario, target).RunAsync(cancellation);
            if (page is not null && !report.EndedEarly)
                ScenarioText.Page(report).Write(tool, page);
            if (json)
                ToolJson.Write(tool, report, ToolJson.Default.ScenarioReport);
            else
                ScenarioText.Print(tool.Out, report);
            return report.EndedEarly ? CutOff.Tell(tool, page) : Verdict(tool, report);
        }
    }

    private static int Verdict(ToolContext tool, ScenarioReport report)
    {
        bool failed = false;
        foreach (ScenarioFigures one in report.Figures.Where(static one => one.Run.Failed > 0))
        {
            tool.Error.WriteLine($"ann: {report.Index}: {one.Stream}, {one.Phase}: {one.Run.Failed:N0} requests got no answer.");
            failed = true;
        }
        foreach (ScenarioDone one in report.Events.Where(static one => one.Fault is not null))
        {
            tool.Error.WriteLine($"ann: {report.Index}: {one.Kind}: {one.Fault}");
            failed = true;
        }
        return failed ? ExitCodes.CheckFailed : ExitCodes.Done;
    }
}
