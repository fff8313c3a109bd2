using System.CommandLine;
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
        Option<bool> json = VerbOptions.Json();
        Verb command = new("verify",
            "Check every hash, link and key of an index file. Exit code 1 names the section and byte that are wrong.",
            "ann verify items.ann")
        {
            file, json,
        };
        command.SetAction(parsed => Run(tool, parsed.GetRequiredValue(file), parsed.GetValue(json)));
        return command;
    }

    private static int Run(ToolContext tool, string file, bool json)
    {
        VerifyReport report = Check(tool, file);
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
        }
        if (report.Shortfall is { } shortfall)
            tool.Error.WriteLine($"ann: warning: {shortfall}");
        return ExitCodes.Done;
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
