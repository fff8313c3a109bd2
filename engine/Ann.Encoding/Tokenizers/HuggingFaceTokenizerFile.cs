using System.Text.Json;
using Ann.Core;

namespace Ann.Encoding.Tokenizers;

/// <summary>Reads a Hugging Face <c>tokenizer.json</c> of the WordPiece type.</summary>
internal static class HuggingFaceTokenizerFile
{
    private const int MaxTokenCount = 4_000_000;

    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: not JSON, or not a WordPiece tokenizer with a BERT normaliser.</exception>
    public static WordPieceVocabulary Read(string path, byte[] content)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(content);
            return Read(path, document.RootElement);
        }
        catch (JsonException e)
        {
            throw AnnException.BadInput(path, "", "is not JSON: " + e.Message, e);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw AnnException.BadInput(path, "", "has not the shape of a tokenizer.json: " + e.Message, e);
        }
    }

    private static WordPieceVocabulary Read(string path, JsonElement root)
    {
        JsonElement model = root.GetProperty("model");
        string? type = Text(model, "type");
        if (type != "WordPiece")
            throw AnnException.BadInput(path, "field 'model.type'", $"expected 'WordPiece'; found '{type}'.");

        WordPieceVocabulary vocabulary = new(Tokens(path, root, model))
        {
            UnknownToken = Text(model, "unk_token") ?? "[UNK]",
            ContinuationPrefix = Text(model, "continuing_subword_prefix") ?? "##",
            MaxCharactersPerWord = Number(model, "max_input_chars_per_word") ?? 100,
            MaxTokens = Object(root, "truncation") is { } truncation ? Number(truncation, "max_length") : null,
        };
        if (Object(root, "normalizer") is { } normalizer)
            vocabulary = WithNormalizer(path, vocabulary, normalizer);
        return vocabulary.Checked(path);
    }

    private static WordPieceVocabulary WithNormalizer(string path, WordPieceVocabulary vocabulary, JsonElement normalizer)
    {
        string? type = Text(normalizer, "type");
        if (type == "Lowercase")
            return vocabulary with { Lowercase = true, StripAccents = false, SplitCjk = false };
        if (type != "BertNormalizer")
            throw AnnException.BadInput(path, "field 'normalizer.type'", $"expected 'BertNormalizer' or 'Lowercase'; found '{type}'.");
        return vocabulary with
        {
            Lowercase = Flag(normalizer, "lowercase"),
            StripAccents = Flag(normalizer, "strip_accents"),
            SplitCjk = Flag(normalizer, "handle_chinese_chars"),
        };
    }

    /// <summary>Ids that no token has get a name that no text can spell.</summary>
    private static string[] Tokens(string path, JsonElement root, JsonElement model)
    {
        SortedDictionary<int, string> tokens = [];
        foreach (JsonProperty entry in model.GetProperty("vocab").EnumerateObject())
            tokens[entry.Value.GetInt32()] = entry.Name;
        if (root.TryGetProperty("added_tokens", out JsonElement added) && added.ValueKind == JsonValueKind.Array)
            foreach (JsonElement token in added.EnumerateArray())
                tokens[token.GetProperty("id").GetInt32()] = token.GetProperty("content").GetString()!;
        if (tokens.Count == 0 || tokens.Keys.First() < 0 || tokens.Keys.Last() >= MaxTokenCount)
            throw AnnException.BadInput(path, "field 'model.vocab'", $"expected ids from 0 to at most {MaxTokenCount - 1}; found {tokens.Count} tokens.");

        string[] list = new string[tokens.Keys.Last() + 1];
        for (int id = 0; id < list.Length; id++)
            list[id] = tokens.TryGetValue(id, out string? token) ? token : $"\u0001unused {id}";
        return list;
    }

    private static JsonElement? Object(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetString() : null;

    private static int? Number(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetInt32() : null;

    private static bool? Flag(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetBoolean() : null;
}
