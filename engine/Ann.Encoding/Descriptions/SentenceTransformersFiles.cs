using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;

namespace Ann.Encoding.Descriptions;

/// <summary>
/// What the files say that sentence-transformers and Hugging Face write beside a model: <c>modules.json</c>, the pooling module,
/// <c>sentence_bert_config.json</c>, <c>tokenizer_config.json</c>, <c>config_sentence_transformers.json</c>. Null: none of them says it.
/// </summary>
/// <remarks>
/// The format is that of sentence-transformers 2 to 5 (Reimers and Gurevych 2019). A module or a pooling that is not known here is named,
/// and refused where it would have to be computed here.
/// </remarks>
internal sealed record SentenceTransformersFiles
{
    private const int LongestPrompt = 4096;

    /// <summary>Folder of the transformer module, below the encoder's; empty for the encoder's own.</summary>
    public string TransformerFolder { get; private init; } = "";

    /// <summary>How token vectors become one.</summary>
    public Said<Pooling>? Pooling { get; private init; }

    /// <summary>Whether a module scales rows to length 1.</summary>
    public Said<bool>? Normalize { get; private init; }

    /// <summary>Components of a token's vector.</summary>
    public Said<int>? Dimension { get; private init; }

    /// <summary>Longest text in tokens.</summary>
    public Said<int>? MaxTokens { get; private init; }

    /// <summary>Texts are put in lower case in front of the tokenizer.</summary>
    public Said<bool>? LowercaseTexts { get; private init; }

    /// <summary>In front of queries.</summary>
    public Said<string>? QueryPrefix { get; private init; }

    /// <summary>In front of documents.</summary>
    public Said<string>? DocumentPrefix { get; private init; }

    /// <summary>The tokenizer's own lower case, accents and Chinese characters.</summary>
    public TokenizerDescription Tokenizer { get; private init; } = new();

    /// <summary>The token that pads.</summary>
    public string? PaddingToken { get; private init; }

    /// <summary>What these modules do that is not done here; null when there is nothing.</summary>
    public Said<string>? Unknown { get; private init; }

    /// <summary>Reads those files of a directory that there are.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: one is no JSON, or a field is of another type.</exception>
    public static SentenceTransformersFiles Read(IFileSystem files, string root)
    {
        SentenceTransformersFiles found = new();
        string pooling = "1_Pooling";
        if (Open(files, root, "modules.json") is { } modules)
            using (modules)
                found = found.WithModules(Path.Combine(root, "modules.json"), modules.RootElement, ref pooling);
        found = found.With(files, root, Path.Combine(pooling, "config.json"), static (all, fields, place) =>
            all.WithPooling(fields, place));
        string folder = found.TransformerFolder;
        found = found.With(files, root, Path.Combine(folder, "tokenizer_config.json"), static (all, fields, place) =>
            all.WithTokenizer(fields, place));
        found = found.With(files, root, Path.Combine(folder, "sentence_bert_config.json"), static (all, fields, place) => all with
        {
            MaxTokens = fields.Length("max_seq_length") is { } most
                ? new Said<int>(most, $"{place} (max_seq_length)")
                : all.MaxTokens,
            LowercaseTexts = fields.Flag("do_lower_case") is { } lower ? new Said<bool>(lower, $"{place} (do_lower_case)") : null,
        });
        return found.With(files, root, "config_sentence_transformers.json", static (all, fields, place) => all.WithPrompts(fields, place));
    }

    private SentenceTransformersFiles WithModules(string path, JsonElement root, ref string pooling)
    {
        if (root.ValueKind != JsonValueKind.Array)
            throw AnnException.BadInput(path, "", $"expected a list of modules; found {root.ValueKind}.");
        SentenceTransformersFiles found = this with { Normalize = new Said<bool>(false, "modules.json (no module Normalize)") };
        int place = 0;
        foreach (JsonElement element in root.EnumerateArray())
        {
            JsonFields module = new(path, $"[{place}].", element);
            string type = module.Text("type") ?? throw AnnException.BadInput(path, $"[{place}]", "expected a field 'type'.");
            string folder = element.TryGetProperty("path", out JsonElement empty) && empty.ValueKind == JsonValueKind.String
                && empty.GetString()!.Length == 0 ? "" : module.RelativePath("path") ?? "";
            switch (type[(type.LastIndexOf('.') + 1)..])
            {
                case "Transformer" when place == 0:
                    found = found with { TransformerFolder = folder };
                    break;
                case "Pooling" when place == 1:
                    pooling = folder;
                    break;
                case "Normalize":
                    found = found with { Normalize = new Said<bool>(true, "modules.json (module Normalize)") };
                    break;
                default:
                    found = found with { Unknown = found.Unknown ?? new Said<string>($"module '{type}' in place {place}", "modules.json") };
                    break;
            }
            place++;
        }
        return found;
    }

    private SentenceTransformersFiles WithPooling(JsonFields fields, string place)
    {
        (string Field, Pooling? Pooling)[] modes =
        [
            ("pooling_mode_cls_token", Encoding.Pooling.Cls),
            ("pooling_mode_mean_tokens", Encoding.Pooling.Mean),
            ("pooling_mode_max_tokens", Encoding.Pooling.Max),
            ("pooling_mode_lasttoken", Encoding.Pooling.Last),
            ("pooling_mode_mean_sqrt_len_tokens", null),
            ("pooling_mode_weightedmean_tokens", null),
        ];
        (string Field, Pooling? Pooling)[] chosen = [.. modes.Where(mode => fields.Flag(mode.Field) == true)];
        if (chosen.Length == 0 && fields.Text("pooling_mode") is { } word)
            chosen = [("pooling_mode " + word, modes.FirstOrDefault(mode => Short(mode.Field) == word).Pooling)];
        bool leavesPrompts = fields.Flag("include_prompt") == false;
        SentenceTransformersFiles found = this with
        {
            Dimension = (fields.Length("word_embedding_dimension") ?? fields.Length("embedding_dimension")) is { } dimension
                ? new Said<int>(dimension, $"{place} (word_embedding_dimension)")
                : null,
        };
        if (leavesPrompts)
            return found with { Unknown = Unknown ?? new Said<string>("include_prompt false", place) };
        if (chosen is [(_, { } pooling)])
            return found with { Pooling = new Said<Pooling>(pooling, $"{place} ({chosen[0].Field})") };
        return chosen.Length == 0 ? found : found with
        {
            Unknown = Unknown ?? new Said<string>(string.Join(" with ", chosen.Select(static mode => mode.Field)), place),
        };

        static string Short(string field) => field["pooling_mode_".Length..].Replace("_tokens", "", StringComparison.Ordinal)
            .Replace("_token", "", StringComparison.Ordinal);
    }

    private SentenceTransformersFiles WithTokenizer(JsonFields fields, string place) => this with
    {
        MaxTokens = fields.Length("model_max_length") is { } most and < int.MaxValue
            ? new Said<int>(most, $"{place} (model_max_length)")
            : null,
        PaddingToken = fields.Token("pad_token"),
        Tokenizer = new TokenizerDescription
        {
            Lowercase = fields.Flag("do_lower_case"),
            StripAccents = fields.Flag("strip_accents"),
            SplitCjk = fields.Flag("tokenize_chinese_chars"),
        },
    };

    /// <summary>As <c>encode_query</c> and <c>encode_document</c> choose: by name, else the default prompt.</summary>
    private SentenceTransformersFiles WithPrompts(JsonFields fields, string place)
    {
        if (fields.Object("prompts") is not { } prompts)
            return this;
        string? usual = fields.Text("default_prompt_name");
        return this with { QueryPrefix = Prompt("query"), DocumentPrefix = Prompt("document", "passage", "corpus") };

        Said<string>? Prompt(params ReadOnlySpan<string> names)
        {
            foreach (string name in (ReadOnlySpan<string>)[.. names, usual ?? ""])
                if (name.Length > 0 && prompts.AnyText(name, LongestPrompt) is { } prompt)
                    return new Said<string>(prompt, $"{place} (prompts.{name})");
            return null;
        }
    }

    private SentenceTransformersFiles With(
        IFileSystem files, string root, string name,
        Func<SentenceTransformersFiles, JsonFields, string, SentenceTransformersFiles> read)
    {
        using JsonDocument? document = Open(files, root, name);
        return document is null ? this : read(this, new JsonFields(Path.Combine(root, name), "", document.RootElement), name);
    }

    private static JsonDocument? Open(IFileSystem files, string root, string name)
    {
        string path = Path.Combine(root, name);
        return files.FileExists(path) ? JsonFields.Parse(path, EncoderFiles.ReadAll(files, path)) : null;
    }
}
