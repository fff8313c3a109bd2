using System.Text.Json.Nodes;

namespace Ann.Tests.Encoding.Oracle;

/// <summary>Files of tokenizers with a few tokens, written here: nothing is trained.</summary>
internal static class TinyTokenizers
{
    private static readonly string[] ByteMerges =
    [
        "\u0120 t", "h e", "\u0120t he", "i n", "in g", "\u0120 a", "e r", "\u0120 \u0120", "\u0120\u0120 \u0120\u0120", "r e", "e n",
        "a t", "o n",
        "1 2", "' s", "\u00C3 \u00A9", "\u00CC \u0123", "\u00F0 \u0141", "\u00F0\u0141 \u013A", "a a", "aa aa", "aaaa aaaa", "s h",
        "sh o", "o e",
        "sho es", "e s", "d o", "do n", "c a", "ca f", ". .", "... ...", ".. .", "\u00E4 \u00B8", "\u00E4\u00B8 \u0143",
    ];

    /// <summary>Byte-level BPE as GPT-2, RoBERTa and ModernBERT have it.</summary>
    public static JsonObject ByteLevel(JsonNode? normalizer = null, JsonNode? preTokenizer = null, JsonNode? postProcessor = null)
    {
        JsonObject vocabulary = [];
        foreach (string token in (string[])["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
            vocabulary[token] = vocabulary.Count;
        for (int value = 0, next = 0x100; value < 256; value++)
        {
            bool isSeen = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            vocabulary[((char)(isSeen ? value : next++)).ToString()] = vocabulary.Count;
        }
        foreach (string merge in ByteMerges.Where(static merge => !merge.StartsWith("... ", StringComparison.Ordinal)))
            vocabulary.TryAdd(merge.Replace(" ", "", StringComparison.Ordinal), vocabulary.Count);
        return File(
            normalizer,
            preTokenizer ?? JsonNode.Parse(
                """{ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true }"""),
            postProcessor ?? JsonNode.Parse(
                """
                { "type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": true,
                  "add_prefix_space": false }
                """),
            new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = "",
                ["end_of_word_suffix"] = "",
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. ByteMerges.Where(static merge => !merge.StartsWith("... ", StringComparison.Ordinal))
                    .Select(static merge => (JsonNode)merge)]),
            },
            "<s>", "<pad>", "</s>", "<unk>", "<mask>");
    }

    /// <summary>BPE over marked spaces, as Llama 2 and Gemma have it; unknown characters by bytes, or one token.</summary>
    public static JsonObject MarkedBpe(bool byteFallback, bool fuses)
    {
        JsonObject vocabulary = [];
        foreach (string token in (string[])["<pad>", "<eos>", "<bos>", "<unk>"])
            vocabulary[token] = vocabulary.Count;
        if (byteFallback)
            for (int value = 0; value < 256; value++)
                vocabulary[$"<0x{value:X2}>"] = vocabulary.Count;
        string[] merges = ["\u2581 t", "h e", "\u2581t he", "r e", "re d", "\u2581 \u2581", "\u4E2D \u6587", "s h", "o e", "sh oe"];
        foreach (string merge in merges)
            foreach (string token in (string[])[.. merge.Split(' '), merge.Replace(" ", "", StringComparison.Ordinal)])
                vocabulary.TryAdd(token, vocabulary.Count);
        return File(
            JsonNode.Parse("""{ "type": "Replace", "pattern": { "String": " " }, "content": "\u2581" }"""),
            JsonNode.Parse(
                """{ "type": "Split", "pattern": { "String": " " }, "behavior": "MergedWithPrevious", "invert": false }"""),
            Template(("<bos>", 2), ("<eos>", 1)),
            new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = "<unk>",
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = fuses,
                ["byte_fallback"] = byteFallback,
                ["ignore_merges"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. merges.Select(static merge => (JsonNode)new JsonArray([.. merge.Split(' ')
                    .Select(static part => (JsonNode)part)]))]),
            },
            "<pad>", "<eos>", "<bos>", "<unk>");
    }

    /// <summary>Unigram over marked spaces, as XLM-R and T5 have it.</summary>
    public static JsonObject Unigram(JsonNode? normalizer, string preTokenizer, bool byteFallback = false)
    {
        JsonArray pieces = [];
        void Add(string piece, double score) => pieces.Add((JsonNode)new JsonArray(piece, score));
        foreach (string special in (string[])["<s>", "<pad>", "</s>", "<unk>"])
            Add(special, 0);
        if (byteFallback)
            for (int value = 0; value < 256; value++)
                Add($"<0x{value:X2}>", 0);
        string[] words =
        [
            "\u2581", "\u2581the", "the", "th", "e", "t", "h", "\u2581red", "red", "re", "d", "r", "s", "\u2581s", "Shoes", "oes", "o",
            "ing", "in",
            "thing", "n", "g", "a", "aa", "aaaa", "aaaaaaaa", "c", "f", "caf", "\u00E9", "\u2581caf\u00E9", "1", "2", "12", "0", "4",
            "\u4E2D",
            "\u4E2D\u6587", "\u6587", "'", "'s", ".", "..", "...", "don", "'t", "\U0001F600", "\U0001F468", "k", "\u03C3", "i", "st",
            "bul", "\u2581\u2581",
        ];
        for (int i = 0; i < words.Length; i++)
            Add(words[i], -2.5 - 0.37 * i % 7 - 0.011 * i);
        return File(
            normalizer, JsonNode.Parse(preTokenizer), Template(("<s>", 0), ("</s>", 2)),
            new JsonObject { ["type"] = "Unigram", ["unk_id"] = 3, ["vocab"] = pieces, ["byte_fallback"] = byteFallback },
            "<s>", "<pad>", "</s>", "<unk>");
    }

    private static JsonNode Template((string Token, int Id) first, (string Token, int Id) last) => JsonNode.Parse($$"""
        { "type": "TemplateProcessing",
          "single": [ { "SpecialToken": { "id": "{{first.Token}}", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } },
                      { "SpecialToken": { "id": "{{last.Token}}", "type_id": 0 } } ],
          "pair": [ { "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 0 } } ],
          "special_tokens": { "{{first.Token}}": { "id": "{{first.Token}}", "ids": [{{first.Id}}], "tokens": ["{{first.Token}}"] },
                              "{{last.Token}}": { "id": "{{last.Token}}", "ids": [{{last.Id}}], "tokens": ["{{last.Token}}"] } } }
        """)!;

    private static JsonObject File(
        JsonNode? normalizer, JsonNode? preTokenizer, JsonNode? postProcessor, JsonObject model, params string[] special)
    {
        JsonArray added = [];
        foreach (string token in special)
            added.Add((JsonNode)Added(token, model["vocab"] is JsonObject ids
                ? ids[token]!.GetValue<int>()
                : model["vocab"]!.AsArray().ToList().FindIndex(piece => piece![0]!.GetValue<string>() == token), isSpecial: true));
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = normalizer,
            ["pre_tokenizer"] = preTokenizer,
            ["post_processor"] = postProcessor,
            ["decoder"] = null,
            ["model"] = model,
        };
    }

    /// <summary>An entry of <c>added_tokens</c>.</summary>
    public static JsonObject Added(string content, int id, bool isSpecial, bool isNormalized = false) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = isNormalized,
        ["special"] = isSpecial,
    };
}
