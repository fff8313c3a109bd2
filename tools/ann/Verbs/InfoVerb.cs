using System.CommandLine;
using Ann.Core.Segments;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann info</c>: what an index file is.</summary>
internal static class InfoVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Argument<string> file = new("file") { Description = "The .ann file." };
        Option<bool> json = VerbOptions.Json();
        Verb command = new("info",
            "Tell what an index file holds, how it was built and what was measured then.", "ann info items.ann")
        {
            file, json,
        };
        command.SetAction(parsed => Run(tool, parsed.GetRequiredValue(file), parsed.GetValue(json)));
        return command;
    }

    private static int Run(ToolContext tool, string file, bool json)
    {
        using SealedSegment segment = SealedSegment.Open(tool.Files, file);
        IndexReport report = IndexReport.Of(segment);
        if (json)
            ToolJson.Write(tool, report, ToolJson.Default.IndexReport);
        else
            Print(tool.Out, report);
        return ExitCodes.Done;
    }

    private static void Print(TextWriter text, IndexReport report)
    {
        BuildRecord build = report.Build;
        Certificate certificate = report.Certificate;
        string encoder = build.EncoderFingerprint.Length == 0 ? "(unknown)" : $"{build.EncoderName}, {build.EncoderFingerprint}";
        text.WriteLine($"{report.File}: {report.Rows:N0} items of dimension {report.Dimension}, {report.Metric}, {report.KeyType} keys");
        text.WriteLine($"  generation    {report.Generation}");
        text.WriteLine($"  size          {report.Bytes:N0} bytes ({(double)report.Bytes / report.Rows:N0} an item)");
        text.WriteLine($"  name          {(build.Name.Length == 0 ? "(none)" : build.Name)}");
        text.WriteLine($"  source        {(build.Source.Length == 0 ? "(unknown)" : build.Source)}");
        text.WriteLine($"  encoder       {encoder}");
        text.WriteLine($"  graph         M {build.M}, efConstruction {build.EfConstruction}, seed {build.Seed}, codes {build.Codes}");
        text.WriteLine($"  reachable     {certificate.Reachable:N0} of {report.Rows:N0}");
    }
}
