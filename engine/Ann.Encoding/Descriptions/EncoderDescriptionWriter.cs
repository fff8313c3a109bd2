using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ann.Encoding.Descriptions;

/// <summary>Writes <c>encoder.json</c>: the fields that are said, as <see cref="EncoderDescriptionReader"/> reads them.</summary>
internal static class EncoderDescriptionWriter
{
    /// <summary>The file's content.</summary>
    public static byte[] Write(EncoderDescription description)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(
            stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" }))
        {
            json.WriteStartObject();
            Text("kind", Word(description.Kind));
            Text("model", description.Model);
            Number("max_tokens", description.MaxTokens);
            Text("pooling", Word(description.Pooling));
            Flag("normalize", description.Normalize);
            Number("dimension", description.Dimension);
            Number("truncate_dimension", description.TruncateDimension);
            Text("query_prefix", description.QueryPrefix);
            Text("document_prefix", description.DocumentPrefix);
            if (description.Tokenizer is { } tokenizer)
            {
                json.WriteStartObject("tokenizer");
                Text("type", tokenizer.Kind == TokenizerKind.HashedNgrams ? "hashed-ngrams" : Word(tokenizer.Kind));
                Text("file", tokenizer.File);
                Flag("lowercase", tokenizer.Lowercase);
                Flag("strip_accents", tokenizer.StripAccents);
                Flag("split_cjk", tokenizer.SplitCjk);
                Number("buckets", tokenizer.Buckets);
                Number("min_ngram", tokenizer.MinNgram);
                Number("max_ngram", tokenizer.MaxNgram);
                json.WriteEndObject();
            }
            EncoderInputs inputs = description.Inputs;
            if (inputs != new EncoderInputs())
            {
                json.WriteStartObject("inputs");
                Text("ids", inputs.Ids);
                Text("mask", inputs.Mask);
                Text("types", inputs.Types);
                Text("positions", inputs.Positions);
                Text("weights", inputs.Weights);
                Text("features", inputs.Features);
                json.WriteEndObject();
            }
            if (description.Fields is { } fields)
            {
                json.WriteStartArray("fields");
                foreach (FeatureFieldDescription field in fields)
                    Field(field);
                json.WriteEndArray();
            }
            Text("output", description.Output);
            json.WriteEndObject();

            void Field(FeatureFieldDescription field)
            {
                json.WriteStartObject();
                Text("name", field.Name);
                Text("input", field.Input);
                Text("type", Word<FeatureFieldType>(field.Type));
                Number("columns", field.Columns);
                Number("length", field.Length);
                Number("padding", field.Padding);
                Text("keep", Word(field.Keep));
                Text("mask", field.Mask);
                Text("lengths", field.Lengths);
                Flag("optional", field.Optional);
                Text("vocabulary", field.Vocabulary);
                Number("unknown", field.Unknown);
                Number("hash_buckets", field.HashBuckets);
                Number("seed", field.Seed);
                Number("offset", field.Offset);
                json.WriteEndObject();
            }

            void Text(string name, string? value)
            {
                if (value is not null)
                    json.WriteString(name, value);
            }

            void Number(string name, long? value)
            {
                if (value is { } number)
                    json.WriteNumber(name, number);
            }

            void Flag(string name, bool? value)
            {
                if (value is { } flag)
                    json.WriteBoolean(name, flag);
            }
        }
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static string? Word<T>(T? value)
        where T : struct, Enum => value?.ToString().ToLowerInvariant();
}
