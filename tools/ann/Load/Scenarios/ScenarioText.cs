using System.Globalization;
using Ann.Tool.Reports;
using Ann.Tool.Reports.Html;
using Ann.Tool.Top;

namespace Ann.Tool.Load.Scenarios;

/// <summary>The report of a scenario for people: as text, and as a page.</summary>
internal static class ScenarioText
{
    /// <summary>Heading, a line a stream and phase, the events, the server, the verdicts.</summary>
    public static void Print(TextWriter text, ScenarioReport report)
    {
        text.WriteLine(Text($"{report.Server} {report.Index}: scenario {report.Scenario}, {report.Rows:N0} items of dimension ")
            + $"{report.Dimension}; latency counts from the intended time of a request");
        text.WriteLine(
            $"{"stream, phase",-28}{"offered/s",11}{"answered/s",12}{"failed",8}{"degraded",10}{"recall",8}"
            + $"{"p50 us",10}{"p99 us",10}{"p99.9 us",10}{"p99.99",10}{"max us",10}");
        foreach (ScenarioFigures one in report.Figures)
        {
            LoadLatency latency = one.Run.Latency;
            string recall = one.Run.Recall is double share ? Text($"{share:F4}") : "-";
            text.WriteLine(
                Text($"{NameOf(one),-28}{one.Run.Offered,11:N0}{one.Run.Achieved,12:N0}{one.Run.Failed,8:N0}{one.Run.Truncated,10:N0}")
                + Text($"{recall,8}{latency.P50Us,10:N0}{latency.P99Us,10:N0}{latency.P999Us,10:N0}{latency.P9999Us,10:N0}")
                + Text($"{latency.MaxUs,10:N0}"));
        }
        foreach (ScenarioDone one in report.Events)
            text.WriteLine(WordsOf(one));
        foreach (ScenarioServer one in report.ServerFigures)
            text.WriteLine(WordsOf(one));
        foreach (ScenarioFigures one in report.Figures)
        {
            text.WriteLine($"verdict, {NameOf(one)}: {one.Run.Verdict}");
            if (one.Run.Errors.Count > 0)
                text.WriteLine("  failed: " + string.Join(", ", one.Run.Errors.Select(static e => Text($"{e.Value:N0} {e.Key}"))));
            if (one.Run.Answers is { Completeness.Count: > 1 } answers)
                text.WriteLine("  " + string.Join(", ", answers.Completeness.Select(static pair => Text($"{pair.Value:N0} {pair.Key}"))));
        }
        if (report.EndedEarly)
            text.WriteLine("ended early: the last phases are shorter than planned, or missing.");
    }

    /// <summary>The page.</summary>
    public static ReportPage Page(ScenarioReport report)
    {
        ReportPage page = new($"Scenario {report.Scenario} on {report.Index}");
        NamedRun[] runs = [.. report.Figures.Select(static one => new NamedRun(NameOf(one), one.Run))];
        if (runs.Length > 0)
            page.Headline(Text($"{runs[0].Run.Latency.P99Us / 1000:N2} ms"), $"99th percentile, {runs[0].Name}");
        double first = 0;
        List<string> marks = [];
        foreach (ScenarioPhase phase in report.Phases)
        {
            marks.Add(Text($"{phase.Name} from {first:0.#} s"));
            first += phase.Seconds;
        }
        marks.AddRange(report.Events.Select(static one => Text($"{one.Kind} at {one.AtS:0.#} s")));
        LoadPage.AddCharts(page, runs, "Marks: " + string.Join("; ", marks) + ".");
        foreach (ScenarioDone one in report.Events)
            page.Note(WordsOf(one));
        if (report.ServerFigures.Count > 0)
        {
            page.Section("The server of itself").Table(
                ["phase:", "cores", "memory", "gc pauses", "p99 ms", "brown-out"],
                report.ServerFigures.Select(static one => (IReadOnlyList<string>)
                [
                    one.Phase, Text($"{one.CpuCores:N2}"), TopView.Bytes(one.WorkingSetBytes), Text($"{one.GcPauseShare:P2}"),
                    one.P99Ms is double p99 ? Text($"{p99:N2}") : "–", Text($"{one.BrownOut:N0}"),
                ]));
        }
        return page.Note($"{report.Description} Latency counts from the intended time of a request; recall is that of some of the very "
            + "answers, against exact ones asked for after the load.");
    }

    private static string NameOf(ScenarioFigures one) => $"{one.Stream}, {one.Phase}";

    private static string WordsOf(ScenarioDone one) => Text($"{one.Kind} at {one.AtS:0.0} s: ")
        + (one.Fault ?? Text($"took {one.Seconds:0.00} s"));

    private static string WordsOf(ScenarioServer one) => Text($"server, {one.Phase}: {one.CpuCores:N2} cores, ")
        + Text($"{TopView.Bytes(one.WorkingSetBytes)}, gc pauses {one.GcPauseShare:P2} of the time, brown-out {one.BrownOut:N0}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
