using System.Globalization;
using Ann.Core;
using Ann.Server.Telemetry;
using Ann.Tool.Load;
using Ann.Tool.Remote;
using Ann.Tool.Replay;
using Ann.Tool.Reports;
using Ann.Tool.Reports.Html;

namespace Ann.Tool.Verbs;

/// <summary><c>ann replay --capture</c>: captured searches at the times at which they came, by the loop of <c>ann load</c>.</summary>
/// <param name="Path">The capture.</param>
/// <param name="Index">Only calls of this index; null for all.</param>
/// <param name="Speed">How much faster than they came.</param>
/// <param name="Server">Whom to send them.</param>
internal sealed record CaptureReplay(string Path, string? Index, double Speed, ServerTarget Server)
{
    private const int MaxInFlight = 100_000;
    private const int Connections = 4;

    /// <summary>Sends them and tells. A failed check where one got no answer.</summary>
    public async Task<int> RunAsync(ToolContext tool, string? page, bool json, CancellationToken cancellation)
    {
        CapturedCall[] calls =
        [
            .. CaptureReader.Read(tool.Files, Path)
                .Where(call => Index is null || call.Index == Index || call.Index?.Split('@')[0] == Index),
        ];
        if (calls.Length == 0)
            throw AnnException.BadInput(Path, "", $"it holds no call of index '{Index}'.");
        double[] times = [.. calls.Select(call => (call.Time - calls[0].Time).TotalSeconds / Speed)];
        TimeSpan length = TimeSpan.FromSeconds(times[^1] + 0.001);
        LoadPlan plan = new()
        {
            Rate = calls.Length / length.TotalSeconds,
            Recorded = times,
            WarmUp = TimeSpan.Zero,
            Duration = length,
            MaxInFlight = MaxInFlight,
        };
        using CaptureTransport transport = new(Server, Connections, calls, tool.Time);
        tool.Notice(Text($"{calls.Length:N0} calls in {length.TotalSeconds:N1} s, {Speed:0.##} times as fast as they came"));
        LoadRun run = await new LoadRunner(tool, transport, recall: null).RunAsync(plan, cancellation);
        CaptureReplayReport report = new(Path, Server.Address, calls.Length, Speed, run, cancellation.IsCancellationRequested);
        if (page is not null && !report.EndedEarly)
            PageOf(report).Write(tool, page);
        if (json)
            ToolJson.Write(tool, report, ToolJson.Default.CaptureReplayReport);
        else
            Print(tool.Out, report);
        if (report.EndedEarly)
            return CutOff.Tell(tool, page);
        return run.Failed > 0 ? ExitCodes.CheckFailed : ExitCodes.Done;
    }

    private static void Print(TextWriter text, CaptureReplayReport report)
    {
        text.WriteLine(Text($"{report.Server}: {report.Calls:N0} captured calls, {report.Speed:0.##} times as fast as they came; ")
            + "latency counts from the time at which a call was due");
        LoadText.PrintRuns(text, [report.Run]);
        text.WriteLine($"verdict: {report.Run.Verdict}");
        if (report.Run.Errors.Count > 0)
            text.WriteLine("  failed: " + string.Join(", ", report.Run.Errors.Select(static e => Text($"{e.Value:N0} {e.Key}"))));
        if (report.EndedEarly)
            text.WriteLine("ended early: the last calls were not sent.");
    }

    private static ReportPage PageOf(CaptureReplayReport report)
    {
        ReportPage page = new ReportPage("Captured searches, sent again").Headline(
            Text($"{report.Run.Latency.P99Us / 1000:N2} ms"), Text($"99th percentile of {report.Calls:N0} calls"));
        LoadPage.AddCharts(page, [new NamedRun("replay", report.Run)], "");
        return page.Note(Text($"{report.Speed:0.##} times as fast as they came. Latency counts from the time at which a call was due."));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
