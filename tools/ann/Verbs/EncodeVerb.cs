using System.CommandLine;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Encoding;
using Ann.Tool.Attributes;
using Ann.Tool.Bulk;
using Ann.Tool.Items;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann encode</c>: texts or features in, vectors out, with their keys beside them.</summary>
internal static class EncodeVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> input = VerbOptions.Required("--input", "FILE",
            "Texts: .jsonl .csv .tsv (also .gz) or .parquet with \"id\" and \"text\" (or \"title\", or both); - is standard input. "
            + "Features or item numbers of a tower: .npy .fbin .ibin …");
        Option<string> output = VerbOptions.Required(
            "--output", "FILE", "Vectors: .npy .fbin .jsonl .parquet. Keys and encoder go to OUTPUT.keys.jsonl, where build finds them.");
        Option<string?> attributes = AttributeOptions.Schema(
            "Attributes that go on, to OUTPUT.attributes.jsonl or into a .jsonl or .parquet output: members or columns of texts, or, for "
            + "features, some of INPUT.attributes.jsonl, which goes on whole where they are left out.");
        Option<string> empty = VerbOptions.Choice(
            "--empty",
            "Texts without tokens (empty ones, or signs only), counted before a file is encoded: fail encodes nothing and names them, "
            + "skip leaves them out with their keys and attributes, keep gives them the row that the model makes of no tokens: of the "
            + "embedded encoder zeros, which cosine refuses. fail is the default: what is missing from an index is noticed nowhere else.",
            "fail", "fail", "skip", "keep");
        Option<string?> format = VerbOptions.Optional(
            "--format", string.Join('|', ItemFormats.Names.All),
            "How the input holds texts; left out, its name tells. Needed for standard input.");
        Option<string?> text = VerbOptions.Optional(
            "--text-column", "A,B", "Columns or members that are the text, joined by blanks in this order; left out: title and text.");
        Option<string?> key = VerbOptions.Optional("--key-column", "NAME", "Column or member that is the key; left out: id or _id.");
        Option<string?> keyType = VerbOptions.Optional(
            "--key-type", string.Join('|', EnumNames<KeyKind>.Plain.All), "What keys are; left out, what the first one is.");
        Option<bool> resume = new("--resume")
        {
            Description = "Go on with an encoding that did not end: same input, encoder and options; begins where there is none.",
        };
        Option<int> checkpoint = VerbOptions.Number(
            "--checkpoint", "Seconds between two moments at which what was encoded is made durable, for --resume.", 10, 0, 3600);
        EncoderChoice encoder = new();
        Option<bool> json = VerbOptions.Json();

        Verb command = new("encode",
            "Turn items into vectors with an ONNX encoder.",
            "ann encode --input items.jsonl --output items.npy",
            "ann encode --input items.jsonl --output items.npy --encoder models/my-encoder --providers cuda,cpu",
            "ann encode --input items.jsonl --output items.npy --attributes \"category:keyword,price:double\"",
            "ann encode --input products.csv.gz --output items.parquet --key-column sku --text-column name,description --resume",
            "ann encode --input - --format jsonl --output items.npy",
            "ann encode --input item_ids.npy --output items.npy --encoder item-tower.onnx")
        {
            input, output, format, text, key, keyType, attributes, empty, resume, checkpoint,
        };
        encoder.AddTo(command);
        command.Add(json);
        command.SetAction((parsed, cancellation) =>
        {
            string from = parsed.GetRequiredValue(input);
            string to = parsed.GetRequiredValue(output);
            string name = encoder.Name(tool, parsed);
            AttributeSchema? schema = AttributeOptions.ParseSchema(tool.Files, parsed.GetValue(attributes));
            bool isText = from == ItemFormats.StandardInput || parsed.GetValue(format) is not null || ItemFormats.OfPath(from) is not null;
            Option[] ofTexts = [format, text, key, keyType, empty, resume, checkpoint];
            if (!isText && ofTexts.FirstOrDefault(one => parsed.GetResult(one) is { Implicit: false }) is { } wrong)
                throw AnnException.Invalid(wrong.Name, $"{wrong.Name} is of texts (.jsonl .csv .tsv .parquet); {from} holds features.");
            EncodeRequest request = new()
            {
                Input = from,
                Output = to,
                Encoder = name,
                Options = encoder.Options(tool, parsed, isText ? EncoderChoice.TextBatchRows : EncoderChoice.FeatureBatchRows),
                Attributes = schema,
                Format = Word("--format", parsed.GetValue(format), ItemFormats.Names),
                TextColumns = parsed.GetValue(text) is { } columns ? AttributeOptions.Split(columns) : null,
                KeyColumn = parsed.GetValue(key),
                KeyKind = Word("--key-type", parsed.GetValue(keyType), EnumNames<KeyKind>.Plain),
                EmptyTexts = EmptyTextRule.PolicyOf(parsed.GetRequiredValue(empty)),
                Resumes = parsed.GetValue(resume),
                Checkpoint = TimeSpan.FromSeconds(parsed.GetValue(checkpoint)),
            };
            if (from == ItemFormats.StandardInput && request.Format is null)
                throw AnnException.Invalid("--format", "--format says what standard input holds: jsonl, csv or tsv.");
            EncodeReport report = !isText ? EncodeFeatures.Run(tool, request, cancellation)
                : name != EncoderChoice.Default && EncoderDraft.KindOf(tool.Files, name) == EncoderKind.Features
                    ? EncodeFeatures.RunFields(tool, request, cancellation)
                    : RunTexts(tool, request, cancellation);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.EncodeReport);
            else
                Print(tool.Out, report);
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    /// <summary>Encodes a file of texts.</summary>
    public static EncodeReport RunTexts(ToolContext tool, EncodeRequest request, CancellationToken cancellation)
    {
        OutputPath.Require(tool.Files, request.Output, [.. EncodedHeaders.Extensions]);
        ItemSource source = request.Source;
        using (source.IsStandardInput ? null : source.Open(tool))
        {
            // What cannot be opened is told of before an encoder is loaded.
        }
        using TextEncoder encoder = EncoderChoice.OpenText(tool, request.Encoder, request.Options);
        long start = tool.Time.GetTimestamp();
        BlockLimits limits = request.Block ?? BlockLimits.Of(encoder.Info.Dimension);
        EncodedContent content = new(
            request.Output, encoder.Info, request.Attributes, Settings(request, encoder.Info, limits), request.Checkpoint);
        using EncodedFile file = EncodedFile.Open(tool, content, request.Resumes);
        ItemSurvey? survey = source.IsStandardInput ? null : ItemSurvey.Of(tool, source, encoder, cancellation);
        survey?.Tell(tool, request.Input, request.EmptyTexts);
        bool skips = request.EmptyTexts == EmptyTextPolicy.Skip;
        bool looks = request.EmptyTexts != EmptyTextPolicy.Keep && survey is not { Empty: 0 };
        using ItemBlocks blocks = new(source.Open(tool), limits, looks ? encoder.HasTokens : null, skips);
        if (file.ItemsRead > 0)
            blocks.Skip(file.ItemsRead, file.ItemsHash, cancellation);
        long before = file.Written;
        using (ProgressMeter progress = new(tool, "encode", "rows", survey?.Items - (skips ? survey?.Empty : 0), before))
        {
            BulkEncoding.Run(blocks, encoder, Write, cancellation);

            void Write(ItemBlock block, ReadOnlySpan<float> vectors)
            {
                file.Write(vectors, block.Keys, block.Attributes, block);
                progress.Report(file.Written, blocks.Fraction);
            }
        }
        string sidecar = file.Commit(keysDiffer: survey is not null);
        EncodeReport report = Report(request, sidecar, file.Written - before, encoder.Info, tool.SecondsSince(start));
        return report with { Rows = file.Written, ResumedRows = before > 0 ? before : null, EmptyTexts = survey?.Empty ?? file.LeftOut };
    }

    /// <summary>What a run did.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="sidecar">Where the keys are.</param>
    /// <param name="rows">Rows of this run.</param>
    /// <param name="encoder">Who made them.</param>
    /// <param name="seconds">How long it took.</param>
    public static EncodeReport Report(EncodeRequest request, string sidecar, long rows, EncoderInfo encoder, double seconds)
    {
        return new EncodeReport
        {
            Input = request.Input,
            Output = request.Output,
            Keys = sidecar,
            Rows = rows,
            Dimension = encoder.Dimension,
            EncoderName = encoder.Name,
            EncoderFingerprint = encoder.FingerprintText,
            Provider = encoder.Provider,
            Seconds = seconds,
            RowsPerS = rows / seconds,
        };
    }

    private static T? Word<T>(string option, string? word, EnumNames<T> names)
        where T : struct, Enum => word is null ? null
        : names.TryParse(word, out T value) ? value
        : throw AnnException.Invalid(option, $"{option} is '{word}'; it must be one of {string.Join(", ", names.All)}.");

    /// <summary>All that decides what is written, but for the input.</summary>
    private static Dictionary<string, string> Settings(EncodeRequest request, EncoderInfo encoder, BlockLimits limits) => new()
    {
        ["encoder"] = $"{encoder.Name} {encoder.FingerprintText}",
        ["provider"] = encoder.Provider,
        ["--batch"] = $"{request.Options.MaxBatchRows}",
        ["--format"] = ItemFormats.Names.Of(request.Source.Format),
        ["--text-column"] = string.Join(',', request.TextColumns ?? []),
        ["--key-column"] = request.KeyColumn ?? "",
        ["--key-type"] = request.KeyKind is { } kind ? EnumNames<KeyKind>.Plain.Of(kind) : "",
        ["--attributes"] = request.Attributes is { } schema ? AttributeOptions.ToText(schema) : "",
        ["--empty"] = EnumNames<EmptyTextPolicy>.Plain.Of(request.EmptyTexts),
        ["block"] = $"{limits.Rows} rows, {limits.Chars} characters",
    };

    private static void Print(TextWriter text, EncodeReport report)
    {
        text.WriteLine($"{report.Output}: {report.Rows:N0} rows of dimension {report.Dimension}");
        text.WriteLine($"  encoder {report.EncoderName} ({report.EncoderFingerprint}) on {report.Provider}");
        text.WriteLine($"  {report.Seconds:F1} s, {report.RowsPerS:N0} rows/s");
        if (report.Keys is not null)
            text.WriteLine($"  keys    {report.Keys}");
    }
}
