using System.CommandLine;
using System.Globalization;
using Ann.Core;
using Ann.Core.Segments;
using Ann.Tool.Attributes;
using Ann.Tool.Bulk;
using Ann.Tool.Releases;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann release</c>: an index and the encoder of its queries as one thing. A failed check is exit code 1.</summary>
internal static class ReleaseVerb
{
    /// <summary>The command with its own ones.</summary>
    public static Command Create(ToolContext tool) => new Verb("release",
        "Build an index and the encoder of its queries as one release, which a server attaches, promotes and rolls back in one step.",
        "ann release build items.jsonl --encoder models/my-encoder --metric cosine --output shop-2026-11-30.release",
        "ann release verify shop-2026-11-30.release --json")
    {
        Build(tool), Verify(tool),
    };

    private static Verb Build(ToolContext tool)
    {
        Argument<string> items = new("items")
        {
            Description =
                "The items: texts (.jsonl .csv .tsv .parquet), or features or item numbers of a tower (.npy .fbin .ibin …), "
                + "as ann encode reads them.",
            HelpName = "ITEMS",
        };
        Option<string> output = VerbOptions.Required(
            "--output", "DIR", "The release: a directory that is not there yet. It is a release when all of it is there.");
        EncoderChoice encoder = new();
        Option<string?> queryEncoder = VerbOptions.Optional("--query-encoder", "DIR",
            "Encoder of the queries: a directory, an .onnx file, or a name. Default: that of the items.");
        Option<bool> without = new("--without-encoder")
        {
            Description = "Leave the encoder of the queries out of the release: the server hosts it, or callers encode themselves.",
        };
        Option<string?> queries = VerbOptions.Optional("--queries", "FILE",
            "Queries such as will be asked, as the encoder of the queries reads them: recall is measured with them. "
            + "Default: items stand in for them, where that encoder can read items.");
        Option<int> ef = VerbOptions.Number("--ef", "Beam width that recall is measured at.", RecallFloor.Ef, 1, 40_000);
        Option<double?> minRecall = VerbOptions.OptionalNumber(
            "--min-recall",
            $"Recall@{ReleaseMeasurement.K} against exact search that it must have. Default: {RecallFloor.Default.Least}.", 0, 1);
        Option<string?> attributes = AttributeOptions.Schema("Attributes of the items, as ann encode takes them.");
        Option<string> empty = VerbOptions.Choice(
            "--empty", "Texts without tokens: fail names them and encodes nothing, skip leaves them out.", "fail", "fail", "skip");
        Option<string> metric = VerbOptions.Metric();
        BuildShape shape = new();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("build",
            "Encode items, build an index, copy the encoder of the queries beside it and prove both. Exit code 1, and nothing left, where "
            + "recall is too low.",
            "ann release build items.jsonl --encoder models/my-encoder --metric cosine --output shop-2026-11-30.release",
            "ann release build item_ids.npy --encoder item-tower.onnx --query-encoder user-tower.onnx --queries users.npy --metric ip "
            + "--output shop-2026-11-30.release")
        {
            items, output, metric,
        };
        encoder.AddTo(command);
        foreach (Option option in (Option[])[queryEncoder, without, queries, ef, minRecall, attributes, empty])
            command.Add(option);
        shape.AddTo(command);
        command.Add(json);
        command.SetAction((parsed, cancellation) =>
        {
            string from = parsed.GetRequiredValue(items);
            bool isText = ReleaseQueries.IsText(from);
            ReleaseRequest request = new()
            {
                Items = from,
                Encoder = encoder.Name(tool, parsed),
                QueryEncoder = parsed.GetValue(queryEncoder) is { } named ? EncoderChoice.PlaceOf(tool, named) : null,
                EncoderOptions = encoder.Options(
                    tool, parsed, isText ? EncoderChoice.TextBatchRows : EncoderChoice.FeatureBatchRows),
                CarriesEncoder = !parsed.GetValue(without),
                Queries = parsed.GetValue(queries),
                Output = parsed.GetRequiredValue(output),
                Build = shape.Options(parsed, MetricTraits.Names.Parse(parsed.GetValue(metric)), from),
                Attributes = AttributeOptions.ParseSchema(tool.Files, parsed.GetValue(attributes)),
                EmptyTexts = EmptyTextRule.PolicyOf(parsed.GetRequiredValue(empty)),
                Ef = parsed.GetValue(ef),
                MinRecall = parsed.GetValue(minRecall) ?? RecallFloor.Default.Least,
            };
            ReleaseReport report = new ReleaseBuild(tool, request, cancellation).Run();
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.ReleaseReport);
            else if (report.Passed)
                Print(tool.Out, report);
            if (!report.Passed)
                tool.Error.WriteLine($"ann: {report.Fault} {report.Release} is not made.");
            return Task.FromResult(report.Passed ? ExitCodes.Done : ExitCodes.CheckFailed);
        });
        return command;
    }

    private static Verb Verify(ToolContext tool)
    {
        Argument<string> release = new("release") { Description = "Directory of the release.", HelpName = "DIR" };
        EncoderChoice encoder = new();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("verify",
            "Check a release: every file by its hash, the index, the fingerprint of the encoder, and queries whose vectors and nearest "
            + "items are known. Exit code 1 names what is wrong.",
            "ann release verify shop-2026-11-30.release")
        {
            release,
        };
        encoder.AddRunTo(command);
        command.Add(json);
        command.SetAction(parsed =>
        {
            ReleaseVerifyReport report = ReleaseCheck.Run(
                tool, parsed.GetRequiredValue(release), encoder.Options(tool, parsed, EncoderChoice.TextBatchRows));
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.ReleaseVerifyReport);
            else if (report.Sound)
                Print(tool.Out, report);
            foreach (string fault in report.Faults)
                tool.Error.WriteLine("ann: " + fault);
            return report.Sound ? ExitCodes.Done : ExitCodes.CheckFailed;
        });
        return command;
    }

    private static void Print(TextWriter text, ReleaseReport report)
    {
        text.WriteLine(
            $"{report.Release}: {report.Verification.Rows:N0} items, generation {report.Generation}, {report.Bytes:N0} bytes, "
            + $"{report.Seconds:F1} s");
        text.WriteLine($"  items         encoder {report.ItemEncoder.Name}, {report.ItemEncoder.Fingerprint}");
        text.WriteLine(
            $"  queries       encoder {report.QueryEncoder.Name}, {report.QueryEncoder.Fingerprint}"
            + (report.EncoderFiles == 0 ? ", not in the release" : $", {report.EncoderFiles} file(s) of the release"));
        text.WriteLine($"  measured      {InWords(report.Verification)}");
        text.WriteLine($"  golden rows   {report.GoldenRows}");
    }

    private static void Print(TextWriter text, ReleaseVerifyReport report)
    {
        text.WriteLine($"{report.Release}: sound. {report.Files} files, generation {report.Generation}.");
        if (report.LargestDifference is { } difference)
        {
            text.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {report.GoldenRows} queries encoded and asked again, largest difference {difference:G3}"));
        }
        if (report.Verification is { } measured)
            text.WriteLine($"  {InWords(measured)}");
    }

    private static string InWords(Core.Releases.ReleaseVerification found) => string.Create(
        CultureInfo.InvariantCulture,
        $"recall@{found.K} {found.Recall:0.0000} of {found.Queries} {found.QuerySource} at ef {found.Ef} against exact search; "
        + $"{found.Reachable:N0} of {found.Rows:N0} items reachable");
}
