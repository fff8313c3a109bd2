using System.CommandLine;
using System.Globalization;
using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding;
using Ann.Tool.Encoders;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann encoder</c>: describes and checks the files of an encoder.</summary>
internal static class EncoderVerb
{
    private const double UsualTolerance = 1e-3;

    /// <summary>The command with its own ones.</summary>
    public static Command Create(ToolContext tool) => new Verb("encoder",
        "Describe a model's files in an encoder.json, and check an encoder: what it reads and gives, how fast, and its vectors.",
        "ann encoder init models/my-encoder/model.onnx",
        "ann encoder check models/my-encoder --golden golden.json --json")
    {
        Init(tool), Check(tool), EncoderExport.Create(tool),
    };

    private static Verb Init(ToolContext tool)
    {
        Argument<string> model = new("model") { Description = "An .onnx file, or a directory with one.", HelpName = "MODEL.onnx" };
        Option<bool> force = new("--force") { Description = "Replace an encoder.json that is there." };
        Option<bool> json = VerbOptions.Json();
        Verb command = new("init",
            "Look at a model, its tokenizer and what sentence-transformers wrote beside it, and write what was found to encoder.json.",
            "ann encoder init models/my-encoder/model.onnx")
        {
            model, force, json,
        };
        command.SetAction(parsed =>
        {
            EncoderDraft draft = EncoderDraft.Of(tool.Files, parsed.GetRequiredValue(model), new EncoderOptions { Providers = ["cpu"] });
            string path = Path.Combine(draft.Directory, EncoderDescription.FileName);
            if (tool.Files.FileExists(path) && !parsed.GetValue(force))
                throw AnnException.BadInput(path, "", "is there already; --force replaces it.");
            using (AtomicFile file = new(tool.Files, path))
            {
                file.Stream.Write(draft.Content);
                file.Commit();
            }
            EncoderShape shape = draft.Shape;
            EncoderInitReport report = new(
                path, KindOf(shape), shape.Inputs, shape.Outputs, draft.Info.Dimension, draft.Info.FingerprintText, draft.Info.Notices);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.EncoderInitReport);
            else
                Print(tool.Out, report, draft.Content);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Verb Check(ToolContext tool)
    {
        Argument<string> encoder = new("encoder")
        {
            Description = "Directory of an encoder, an .onnx file of features, or a name: default, minilm, arctic-xs.",
            HelpName = "DIR",
        };
        Option<string?> golden = VerbOptions.Optional(
            "--golden", "FILE",
            "Rows that are known: a JSON list of objects with text (and role, input_ids) or features, and embedding. "
            + $"Left out: {GoldenRows.FileName} of the directory, where it is there.");
        Option<double?> tolerance = VerbOptions.OptionalNumber(
            "--tolerance",
            string.Create(CultureInfo.InvariantCulture, $"Largest difference of a component; left out {UsualTolerance}."), 0, 10);
        EncoderChoice choice = new();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("check",
            "Load an encoder and run it: inputs, outputs, dimension, fingerprint, rows a second, golden rows. Exits with 1 if one differs.",
            "ann encoder check models/my-encoder",
            "ann encoder check models/my-encoder --golden golden.json --tolerance 0.01 --json")
        {
            encoder, golden, tolerance,
        };
        choice.AddRunTo(command);
        command.Add(json);
        command.SetAction((parsed, cancellation) =>
        {
            string name = EncoderChoice.PlaceOf(tool, parsed.GetRequiredValue(encoder));
            using CheckedEncoder opened = CheckedEncoder.Open(tool, name, choice.Options(tool, parsed, EncoderChoice.TextBatchRows));
            string? file = parsed.GetValue(golden) ?? GoldenBeside(tool, name);
            GoldenReport? compared = file is null ? null : EncoderCheck.Compare(
                opened, file, GoldenRows.Read(tool.Files, file), parsed.GetValue(tolerance) ?? UsualTolerance);
            EncoderCheckReport report = new()
            {
                Encoder = name,
                Kind = KindOf(opened.Shape),
                Inputs = opened.Shape.Inputs,
                Outputs = opened.Shape.Outputs,
                Dimension = opened.Info.Dimension,
                MaxTokens = opened.MaxTokens,
                Fingerprint = opened.Info.FingerprintText,
                Provider = opened.Info.Provider,
                Speeds = EncoderCheck.Measure(tool, opened, cancellation),
                Golden = compared,
                Passed = compared is null || compared.Failures.Count == 0,
            };
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.EncoderCheckReport);
            else
                Print(tool.Out, report);
            return Task.FromResult(report.Passed ? ExitCodes.Done : ExitCodes.CheckFailed);
        });
        return command;
    }

    private static string KindOf(EncoderShape shape) => shape.Resolved.Kind == EncoderKind.Features ? "features" : "text";

    private static string? GoldenBeside(ToolContext tool, string encoder) =>
        Path.Combine(encoder, GoldenRows.FileName) is var path && tool.Files.FileExists(path) ? path : null;

    private static void Print(TextWriter text, EncoderInitReport report, byte[] content)
    {
        text.WriteLine($"{report.File}: written, {report.Kind}, dimension {report.Dimension}, fingerprint {report.Fingerprint}");
        text.WriteLine("  inputs  " + string.Join(", ", report.Inputs));
        text.WriteLine("  outputs " + string.Join(", ", report.Outputs));
        foreach (string notice in report.Notices)
            text.WriteLine("  look at this: " + notice);
        text.Write(System.Text.Encoding.UTF8.GetString(content));
    }

    private static void Print(TextWriter text, EncoderCheckReport report)
    {
        text.WriteLine($"{report.Encoder}: {report.Kind}, dimension {report.Dimension}, fingerprint {report.Fingerprint}");
        text.WriteLine("  inputs   " + string.Join(", ", report.Inputs));
        text.WriteLine("  outputs  " + string.Join(", ", report.Outputs));
        if (report.MaxTokens is { } most)
            text.WriteLine($"  texts    up to {most} tokens");
        text.WriteLine("  rows/s   " + string.Join(", ", report.Speeds.Select(static one => $"{one.RowsPerS:N0} at batch {one.Batch}"))
            + $", on {report.Provider}");
        if (report.Golden is not { } golden)
        {
            text.WriteLine("  golden   none: --golden FILE compares with rows that are known");
            return;
        }
        text.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  golden   {golden.Rows} rows of {golden.File}: largest difference {golden.LargestDifference:G3}, ")
            + string.Create(CultureInfo.InvariantCulture, $"least cosine {golden.LeastCosine:F4}"));
        foreach (string failure in golden.Failures)
            text.WriteLine("  FAILED   " + failure);
    }
}
