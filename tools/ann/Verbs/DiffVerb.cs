using System.CommandLine;
using System.Globalization;
using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool.Evaluation;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann diff</c>: what moves for the same queries between two index files.</summary>
internal static class DiffVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Argument<string> a = new("a") { Description = "The .ann file of before.", HelpName = "A" };
        Argument<string> b = new("b") { Description = "The .ann file of after.", HelpName = "B" };
        Option<string> queries = VerbOptions.Required("--queries", "FILE", "Query vectors, in any format that build reads.");
        Option<string?> queriesB = VerbOptions.Optional(
            "--queries-b", "FILE", "The same queries by the encoder of B, where that is another one. Default: those of --queries.");
        Option<int> k = VerbOptions.Number("--k", "Results a query.", 10, 1, SearchParameters.MaxK);
        Option<int> ef = VerbOptions.Number("--ef", "Beam width; at least k is taken.", 256, 1, SearchParameters.MaxEfSearch);
        Option<bool> exact = new("--exact") { Description = "Compare exact answers: what the vectors differ by, without the graphs." };
        Option<double?> minOverlap = VerbOptions.OptionalNumber("--min-overlap", "Exit with 1 when the mean overlap is below it.", 0, 1);
        Option<string?> page = VerbOptions.Report();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("diff",
            "Ask two index files the same, and tell how their answers differ: overlap, ranks, distances, items and attribute values.",
            "ann diff items.ann items-new.ann --queries queries.npy --k 10 --min-overlap 0.9 --report diff.html")
        {
            a, b, queries, queriesB, k, ef, exact, minOverlap, page, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            string? pagePath = VerbOptions.ReportPathOf(tool, parsed, page);
            using SealedSegment first = SealedSegment.Open(tool.Files, parsed.GetRequiredValue(a));
            using SealedSegment second = SealedSegment.Open(tool.Files, parsed.GetRequiredValue(b));
            string asked = parsed.GetRequiredValue(queries);
            QuerySet ofA = QuerySet.Load(tool, asked, first.Path, first.Dimension);
            QuerySet ofB = parsed.GetValue(queriesB) is { } other ? QuerySet.Load(tool, other, second.Path, second.Dimension)
                : second.Dimension == first.Dimension ? ofA
                : QuerySet.Load(tool, asked, second.Path, second.Dimension);
            if (ofA.Count != ofB.Count || ofA.Count == 0)
            {
                throw AnnException.Invalid(
                    "--queries-b", $"expected as many queries for both, and at least one; found {ofA.Count} and {ofB.Count}.");
            }
            int results = parsed.GetValue(k);
            AnswerDiff diff = new(
                first, second, new SearchParameters(results, Math.Max(results, parsed.GetValue(ef)), parsed.GetValue(exact)));
            DiffReport report = diff.Run(ofA, ofB, cancellation) with { MinOverlap = parsed.GetValue(minOverlap) };
            if (pagePath is not null)
                DiffPages.Write(tool, pagePath, report);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.DiffReport);
            else
                Print(tool.Out, report);
            return Task.FromResult(Verdict(tool, report));
        });
        return command;
    }

    private static int Verdict(ToolContext tool, DiffReport report)
    {
        if (report.MinOverlap is not double least || report.Overlap >= least)
            return ExitCodes.Done;
        tool.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"ann: {report.B}: the overlap@{report.K} with {report.A} is {report.Overlap:0.0000}; {least} was asked for."));
        return ExitCodes.CheckFailed;
    }

    private static void Print(TextWriter text, DiffReport report)
    {
        text.WriteLine($"A {report.A}, generation {report.GenerationA}; {report.OnlyInA:N0} items are in it alone");
        text.WriteLine($"B {report.B}, generation {report.GenerationB}; {report.OnlyInB:N0} items are in it alone");
        text.WriteLine($"{report.Queries:N0} queries, k {report.K}, {(report.Ef is int ef ? $"ef {ef}" : "exact")}");
        DiffSpread by = report.OverlapByQuery;
        text.WriteLine(
            $"  overlap@{report.K,-6} {report.Overlap:F4}; by query least {by.Least:F4}, p10 {by.P10:F4}, median {by.Median:F4}");
        text.WriteLine($"  same answers   {report.Same:P1} of the queries");
        text.WriteLine($"  ranks          an item in both moves {report.RankChange:F2} places");
        if (report.DistanceShift is { } shift)
            text.WriteLine($"  distances      B less A: mean {shift.Mean:G4}, p10 {shift.P10:G4}, p90 {shift.P90:G4}");
        Items(text, "entered", report.Entered, "not in A");
        Items(text, "left", report.Left, "not in B");
        foreach (DiffValue value in report.Values ?? [])
        {
            text.WriteLine(
                $"  {$"{value.Attribute} = {PrintedText.Of(value.Value)}",-40} {value.ShareA,8:P2} {value.ShareB,8:P2}  "
                + $"{value.Change * 100:+0.00;-0.00;0.00}");
        }
    }

    private static void Items(TextWriter text, string what, IReadOnlyList<DiffItem> items, string absent)
    {
        if (items.Count > 0)
        {
            text.WriteLine($"  {what,-14} " + string.Join(", ", items.Take(10).Select(
                item => $"{PrintedText.Of(item.Key)} ({item.Queries}{(item.InBoth ? "" : ", " + absent)})")));
        }
    }
}
