using System.Text.Json;
using Ann.Core;

namespace Ann.Encoding.Descriptions;

/// <summary>
/// Reads <c>encoder.json</c> field by field, so that a message can name the field.
/// Unknown fields are errors: they are mostly typing errors.
/// </summary>
internal static class EncoderDescriptionReader
{
    private const int MostFields = 1024, LongestList = 65_536;

    private const int MaxTokensLimit = 8192, MaxDimension = 16_384, MaxBuckets = 1 << 24, LongestNgram = 8, LongestPrefix = 4096;

    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: not JSON, or a field is unknown, of another type or out of range; names file, field, what
    /// was expected and what was found.
    /// </exception>
    public static EncoderDescription Read(string path, byte[] content)
    {
        using JsonDocument document = JsonFields.Parse(path, content);
        return Encoder(new JsonFields(path, "", document.RootElement));
    }

    private static EncoderDescription Encoder(JsonFields fields)
    {
        EncoderDescription description = new()
        {
            Kind = fields.Choice("kind", ("text", EncoderKind.Text), ("features", EncoderKind.Features)),
            Model = fields.RelativePath("model"),
            Tokenizer = fields.Object("tokenizer") is { } tokenizer ? Tokenizer(tokenizer) : null,
            MaxTokens = fields.Number("max_tokens", 3, MaxTokensLimit),
            Pooling = fields.Choice(
                "pooling", ("mean", Pooling.Mean), ("cls", Pooling.Cls), ("max", Pooling.Max), ("last", Pooling.Last),
                ("none", Pooling.None)),
            Normalize = fields.Flag("normalize"),
            Dimension = fields.Number("dimension", 1, MaxDimension),
            TruncateDimension = fields.Number("truncate_dimension", 1, MaxDimension),
            QueryPrefix = fields.AnyText("query_prefix", LongestPrefix),
            DocumentPrefix = fields.AnyText("document_prefix", LongestPrefix),
            Inputs = fields.Object("inputs") is { } inputs ? Inputs(inputs) : new EncoderInputs(),
            Fields = fields.Objects("fields", MostFields) is { } rows ? [.. rows.Select(Field)] : null,
            Output = fields.Text("output"),
        };
        fields.RefuseOthers();
        return description;
    }

    private static TokenizerDescription Tokenizer(JsonFields fields)
    {
        TokenizerDescription description = new()
        {
            Kind = fields.Choice(
                "type", ("wordpiece", TokenizerKind.WordPiece), ("bpe", TokenizerKind.Bpe), ("unigram", TokenizerKind.Unigram),
                ("hashed-ngrams", TokenizerKind.HashedNgrams)),
            File = fields.RelativePath("file"),
            Lowercase = fields.Flag("lowercase"),
            StripAccents = fields.Flag("strip_accents"),
            SplitCjk = fields.Flag("split_cjk"),
            Buckets = fields.Number("buckets", 256, MaxBuckets),
            MinNgram = fields.Number("min_ngram", 1, LongestNgram),
            MaxNgram = fields.Number("max_ngram", 1, LongestNgram),
        };
        fields.RefuseOthers();
        return description;
    }

    private static FeatureFieldDescription Field(JsonFields fields)
    {
        FeatureFieldDescription description = new()
        {
            Name = fields.Required("name", fields.Text("name")),
            Input = fields.Text("input"),
            Type = fields.Choice(
                "type", ("float", FeatureFieldType.Float), ("id", FeatureFieldType.Id), ("string", FeatureFieldType.String))
                ?? FeatureFieldType.Float,
            Columns = fields.Number("columns", 1, MaxDimension),
            Length = fields.Number("length", 1, LongestList),
            Padding = fields.Number("padding", int.MinValue, int.MaxValue),
            Keep = fields.Choice("keep", ("first", FeatureListEnd.First), ("last", FeatureListEnd.Last)),
            Mask = fields.Text("mask"),
            Lengths = fields.Text("lengths"),
            Optional = fields.Flag("optional"),
            Vocabulary = fields.RelativePath("vocabulary"),
            Unknown = fields.Number("unknown", int.MinValue, int.MaxValue),
            HashBuckets = fields.Number("hash_buckets", 1, int.MaxValue),
            Seed = fields.Number("seed", 0, int.MaxValue),
            Offset = fields.Number("offset", 0, int.MaxValue),
        };
        fields.RefuseOthers();
        return description;
    }

    private static EncoderInputs Inputs(JsonFields fields)
    {
        EncoderInputs inputs = new()
        {
            Ids = fields.Text("ids"),
            Mask = fields.Text("mask"),
            Types = fields.Text("types"),
            Positions = fields.Text("positions"),
            Weights = fields.Text("weights"),
            Features = fields.Text("features"),
        };
        fields.RefuseOthers();
        return inputs;
    }
}
