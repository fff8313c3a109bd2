using System.CommandLine;
using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tool.Attributes;
using Ann.Tool.Evaluation;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann build</c>: a file of vectors in, an index file out.</summary>
internal static class BuildVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> input = VerbOptions.Required(
            "--input", "FILE", "Vectors: .fbin .f16bin .u8bin .i8bin .fvecs .bvecs .npy, or .jsonl with \"id\" and \"vector\" a line.");
        Option<string> metric = VerbOptions.Metric();
        Option<string> output = VerbOptions.Required("--output", "FILE", "The .ann file. It appears when it is whole.");
        Option<string> codes = VerbOptions.Choice(
            "--codes", "What the graph walk reads. int8 is reranked exactly.", EnumNames<CodesKind>.Plain, CodesTraits.Standard);
        Option<string> layout = VerbOptions.Layout();
        Option<int> m = VerbOptions.Number("--m", "Neighbours a node on upper levels; twice as many on level 0.", 16, 2, 128);
        Option<int> efConstruction = VerbOptions.Number("--ef-construction", "Beam width while inserting; at least m.", 200, 2, 4096);
        Option<int> seed = VerbOptions.Number("--seed", "Seed of the graph; one seed, one file.", 1, 0, int.MaxValue);
        Option<int> threads = VerbOptions.Number(
            "--threads", "Threads; they do not change the file.", Environment.ProcessorCount, 1, 1024);
        Option<string?> keys = VerbOptions.Optional(
            "--keys", "FILE", "Sidecar with a key a row. Default: INPUT.keys.jsonl where it exists, else rows are numbered from 0.");
        Option<string?> attributes = AttributeOptions.Schema(
            "Attributes of the items: of .jsonl the members of those names, of other formats columns of the sidecar (default: all).");
        Option<string?> attributesFile = AttributeOptions.File();
        Option<string> zeroRows = VerbOptions.Choice(
            "--zero-rows", "Rows that are the zero vector, under cosine: fail names all of them, skip leaves them out with their keys.",
            "fail", "fail", "skip");
        Option<string?> queries = VerbOptions.Optional("--queries", "FILE",
            "Queries such as will be asked, in any format of --input: recall is measured with them. Default: items stand in for queries.");
        Option<string?> name = VerbOptions.Optional("--name", "NAME", "Index name to note in the file. Default: none.");
        Option<double?> minRecall = VerbOptions.OptionalNumber(
            "--min-recall",
            $"Exit with 1 and write nothing when recall@10 at ef {RecallFloor.Ef}, as measured, is less. "
            + $"Default: warn below {RecallFloor.Default.Least}.", 0, 1);
        Option<bool> json = VerbOptions.Json();

        Verb command = new("build",
            "Build an index file from vectors.",
            "ann build --input items.npy --metric cosine --output items.ann",
            "ann build --input items.jsonl --metric cosine --output items.ann --attributes \"category:keyword,tags:keywords,price:double\"")
        {
            input, metric, output, codes, layout, m, efConstruction, seed, threads, keys, attributes, attributesFile,
            zeroRows, queries, name, minRecall, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            string inputPath = parsed.GetRequiredValue(input);
            SegmentBuildOptions options = new()
            {
                Metric = MetricTraits.Names.Parse(parsed.GetValue(metric)),
                Codes = EnumNames<CodesKind>.Plain.Parse(parsed.GetValue(codes)),
                Layout = EnumNames<SegmentLayout>.Plain.Parse(parsed.GetValue(layout)),
                M = parsed.GetValue(m),
                EfConstruction = parsed.GetValue(efConstruction),
                Seed = (ulong)parsed.GetValue(seed),
                Threads = parsed.GetValue(threads),
                Name = parsed.GetValue(name) ?? "",
                Source = Path.GetFileName(inputPath),
            };
            BuildRequest request = new()
            {
                Input = inputPath,
                Output = parsed.GetRequiredValue(output),
                Sidecar = parsed.GetValue(keys),
                Attributes = new AttributeRequest(
                    AttributeOptions.ParseSchema(tool.Files, parsed.GetValue(attributes)), parsed.GetValue(attributesFile)),
                Options = options,
                SkipsZeroRows = parsed.GetValue(zeroRows) == "skip",
                Floor = parsed.GetValue(minRecall) is { } least ? new RecallFloor(least) : null,
                Queries = parsed.GetValue(queries),
            };
            if (Run(tool, request, cancellation) is not { } report)
                return Task.FromResult(ExitCodes.CheckFailed);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.BuildReport);
            else
                Print(tool.Out, report);
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    /// <summary>Builds one file. Null when it misses a floor: it was told so, and nothing is written.</summary>
    public static BuildReport? Run(ToolContext tool, BuildRequest request, CancellationToken cancellation)
    {
        (string input, string output) = (request.Input, request.Output);
        OutputPath.Require(tool.Files, output, ".ann");
        long start = tool.Time.GetTimestamp();
        bool needsDirection = request.Options.Metric.Traits().HasUnitRows;
        ZeroRows leftOut = needsDirection && request.SkipsZeroRows
            ? InputRows.FindZeroRows(tool, input, request.Sidecar, request.Attributes, cancellation)
            : new ZeroRows();
        using InputRows rows = new(tool, input, request.Sidecar, request.Attributes);
        rows.LeaveOut(leftOut);
        SegmentBuildOptions options = request.Options with
        {
            EncoderFingerprint = rows.EncoderFingerprint,
            EncoderName = rows.EncoderName,
            LogPosition = rows.LogPosition,
            Attributes = rows.Attributes,
            Queries = request.Queries is not { } queries
                ? null
                : new CertificateQueries(
                    QuerySet.Load(tool, queries, input, rows.Dimension).Spread(SegmentBuildOptions.MostQueries), CertificateQueries.Given,
                    Path.GetFileName(queries)),
        };
        using SegmentBuilder builder = new(rows.Count, rows.Dimension, options);

        KeyColumn keys;
        using (ProgressMeter progress = new(tool, "read", "rows", rows.Count))
            keys = rows.AddTo(builder, needsDirection, progress, cancellation);
        double read = tool.SecondsSince(start);

        double built;
        using (BuildProgressLines progress = new(tool))
        {
            builder.Build(keys, progress, cancellation);
            built = tool.SecondsSince(start);
            RecallFloor? floor = request.Floor;
            if ((floor ?? RecallFloor.Default).Shortfall(builder.Certificate!) is { } shortfall)
            {
                tool.Error.WriteLine(floor is null ? $"ann: warning: {shortfall}" : $"ann: {shortfall} {output} is not written.");
                if (floor is not null)
                    return null;
            }
            builder.Write(tool.Files, output, progress, cancellation);
        }
        double seconds = tool.SecondsSince(start);

        long? bytes = null;
        if (!tool.Files.IsDevice(output))
            using (Stream written = tool.Files.OpenRead(output))
                bytes = written.Length;
        return new BuildReport
        {
            Input = input,
            Output = output,
            Name = options.Name,
            Keys = rows.KeySource,
            Attributes = rows.Attributes.Count == 0 ? null : AttributeColumnReport.Of(rows.Attributes),
            AttributeSource = rows.Attributes.Count == 0 ? null : rows.AttributeSource,
            Metric = options.Metric.Traits().Name,
            Codes = EnumNames<CodesKind>.Plain.Of(builder.Codes),
            CodesReason = builder.CodesReason,
            Layout = EnumNames<SegmentLayout>.Plain.Of(builder.Layout),
            Rows = rows.Count,
            ZeroRowsSkipped = leftOut.Count,
            Dimension = rows.Dimension,
            Threads = options.Threads,
            Seconds = seconds,
            ReadSeconds = read,
            BuildSeconds = built - read,
            WriteSeconds = seconds - built,
            RowsPerS = rows.Count / seconds,
            Bytes = bytes,
            Generation = builder.Generation,
            Certificate = builder.Certificate,
        };
    }

    private static void Print(TextWriter text, BuildReport report)
    {
        text.WriteLine(
            $"{report.Output}: {report.Rows:N0} items of dimension {report.Dimension}, {report.Metric}, codes {report.Codes}, "
            + $"layout {report.Layout}, keys: {report.Keys}");
        text.WriteLine(
            $"  {report.Seconds:F1} s (read {report.ReadSeconds:F1}, build {report.BuildSeconds:F1}, write {report.WriteSeconds:F1}), "
            + $"{report.RowsPerS:N0} rows/s, {report.Bytes:N0} bytes, generation {report.Generation}");
        if (report.Attributes is not null)
            text.WriteLine($"  attributes {AttributeColumnReport.ToText(report.Attributes)} from {report.AttributeSource}");
        if (report.CodesReason.Length > 0)
            text.WriteLine($"  {report.CodesReason}");
        text.WriteLine($"  reachable {report.Certificate?.Reachable:N0} of {report.Rows:N0}");
        if (report.Certificate is not null)
            text.WriteLine($"  {RecallFloor.InWords(report.Certificate)}");
    }
}
