using System.CommandLine;
using System.Globalization;
using Ann.Core;
using Ann.Core.Segments;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary>
/// <c>ann verify</c>: whether an index file is whole. A damaged one is a failed check (1), a file of another kind bad input (2).
/// </summary>
internal static class VerifyVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Argument<string> file = new("file") { Description = "The .ann file." };
        Option<double?> minRecall = VerbOptions.OptionalNumber(
            "--min-recall", $"Exit with 1 when the certificate has less recall@k, at ef {RecallFloor.Ef} or the nearest measured.", 0, 1);
        Option<string> k = VerbOptions.Choice("--k", "The k of --min-recall: one that certificates have.", "10", "10", "100");
        Option<string?> page = VerbOptions.Report();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("verify",
            "Check every hash, link and key of an index file, and show its certificate. Exit code 1 names the section and byte that are "
            + "wrong, or the recall that is too low.",
            "ann verify items.ann", "ann verify items.ann --min-recall 0.98 --k 100 --report items.html")
        {
            file, minRecall, k, page, json,
        };
        command.SetAction(parsed => Run(
            tool, parsed.GetRequiredValue(file), (parsed.GetValue(minRecall), parsed.GetValue(k) == "100" ? 100 : 10),
            VerbOptions.ReportPathOf(tool, parsed, page), parsed.GetValue(json)));
        return command;
    }

    private static int Run(ToolContext tool, string file, (double? Least, int K) floor, string? page, bool json)
    {
        VerifyReport report = Demand(Check(tool, file), floor.Least, floor.K);
        if (page is not null)
            CertificatePages.Write(tool, page, report);
        if (json)
            ToolJson.Write(tool, report, ToolJson.Default.VerifyReport);
        if (!report.Sound)
        {
            tool.Error.WriteLine("ann: " + report.Fault);
            return ExitCodes.CheckFailed;
        }
        if (!json)
        {
            tool.Out.WriteLine($"{file}: sound. {report.Rows:N0} items, {report.Bytes:N0} bytes, generation {report.Generation}.");
            tool.Out.WriteLine($"  {report.Measured}");
            CertificateTable.Print(tool.Out, report.Recall ?? []);
        }
        if (report.BelowFloor is { } below)
        {
            tool.Error.WriteLine("ann: " + below);
            return ExitCodes.CheckFailed;
        }
        if (report.Shortfall is { } shortfall)
            tool.Error.WriteLine($"ann: warning: {shortfall}");
        return ExitCodes.Done;
    }

    /// <summary>Holds a sound file to a floor.</summary>
    private static VerifyReport Demand(VerifyReport report, double? least, int k)
    {
        if (least is not double demanded || !report.Sound)
            return report;
        RecallAtBeam? point = CertificateTable.PointOf(report.Recall ?? [], k);
        return report with
        {
            MinRecall = demanded,
            BelowFloor = point is null
                ? $"{report.File}: its certificate has no recall@{k}; {demanded.ToString(CultureInfo.InvariantCulture)} was demanded."
                : point.Recall >= demanded ? null
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{report.File}: recall@{k} is {point.Recall:0.0000} at ef {point.Ef}; {demanded} was demanded."),
        };
    }

    /// <summary>Opens an index file, which checks all of it.</summary>
    /// <exception cref="AnnException">It is of another kind.</exception>
    public static VerifyReport Check(ToolContext tool, string file)
    {
        long start = tool.Time.GetTimestamp();
        try
        {
            using SealedSegment segment = SealedSegment.Open(tool.Files, file); // Opening checks all of it.
            bool whole = segment.Certificate.Reachable == segment.Count;
            return new VerifyReport
            {
                File = file,
                Sound = whole,
                Fault = whole ? null : $"{file}: {segment.Certificate.Reachable} of {segment.Count} items can be reached; expected all.",
                Generation = segment.Generation,
                Rows = segment.Count,
                Bytes = segment.SizeInBytes,
                Measured = RecallFloor.InWords(segment.Certificate),
                Recall = CertificateTable.Of(segment.Certificate),
                QuerySource = segment.Certificate.QuerySource,
                Queries = segment.Certificate.Queries,
                Shortfall = RecallFloor.Default.Shortfall(segment.Certificate),
                Seconds = tool.SecondsSince(start),
            };
        }
        catch (AnnException e) when (e.Error == AnnError.Corrupt)
        {
            return new VerifyReport { File = file, Sound = false, Fault = e.Message, Seconds = tool.SecondsSince(start) };
        }
    }
}
