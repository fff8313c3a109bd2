using System.CommandLine;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Encoding;
using Ann.Tool.Attributes;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann encode</c>: texts or features in, vectors out, with their keys beside them.</summary>
internal static class EncodeVerb
{
    private const int ChunkRows = 2048;

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> input = VerbOptions.Required("--input", "FILE",
            "Texts: .jsonl with \"id\" and \"text\" (or \"title\", or both) a line. "
            + "Features or item numbers of a tower: .npy .fbin .ibin …");
        Option<string> output = VerbOptions.Required(
            "--output", "FILE", "Vectors: .npy .fbin .jsonl. Keys and encoder go to OUTPUT.keys.jsonl, where build finds them.");
        Option<string?> attributes = AttributeOptions.Schema(
            "Attributes that go on, to OUTPUT.attributes.jsonl or to the lines of a .jsonl output: members of a .jsonl input, or some of "
            + "INPUT.attributes.jsonl, which goes on whole where they are left out.");
        Option<string> empty = VerbOptions.Choice(
            "--empty",
            "Texts without tokens (empty ones, or signs only), counted before anything is encoded: fail encodes nothing and names them, "
            + "skip leaves them out with their keys and attributes, keep gives them the row that the model makes of no tokens: of the "
            + "embedded encoder zeros, which cosine refuses. fail is the default: what is missing from an index is noticed nowhere else.",
            "fail", "fail", "skip", "keep");
        EncoderChoice encoder = new();
        Option<bool> json = VerbOptions.Json();

        Verb command = new("encode",
            "Turn items into vectors with an ONNX encoder.",
            "ann encode --input items.jsonl --output items.npy",
            "ann encode --input items.jsonl --output items.npy --encoder models/my-encoder --providers cuda,cpu",
            "ann encode --input items.jsonl --output items.npy --attributes \"category:keyword,price:double\"",
            "ann encode --input item_ids.npy --output items.npy --encoder item-tower.onnx")
        {
            input, output, attributes, empty,
        };
        encoder.AddTo(command);
        command.Add(json);
        command.SetAction((parsed, cancellation) =>
        {
            string from = parsed.GetRequiredValue(input);
            string to = parsed.GetRequiredValue(output);
            string name = encoder.Name(tool, parsed);
            AttributeSchema? schema = AttributeOptions.ParseSchema(tool.Files, parsed.GetValue(attributes));
            bool isText = from.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase);
            if (!isText && parsed.GetResult(empty) is { Implicit: false })
                throw AnnException.Invalid("--empty", $"--empty is of texts (.jsonl); {from} holds features.");
            EncodeRequest request = new()
            {
                Input = from,
                Output = to,
                Encoder = name,
                Options = encoder.Options(tool, parsed, isText ? EncoderChoice.TextBatchRows : EncoderChoice.FeatureBatchRows),
                Attributes = schema,
                EmptyTexts = EmptyTexts.PolicyOf(parsed.GetRequiredValue(empty)),
            };
            EncodeReport report = isText ? RunTexts(tool, request, cancellation) : RunFeatures(tool, request, cancellation);
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
        OutputPath.Require(tool.Files, request.Output, [.. VectorFile.WriteExtensions]);
        using JsonlTextReader reader = new(tool.Files, request.Input, request.Attributes);
        using TextEncoder encoder = EncoderChoice.OpenText(tool, request.Encoder, request.Options);
        long start = tool.Time.GetTimestamp();
        EmptyTexts empty = EmptyTexts.Find(tool, request.Input, encoder, cancellation);
        empty.Tell(tool, request.Input, request.EmptyTexts);
        bool skips = request.EmptyTexts == EmptyTextPolicy.Skip && empty.Count > 0;
        long count = reader.Count - (skips ? empty.Count : 0);
        KeyColumn keys = skips ? new KeyColumn(reader.Keys.Kind) : reader.Keys;
        using EncodedFile file = new(tool, request.Output, count, encoder.Info, keys, request.Attributes);
        using (ProgressMeter progress = new(tool, "encode", "rows", count))
        {
            List<string> texts = [];
            float[] rows = new float[ChunkRows * encoder.Info.Dimension];
            long first = 0;
            while (reader.ReadTexts(texts, ChunkRows) is int read and > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                AttributeBatch? items = reader.TakeAttributes();
                if (skips)
                    items = empty.TakeOut(texts, items, first, reader.Keys, keys);
                first += read;
                Span<float> values = rows.AsSpan(0, texts.Count * encoder.Info.Dimension);
                encoder.Encode(texts, TextRole.Document, values, cancellation);
                file.Write(values, items);
                progress.Report(file.Written);
            }
        }
        reader.RequireUniqueKeys();
        string? sidecar = file.Commit();
        return Report(request, sidecar, count, encoder.Info, tool.SecondsSince(start)) with { EmptyTexts = empty.Count };
    }

    /// <summary>Encodes a file of features or of item numbers, whichever the encoder reads.</summary>
    private static EncodeReport RunFeatures(ToolContext tool, EncodeRequest request, CancellationToken cancellation)
    {
        string input = request.Input;
        OutputPath.Require(tool.Files, request.Output, [.. VectorFile.WriteExtensions]);
        if (request.Encoder == EncoderChoice.Default)
            throw AnnException.Invalid("--encoder", $"the embedded encoder reads texts (.jsonl); {input} needs --encoder TOWER.onnx.");
        using FeatureEncoder encoder = FeatureEncoder.Open(tool.Files, request.Encoder, request.Options);
        EncoderChoice.Tell(tool, encoder.Info);
        using FeatureAttributes attributes = FeatureAttributes.Open(tool, input, request.Attributes);
        long start = tool.Time.GetTimestamp();
        if (encoder.Input.Type == FeatureType.Int64)
        {
            using IntegerReader numbers = VectorFile.OpenIntegers(tool.Files, input);
            return RunRows(tool, request, encoder.Info, attributes, start, new FeatureRows<long>(
                numbers.Count, numbers.Columns, numbers.ReadRows,
                (rows, count, vectors) => encoder.Encode(rows, count, vectors, cancellation)), cancellation);
        }
        using VectorReader features = VectorFile.OpenReader(tool.Files, input);
        if (features.Notice is not null)
            tool.Notice(features.Notice);
        return RunRows(tool, request, encoder.Info, attributes, start, new FeatureRows<float>(
            features.Count, features.Dimension, features.ReadRows,
            (rows, count, vectors) => encoder.Encode(rows, count, vectors, cancellation)), cancellation);
    }

    private delegate int ReadRows<T>(Span<T> rows);

    private delegate void EncodeRows<T>(ReadOnlySpan<T> rows, int count, Span<float> vectors);

    /// <summary>The rows of a file, and how they are made vectors.</summary>
    private sealed record FeatureRows<T>(long Count, int Columns, ReadRows<T> Read, EncodeRows<T> Encode);

    private static EncodeReport RunRows<T>(
        ToolContext tool, EncodeRequest request, EncoderInfo encoder, FeatureAttributes attributes, long start, FeatureRows<T> source,
        CancellationToken cancellation)
        where T : unmanaged
    {
        (long count, int columns) = (source.Count, source.Columns);
        KeyColumn keys = KeysOf(tool, request.Input, count);
        attributes.RequireRows(count);
        int dimension = encoder.Dimension;
        using EncodedFile file = new(tool, request.Output, count, encoder, keys, attributes.Schema);
        using (ProgressMeter progress = new(tool, "encode", "rows", count))
        {
            T[] rows = new T[ChunkRows * columns];
            float[] vectors = new float[ChunkRows * dimension];
            while (source.Read(rows) is int found and > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                source.Encode(rows.AsSpan(0, found * columns), found, vectors.AsSpan(0, found * dimension));
                file.Write(vectors.AsSpan(0, found * dimension), attributes.Read<T>(rows.AsSpan(0, found * columns), found));
                progress.Report(file.Written);
            }
        }
        attributes.End();
        string? sidecar = file.Commit();
        return Report(request, sidecar, count, encoder, tool.SecondsSince(start));
    }

    /// <summary>Keys of the input's own sidecar where it has one: they belong to the rows, whatever is made of them.</summary>
    private static KeyColumn KeysOf(ToolContext tool, string input, long count)
    {
        if (count > int.MaxValue)
            throw AnnException.BadInput(input, "", $"it holds {count} rows; at most {int.MaxValue} are taken.");
        string path = KeySidecar.PathOf(input);
        if (!tool.Files.FileExists(path))
            return KeyColumn.Ordinals((int)count);
        (_, KeyColumn? keys) = KeySidecar.Read(tool.Files, path);
        if (keys?.Count != count)
            throw AnnException.BadInput(path, "", $"it holds {keys?.Count ?? 0} keys; {input} has {count} rows.");
        tool.Notice($"Keys are taken from {path}.");
        return keys;
    }

    private static EncodeReport Report(EncodeRequest request, string? sidecar, long rows, EncoderInfo encoder, double seconds)
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

    private static void Print(TextWriter text, EncodeReport report)
    {
        text.WriteLine($"{report.Output}: {report.Rows:N0} rows of dimension {report.Dimension}");
        text.WriteLine($"  encoder {report.EncoderName} ({report.EncoderFingerprint}) on {report.Provider}");
        text.WriteLine($"  {report.Seconds:F1} s, {report.RowsPerS:N0} rows/s");
        if (report.Keys is not null)
            text.WriteLine($"  keys    {report.Keys}");
    }
}
