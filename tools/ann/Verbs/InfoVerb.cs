using System.CommandLine;
using System.CommandLine.Parsing;
using Ann.Core.Segments;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann info</c>: what an index file is, or what one would take.</summary>
internal static class InfoVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Argument<string?> file = new("file") { Description = "The .ann file.", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> estimate = new("--estimate")
        {
            Description = "Compute what an index of --rows and --dim would take on disk, in memory and in a build.",
        };
        FootprintOptions shape = new();
        Option<string> residence = VerbOptions.Residence();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("info",
            "Tell what an index file holds, how it was built, what was measured then and what serving it takes.",
            "ann info items.ann", "ann info --estimate --rows 10000000 --dim 768 --layout lean")
        {
            file, estimate, residence, json,
        };
        foreach (Option option in shape.All)
            command.Options.Add(option);
        // Not taken, but known: who types them asks for an index of a server, and is told the verb for it.
        Option<string?> index = new("--index") { Hidden = true };
        Option<string?> address = new("--address") { Hidden = true };
        command.Add(index);
        command.Add(address);
        command.Validators.Add(result =>
        {
            if (result.GetResult(index) is null && result.GetResult(address) is null)
                Check(result, file, estimate, shape);
            else
                result.AddError(
                    "info reads an .ann file, as in ann info items.ann; of an index of a running server "
                    + $"ann describe {result.GetValue(index) ?? "NAME"} tells, and ann list which there are.");
        });
        command.SetAction(parsed =>
        {
            SegmentResidence where = VerbOptions.ResidenceOf(parsed.GetRequiredValue(residence));
            return parsed.GetValue(estimate)
                ? Estimate(tool, shape.Report(parsed, where), parsed.GetValue(json))
                : Run(tool, parsed.GetRequiredValue(file)!, where, parsed.GetValue(json));
        });
        return command;
    }

    private static void Check(CommandResult result, Argument<string?> file, Option<bool> estimate, FootprintOptions shape)
    {
        bool hasFile = result.GetResult(file) is { Tokens.Count: > 0 };
        bool estimates = result.GetValue(estimate);
        if (hasFile && estimates)
            result.AddError("a file and --estimate exclude each other: a file is measured, an estimate needs none.");
        else if (!hasFile && !estimates)
            result.AddError("name an .ann file, or --estimate with --rows and --dim.");
        else if (estimates && !shape.AreComplete(result))
            result.AddError("--estimate needs --rows and --dim.");
        else if (hasFile && shape.FirstGiven(result) is string given)
            result.AddError($"{given} belongs to --estimate; a file says by itself what it is.");
    }

    private static int Estimate(ToolContext tool, FootprintReport report, bool json)
    {
        if (json)
        {
            ToolJson.Write(tool, report, ToolJson.Default.FootprintReport);
            return ExitCodes.Done;
        }
        TextWriter text = tool.Out;
        text.WriteLine(
            $"{report.Rows:N0} items of dimension {report.Dimension}, {report.Metric}, M {report.M}, codes {report.Codes}, "
            + $"layout {report.Layout}, {report.KeyType} keys of {report.KeyBytes:0.#} bytes");
        PartsTable.Print(text, report.Parts, report.Rows, report.LoadedBytes);
        PartsTable.Line(text, "build peak", report.BuildPeakBytes, report.Rows);
        text.WriteLine($"  one search     {report.SearchBytes:N0} bytes of scratch at ef {report.Ef}");
        text.WriteLine($"  the build      on {report.Threads} thread(s), without the runtime's own memory");
        return ExitCodes.Done;
    }

    private static int Run(ToolContext tool, string file, SegmentResidence residence, bool json)
    {
        using SealedSegment segment = SealedSegment.Open(tool.Files, file, SegmentResidence.Mapped);
        IndexReport report = IndexReport.Of(segment, residence);
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
        text.WriteLine($"  name          {(build.Name.Length == 0 ? "(none)" : build.Name)}");
        text.WriteLine($"  source        {(build.Source.Length == 0 ? "(unknown)" : build.Source)}");
        text.WriteLine($"  encoder       {encoder}");
        if (build.QueryEncoderFingerprint is not null)
            text.WriteLine($"  query encoder {build.QueryEncoderName}, {build.QueryEncoderFingerprint}");
        text.WriteLine(
            $"  graph         M {build.M}, efConstruction {build.EfConstruction}, seed {build.Seed}, codes {build.Codes}, "
            + $"layout {report.Layout}");
        if (build.CodesReason.Length > 0)
            text.WriteLine($"  codes         {build.CodesReason}");
        text.WriteLine($"  measured      {RecallFloor.InWords(certificate)}");
        if (RecallFloor.Default.Shortfall(certificate) is { } shortfall)
            text.WriteLine($"  warning       {shortfall}");
        text.WriteLine($"  reachable     {certificate.Reachable:N0} of {report.Rows:N0}");
        if (certificate.Copies > 0)
            text.WriteLine($"  copies        {certificate.Copies:N0} items have the very vector of another");
        AttributeSummaryReport.Print(text, report.Attributes ?? []);
        CertificateTable.Print(text, CertificateTable.Of(certificate));
        foreach (IGrouping<int, CutRecall> cuts in certificate.CutRecall.GroupBy(static point => point.K))
            Curve(text, $"cut, @{cuts.Key}", cuts.Select(static point => $"{point.Recall:F4} after {point.Expanded}"));
        PartsTable.Print(text, report.Parts, report.Rows, report.LoadedBytes);
    }

    private static void Curve(TextWriter text, string name, IEnumerable<string> points)
    {
        string line = string.Join(", ", points);
        if (line.Length > 0)
            text.WriteLine($"  {name,-13} {line}");
    }
}
