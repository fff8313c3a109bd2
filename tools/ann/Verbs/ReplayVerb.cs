using System.CommandLine;
using System.Globalization;
using Ann.Core;
using Ann.Server.Telemetry;
using Ann.Tool.Load;
using Ann.Tool.Remote;
using Ann.Tool.Replay;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann replay</c>: sends slow queries again.</summary>
internal static class ReplayVerb
{
    /// <summary>Calls that are shown to people.</summary>
    private const int Shown = 20;

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Argument<string?> file = new("file")
        {
            Description = "File of slow queries (SlowQueryFile of the server).",
            HelpName = "FILE",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> capture = VerbOptions.Optional(
            "--capture", "FILE", "In place of slow queries: a capture (CaptureFile of the server), sent at the times at which it came.");
        Option<double> speed = LoadOptions.Real("--speed", "Of --capture: how much faster than it came.", 1, 0.01, 1000);
        Option<string?> page = VerbOptions.Report();
        ConnectionOptions connection = new();
        Option<string?> index = VerbOptions.Optional("--index", "NAME", "Only calls of this index.");
        Option<string?> at = VerbOptions.Optional(
            "--at", "TIME", "Only calls that ended at this time, as the file and the console tell it.");
        Option<int> limit = VerbOptions.Number("--limit", "Calls at most, the slowest; 0 for all.", 0, 0, int.MaxValue);
        Option<int> repeat = VerbOptions.Number("--repeat", "How often each is sent; the shortest time counts.", 1, 1, 1000);
        Option<bool> deadlines = new("--with-deadlines") { Description = "Give each call the time that its caller gave it." };
        Option<bool> json = VerbOptions.Json();
        Verb command = new("replay",
            "Send the calls of a file of slow queries again, one after another, and compare: their times then, in the server, with their "
            + "times now, as a caller sees them; and how much of their answers is the same. Texts were written as vectors, so no encoder "
            + "is needed.",
            "ann replay slow.jsonl", "ann replay slow.jsonl --index shop --limit 100 --repeat 3 --json",
            "ann replay slow.jsonl --at 2026-11-30T18:03:37.1234567+00:00",
            "ann replay --capture shop.capture --speed 2 --report replay.html")
        {
            file, connection, index, at, limit, repeat, deadlines, capture, speed, page, json,
        };
        Option[] ofSlow = [at, limit, repeat, deadlines];
        command.Validators.Add(result =>
        {
            bool isCapture = result.GetResult(capture) is { Implicit: false };
            if (isCapture == (result.GetValue(file) is not null))
                result.AddError("FILE of slow queries, or --capture FILE: one of them is wanted.");
            Option[] alien = isCapture ? ofSlow : [speed, page];
            if (alien.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is Option wrong)
                result.AddError($"{wrong.Name} {(isCapture ? "does not go" : "goes")} with --capture.");
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(at) is string time && TimeOf(time) is null)
                result.AddError($"--at is '{time}'; it must be a time as the file has it, such as 2026-11-30T18:03:37.1234567+00:00.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(capture) is string captured)
            {
                CaptureReplay again = new(
                    captured, parsed.GetValue(index), parsed.GetValue(speed), connection.Read(tool, parsed));
                return await again.RunAsync(
                    tool, VerbOptions.ReportPathOf(tool, parsed, page), parsed.GetValue(json), cancellation);
            }
            string slow = parsed.GetValue(file)!;
            SlowQuery[] all =
            [
                .. SlowQueryReader.Read(tool.Files, slow)
                    .Where(one => parsed.GetValue(at) is not string time || one.Time == TimeOf(time))
                    .Where(one => parsed.GetValue(index) is not string name || one.Index == name || one.Index?.Split('@')[0] == name)
                    .OrderByDescending(static one => one.DurationMs),
            ];
            SlowQuery[] kept = [.. all.Where(static one => one.Request is not null)];
            if (all.Length == 0 && parsed.GetValue(at) is string wanted)
                throw AnnException.BadInput(slow, "", $"no such call in it ended at {wanted}.");
            int skipped = all.Length - kept.Length;
            if (parsed.GetValue(limit) is > 0 and int most)
                kept = kept[..Math.Min(most, kept.Length)];
            using ServerConnection server = connection.Open(tool, parsed);
            CallReplay replay = new(server, tool.Time);
            List<ReplayedCall> calls = [];
            foreach (SlowQuery query in kept)
            {
                ReplayedCall best = await replay.SendAsync(query, parsed.GetValue(deadlines), cancellation);
                for (int again = 1; again < parsed.GetValue(repeat); again++)
                {
                    ReplayedCall next = await replay.SendAsync(query, parsed.GetValue(deadlines), cancellation);
                    if (next.StatusNow == "OK" && (best.StatusNow != "OK" || next.NowMs < best.NowMs))
                        best = next;
                }
                calls.Add(best);
            }
            ReplayReport report = Report(calls, skipped);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.ReplayReport);
            else
                Print(tool.Out, report);
            return report.Failed > 0 ? ExitCodes.CheckFailed : ExitCodes.Done;
        });
        return command;
    }

    private static DateTimeOffset? TimeOf(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    private static ReplayReport Report(List<ReplayedCall> calls, int skipped)
    {
        ReplayedCall[] answered = [.. calls.Where(static call => call.StatusNow == "OK")];
        double[] overlaps = [.. calls.Select(static call => call.Overlap).OfType<double>()];
        return new ReplayReport(
            calls.Count, skipped, calls.Count - answered.Length, Times(calls.Select(static call => call.ThenMs)),
            Times(answered.Select(static call => call.NowMs)), overlaps.Length == 0 ? null : overlaps.Average(), calls);
    }

    private static ReplayTimes? Times(IEnumerable<double> times)
    {
        double[] sorted = [.. times.Order()];
        return sorted.Length == 0 ? null : new ReplayTimes(At(0.5), At(0.99), sorted[^1]);

        double At(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    private static void Print(TextWriter text, ReplayReport report)
    {
        IFormatProvider plain = CultureInfo.InvariantCulture;
        text.WriteLine($"{report.Sent} calls sent again, {report.Failed} failed"
            + (report.Skipped > 0 ? $"; {report.Skipped} were too large to be kept" : ""));
        if (report.Then is { } then)
            text.WriteLine(string.Create(
                plain, $"  then, in the server  p50 {then.P50Ms:N2} ms, p99 {then.P99Ms:N2}, max {then.MaxMs:N2}"));
        if (report.Now is { } now)
            text.WriteLine(string.Create(plain, $"  now, with the wire   p50 {now.P50Ms:N2} ms, p99 {now.P99Ms:N2}, max {now.MaxMs:N2}"));
        if (report.Overlap is { } overlap)
            text.WriteLine(string.Create(plain, $"  answers have {overlap:P1} of the keys that they had"));
        foreach (ReplayedCall call in report.Calls.Take(Shown))
        {
            string status = call.StatusNow == call.StatusThen ? call.StatusNow : $"{call.StatusThen}, now {call.StatusNow}";
            string same = call.Overlap is { } share ? string.Create(plain, $", {share:P0} the same") : "";
            string name = $"{call.Method.Split('/')[^1]} {PrintedText.Of(call.Index ?? "")}";
            text.WriteLine(string.Create(
                plain, $"  {call.Time:O}  {name}: {call.ThenMs:N2} ms, now {call.NowMs:N2}{same}; {status}"));
        }
    }
}
