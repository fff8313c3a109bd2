using System.CommandLine;
using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tool.Encoders;
using Ann.Tool.Evaluation;
using Ann.Tool.Formats;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann build</c>: a file of vectors in, an index file out.</summary>
internal static class BuildVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> input = VerbOptions.Required(
            "--input", "FILE", VectorFormats.InputHelp);
        Option<string?> inputFormat = SpooledInput.Format();
        Option<string> metric = VerbOptions.Metric();
        BuildVerbOptions build = new();
        Option<string?> keys = VerbOptions.Optional(
            "--keys", "FILE", "Sidecar with a key a row. Default: INPUT.keys.jsonl where it exists, else rows are numbered from 0.");
        Option<string?> queryEncoder = VerbOptions.Optional("--query-encoder", "DIR",
            "Encoder of the queries, where it is another one than that of the rows: the file notes its fingerprint. A directory, an .onnx "
            + "file of features, or a name: default, minilm, arctic-xs. Default: what the sidecar says, else the encoder of the rows.");
        Option<bool> json = VerbOptions.Json();

        Verb command = new("build",
            "Build an index file from vectors.",
            "ann build --input items.npy --metric cosine --output items.ann",
            "ann build --input items.jsonl --metric cosine --output items.ann --attributes \"category:keyword,tags:keywords,price:double\"")
        {
            input, inputFormat, metric,
        };
        build.AddTo(command);
        command.Add(keys);
        command.Add(queryEncoder);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            Metric measure = MetricTraits.Names.Parse(parsed.GetValue(metric));
            using SpooledInput vectors = await SpooledInput.OpenAsync(
                tool, parsed.GetRequiredValue(input), parsed.GetValue(inputFormat), cancellation);
            BuildRequest request = build.Read(tool, parsed, vectors.Path, measure);
            request = request with
            {
                Sidecar = parsed.GetValue(keys),
                QueryEncoder = parsed.GetValue(queryEncoder) is { } encoder ? CheckedEncoder.InfoOf(tool, encoder) : null,
            };
            if (Run(tool, request, cancellation) is not { } report)
                return ExitCodes.CheckFailed;
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.BuildReport);
            else
                Print(tool.Out, report);
            return ExitCodes.Done;
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
            ? InputRows.FindZeroRows(tool, request, cancellation)
            : new ZeroRows();
        using InputRows rows = new(tool, request);
        rows.LeaveOut(leftOut);
        (string? Fingerprint, string? Name) asks = QueryEncoderOf(request, rows);
        SegmentBuildOptions options = request.Options with
        {
            EncoderFingerprint = rows.EncoderFingerprint,
            EncoderName = rows.EncoderName,
            QueryEncoderFingerprint = asks.Fingerprint,
            QueryEncoderName = asks.Name,
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

    /// <summary>Who makes the queries; nulls where the encoder of the rows does.</summary>
    private static (string? Fingerprint, string? Name) QueryEncoderOf(BuildRequest request, InputRows rows)
    {
        if (request.QueryEncoder is not { } encoder)
            return (rows.QueryEncoderFingerprint, rows.QueryEncoderName);
        if (encoder.Dimension != rows.Dimension)
        {
            throw AnnException.Invalid(
                "--query-encoder",
                $"--query-encoder is '{encoder.Name}', which makes vectors of dimension {encoder.Dimension}; "
                + $"{request.Input} holds {rows.Dimension}.");
        }
        return encoder.FingerprintText == rows.EncoderFingerprint ? (null, null) : (encoder.FingerprintText, encoder.Name);
    }

    /// <summary>Tells a person of a build.</summary>
    public static void Print(TextWriter text, BuildReport report)
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
