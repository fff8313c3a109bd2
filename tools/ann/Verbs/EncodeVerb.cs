using System.CommandLine;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core.Files.Formats;
using Ann.Core.Segments;
using Ann.Encoding;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann encode</c>: texts in, vectors out, with their keys beside them.</summary>
internal static class EncodeVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> input = VerbOptions.Required("--input", "FILE", "Texts: .jsonl with \"id\" and \"text\" (or \"title\", or both) a line.");
        Option<string> output = VerbOptions.Required(
            "--output", "FILE", "Vectors: .npy .fbin .jsonl. Keys and encoder go to OUTPUT.keys.jsonl, where build finds them.");
        EncoderChoice encoder = new();
        Option<int> batch = VerbOptions.Number("--batch", "Texts handed to the encoder at once.", 1024, 1, 65_536);
        Option<bool> json = VerbOptions.Json();

        Verb command = new("encode",
            "Turn items into vectors with an ONNX encoder.",
            "ann encode --input items.jsonl --output items.npy",
            "ann encode --input items.jsonl --output items.npy --encoder models/my-encoder --providers cuda,cpu")
        {
            input, output,
        };
        encoder.AddTo(command);
        command.Add(batch);
        command.Add(json);
        command.SetAction((parsed, cancellation) =>
        {
            EncodeReport report = RunTexts(
                tool, parsed.GetRequiredValue(input), parsed.GetRequiredValue(output), encoder.Name(parsed), encoder.Options(parsed),
                parsed.GetValue(batch), cancellation);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.EncodeReport);
            else
                Print(tool.Out, report);
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    /// <summary>Encodes one file of texts.</summary>
    public static EncodeReport RunTexts(
        ToolContext tool, string input, string output, string encoderName, EncoderOptions options, int batch, CancellationToken cancellation)
    {
        OutputPath.Require(tool.Files, output, [.. VectorFile.WriteExtensions]);
        using JsonlTextReader reader = new(tool.Files, input);
        using TextEncoder encoder = EncoderChoice.OpenText(tool, encoderName, options);
        int dimension = encoder.Info.Dimension;
        long start = tool.Time.GetTimestamp();

        List<string> texts = [];
        float[] rows = new float[batch * dimension];
        XxHash3 hash = new();
        using VectorWriter writer = VectorFile.CreateWriter(tool.Files, output, reader.Count, dimension, reader.Keys);
        using (ProgressMeter progress = new(tool, "encode", "rows", reader.Count))
        {
            while (reader.ReadTexts(texts, batch) > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                Span<float> values = rows.AsSpan(0, texts.Count * dimension);
                encoder.Encode(texts, values, cancellation);
                hash.Append(MemoryMarshal.AsBytes(values));
                writer.Write(values);
                progress.Report(writer.Written);
            }
        }
        reader.RequireUniqueKeys();

        KeySidecarHeader header = new()
        {
            KeyType = reader.Keys.Kind == KeyKind.UInt64 ? "uint64" : "string",
            Rows = reader.Count,
            Dimension = dimension,
            EncoderFingerprint = encoder.Info.FingerprintText,
            EncoderName = encoder.Info.Name,
            RowsHash = InputRows.RowsHash(hash),
            KeysInline = output.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase),
        };
        // The sidecar comes first: left alone it is recognised as another file's, while vectors without keys would be numbered silently.
        string? sidecar = tool.Files.IsDevice(output) ? null : KeySidecar.PathOf(output);
        writer.Flush();
        if (sidecar is not null)
            KeySidecar.Write(tool.Files, sidecar, header, reader.Keys);
        writer.Commit();
        double seconds = tool.SecondsSince(start);
        return new EncodeReport
        {
            Input = input,
            Output = output,
            Keys = sidecar,
            Rows = reader.Count,
            Dimension = dimension,
            EncoderName = encoder.Info.Name,
            EncoderFingerprint = encoder.Info.FingerprintText,
            Provider = encoder.Info.Provider,
            Seconds = seconds,
            RowsPerS = reader.Count / seconds,
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
