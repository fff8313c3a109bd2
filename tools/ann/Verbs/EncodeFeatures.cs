using System.Text.Json;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Encoding;
using Ann.Tool.Attributes;
using Ann.Tool.Bulk;
using Ann.Tool.Items;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary>What <c>ann encode</c> does with rows of numbers, for a tower of plain features.</summary>
internal static class EncodeFeatures
{
    private const int ChunkRows = 2048;

    /// <summary>What a message begins with of a row that is encoded by itself.</summary>
    private const string OneRow = "Row 0, ";

    /// <summary>Encodes a file of features or of item numbers, whichever the encoder reads.</summary>
    public static EncodeReport Run(ToolContext tool, EncodeRequest request, CancellationToken cancellation)
    {
        string input = request.Input;
        OutputPath.Require(tool.Files, request.Output, [.. EncodedHeaders.Extensions]);
        if (request.Encoder == EncoderChoice.Default)
        {
            throw AnnException.Invalid(
                "--encoder", $"the embedded encoder reads texts (.jsonl .csv .tsv .parquet); {input} needs --encoder TOWER.onnx.");
        }
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

    /// <summary>Encodes JSON lines whose members are the fields of a tower with named inputs; keys and attributes as of texts.</summary>
    public static EncodeReport RunFields(ToolContext tool, EncodeRequest request, CancellationToken cancellation)
    {
        OutputPath.Require(tool.Files, request.Output, [.. EncodedHeaders.Extensions]);
        ItemSource source = request.Source with { WantsObjects = true };
        if (source.Format != ItemFormat.Jsonl)
            throw AnnException.Invalid("--format", $"rows of named fields are JSON lines (.jsonl); {source.Name} is not.");
        using ItemReader reader = source.Open(tool);
        using FeatureEncoder encoder = FeatureEncoder.Open(tool.Files, request.Encoder, request.Options);
        EncoderChoice.Tell(tool, encoder.Info);
        long start = tool.Time.GetTimestamp();
        EncodedContent content = new(
            request.Output, encoder.Info, request.Attributes, new Dictionary<string, string> { ["input"] = "fields" }, request.Checkpoint);
        using EncodedFile file = EncodedFile.Open(tool, content, resumes: false);
        using (ProgressMeter progress = new(tool, "encode", "rows", total: null))
        {
            List<FeatureRow> rows = [];
            List<string> places = [];
            float[] vectors = new float[ChunkRows * encoder.Info.Dimension];
            while (Read(reader, encoder, rows, places) is { Count: > 0 } keys)
            {
                cancellation.ThrowIfCancellationRequested();
                Span<float> found = vectors.AsSpan(0, rows.Count * encoder.Info.Dimension);
                Encode(encoder, rows, found, i => $"{source.Name}: {places[i]}", cancellation);
                file.Write(found, keys, reader.TakeAttributes());
                progress.Report(file.Written, reader.Fraction);
            }
        }
        string sidecar = file.Commit(keysDiffer: false);
        return EncodeVerb.Report(request, sidecar, file.Written, encoder.Info, tool.SecondsSince(start));
    }

    /// <summary>Reads some rows, and where each of them was.</summary>
    /// <returns>Their keys.</returns>
    private static KeyColumn Read(ItemReader reader, FeatureEncoder encoder, List<FeatureRow> rows, List<string> places)
    {
        rows.Clear();
        places.Clear();
        KeyColumn? keys = null;
        while (rows.Count < ChunkRows && reader.TryRead())
        {
            using JsonDocument item = JsonDocument.Parse(reader.Text);
            try
            {
                rows.Add(encoder.RowOf(item.RootElement));
            }
            catch (AnnException e)
            {
                throw reader.Bad(e.Message, e);
            }
            places.Add(reader.Place);
            reader.AddKeyTo(keys ??= new KeyColumn(reader.KeyKind));
        }
        return keys ?? new KeyColumn(reader.KeyKind);
    }

    /// <summary>Encodes rows; of one that does not fit it tells where it was.</summary>
    private static void Encode(
        FeatureEncoder encoder, List<FeatureRow> rows, Span<float> vectors, Func<int, string> placeOf, CancellationToken cancellation)
    {
        try
        {
            encoder.Encode(rows, vectors, cancellation);
        }
        catch (AnnException e) when (e.Error == AnnError.InvalidArgument)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                try
                {
                    encoder.Encode([rows[i]], vectors[..encoder.Info.Dimension], cancellation);
                }
                catch (AnnException one) when (one.Error == AnnError.InvalidArgument)
                {
                    string what = one.Message.StartsWith(OneRow, StringComparison.Ordinal) ? one.Message[OneRow.Length..] : one.Message;
                    throw new AnnException(AnnError.InvalidArgument, $"{placeOf(i)}: {what}", one);
                }
            }
            throw;
        }
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
        EncodedContent content = new(
            request.Output, encoder, attributes.Schema, new Dictionary<string, string> { ["input"] = "features" }, request.Checkpoint);
        using EncodedFile file = EncodedFile.Open(tool, content, resumes: false);
        using (ProgressMeter progress = new(tool, "encode", "rows", count))
        {
            T[] rows = new T[ChunkRows * columns];
            float[] vectors = new float[ChunkRows * dimension];
            while (source.Read(rows) is int found and > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                source.Encode(rows.AsSpan(0, found * columns), found, vectors.AsSpan(0, found * dimension));
                AttributeBatch? items = attributes.Read<T>(rows.AsSpan(0, found * columns), found);
                file.Write(vectors.AsSpan(0, found * dimension), Part(keys, (int)file.Written, found), items);
                progress.Report(file.Written);
            }
        }
        attributes.End();
        string sidecar = file.Commit(keysDiffer: true);
        return EncodeVerb.Report(request, sidecar, count, encoder, tool.SecondsSince(start));
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

    private static KeyColumn Part(KeyColumn keys, int first, int count)
    {
        KeyColumn part = new(keys.Kind);
        for (int row = first; row < first + count; row++)
            part.Add(keys.KeyAt(row));
        return part;
    }
}
