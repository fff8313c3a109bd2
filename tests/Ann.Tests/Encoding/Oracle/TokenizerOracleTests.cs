using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ann.Encoding;
using Ann.Encoding.Tokenizers;

namespace Ann.Tests.Encoding.Oracle;

/// <summary>
/// Goal: our tokenizers read every text as Hugging Face's own library does, token for token. Special tokens spelled out in a text are the
/// one difference that is meant, so no text here has one.
/// </summary>
public sealed class TokenizerOracleTests
{
    private const int Seed = 20261130;

    private const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Metaspace = """{ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true }""";

    [Fact]
    public void WordPiece_reads_what_there_is_as_the_library_does()
    {
        string json = File.ReadAllText(Path.Combine(SharedData.Require("text-encoder"), "tokenizer.json"));

        AssertAgree("text-encoder", json, [.. WordNet(), .. HostileTexts.Take(3000, Seed)]);
    }

    public static TheoryData<string> Bpe => [.. BpeFiles.Keys];

    [Theory]
    [MemberData(nameof(Bpe))]
    public void Bpe_reads_as_the_library_does(string name) => AssertAgree(name, BpeFiles[name]().ToJsonString(), Texts());

    public static TheoryData<string> Unigram => [.. UnigramFiles.Keys];

    [Theory]
    [MemberData(nameof(Unigram))]
    public void Unigram_reads_as_the_library_does(string name) => AssertAgree(name, UnigramFiles[name]().ToJsonString(), Texts());

    /// <summary>
    /// Letters, marks, numbers and blanks are told apart alike to the last character. (WordPiece is left out: there the library knows the
    /// marks of an older Unicode, and 874 characters that came later are letters to it.)
    /// </summary>
    [Fact]
    public void Every_character_is_read_as_the_library_does()
    {
        List<string> texts = [.. Enumerable.Range(1, 0x31FFF)
            .Where(static value => Rune.IsValid(value) && Rune.GetUnicodeCategory(new Rune(value)) != UnicodeCategory.OtherNotAssigned)
            .Select(static value => new Rune(value)).Select(static rune => $"a{rune}b 1{rune}{rune}'{rune}2")];

        AssertAgree("qwen2", BpeFiles["qwen2"]().ToJsonString(), texts);
        AssertAgree("xlm-r", UnigramFiles["xlm-r"]().ToJsonString(), texts);
        AssertAgree("small letters", UnigramFiles["bytes, small letters"]().ToJsonString(), texts);
    }

    /// <summary>
    /// Parts by themselves: bytes show what a normaliser writes, and a blank in front of every piece where a text is cut.
    /// </summary>
    public static TheoryData<string, string> Parts => new()
    {
        { "normalizer", """{ "type": "NFD" }""" },
        { "normalizer", """{ "type": "NFKC" }""" },
        { "normalizer", """{ "type": "NFKD" }""" },
        { "normalizer", """{ "type": "Nmt" }""" },
        { "normalizer", """{ "type": "Sequence", "normalizers": [ { "type": "NFKD" }, { "type": "StripAccents" } ] }""" },
        { "pre_tokenizer", """{ "type": "Whitespace" }""" },
        { "pre_tokenizer", """{ "type": "BertPreTokenizer" }""" },
        { "pre_tokenizer", """{ "type": "Digits", "individual_digits": true }""" },
        { "pre_tokenizer", """{ "type": "Digits", "individual_digits": false }""" },
        { "pre_tokenizer", """{ "type": "Punctuation", "behavior": "Isolated" }""" },
        { "pre_tokenizer", """{ "type": "Punctuation", "behavior": "Removed" }""" },
        { "pre_tokenizer", """{ "type": "Punctuation", "behavior": "Contiguous" }""" },
        { "pre_tokenizer", """{ "type": "Punctuation", "behavior": "MergedWithPrevious" }""" },
        { "pre_tokenizer", """{ "type": "Punctuation", "behavior": "MergedWithNext" }""" },
    };

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_part_reads_as_the_library_does(string field, string part)
    {
        JsonNode blanks = JsonNode.Parse(
            """{ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": false }""")!;
        JsonObject file = field == "normalizer"
            ? TinyTokenizers.ByteLevel(JsonNode.Parse(part))
            : TinyTokenizers.ByteLevel(null, new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(JsonNode.Parse(part), blanks),
            });

        AssertAgree(part, file.ToJsonString(), [.. HostileTexts.Take(500, Seed), .. EveryCharacter()]);
    }

    /// <summary>All that is assigned; of ideographs and syllables, which are alike in this, one of seven.</summary>
    private static IEnumerable<string> EveryCharacter() => Enumerable.Range(1, 0x31FFF)
        .Where(static value => Rune.IsValid(value) && Rune.GetUnicodeCategory(new Rune(value)) != UnicodeCategory.OtherNotAssigned
            && (value % 7 == 0 || value is not ((>= 0x3400 and < 0xA000) or (>= 0xAC00 and < 0xD7A4) or (>= 0x20000 and < 0x2F800))))
        .Select(static value => new Rune(value)).Chunk(8)
        .Select(static some => string.Concat(some.Select(static rune => $"a{rune}b 1{rune}{rune}'2 ")));

    private static readonly Dictionary<string, Func<JsonObject>> BpeFiles = new()
    {
        ["gpt2"] = static () => TinyTokenizers.ByteLevel(),
        ["roberta with a space in front"] = static () => TinyTokenizers.ByteLevel(
            preTokenizer: JsonNode.Parse("""{ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true }""")),
        ["modernbert"] = static () => WithRuns(TinyTokenizers.ByteLevel(JsonNode.Parse("""{ "type": "NFC" }"""))),
        ["qwen2"] = static () => TinyTokenizers.ByteLevel(JsonNode.Parse("""{ "type": "NFC" }"""), Pattern(Qwen2)),
        ["llama3, whole words"] = static () => WithWholeWords(TinyTokenizers.ByteLevel(null, Pattern(Llama3))),
        ["bytes"] = static () => TinyTokenizers.MarkedBpe(byteFallback: true, fuses: false),
        ["unknown one by one"] = static () => TinyTokenizers.MarkedBpe(byteFallback: false, fuses: false),
        ["unknown fused"] = static () => TinyTokenizers.MarkedBpe(byteFallback: false, fuses: true),
    };

    private static readonly Dictionary<string, Func<JsonObject>> UnigramFiles = new()
    {
        ["plain"] = static () => TinyTokenizers.Unigram(null, Metaspace),
        ["first, whole"] = static () => TinyTokenizers.Unigram(
            null, """{ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false }"""),
        ["t5"] = static () => TinyTokenizers.Unigram(
            PrecompiledMaps.Normalizer(),
            $$"""{ "type": "Sequence", "pretokenizers": [ { "type": "WhitespaceSplit" }, {{Metaspace}} ] }"""),
        ["xlm-r"] = static () => TinyTokenizers.Unigram(
            new JsonObject
            {
                ["type"] = "Sequence",
                ["normalizers"] = new JsonArray(
                    PrecompiledMaps.Normalizer(),
                    JsonNode.Parse("""{ "type": "Strip", "strip_left": false, "strip_right": true }"""),
                    JsonNode.Parse("""{ "type": "Replace", "pattern": { "Regex": " {2,}" }, "content": "▁" }""")),
            },
            """{ "type": "Metaspace", "replacement": "▁", "add_prefix_space": true }"""),
        ["bytes, small letters"] = static () => TinyTokenizers.Unigram(
            JsonNode.Parse(
                """
                { "type": "Sequence",
                  "normalizers": [ { "type": "NFC" }, { "type": "Lowercase" }, { "type": "Prepend", "prepend": "▁" } ] }
                """),
            """{ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": false }""", byteFallback: true),
    };

    private static JsonObject Pattern(string regex) => new JsonObject
    {
        ["type"] = "Sequence",
        ["pretokenizers"] = new JsonArray(
            new JsonObject
            {
                ["type"] = "Split",
                ["pattern"] = new JsonObject { ["Regex"] = regex },
                ["behavior"] = "Isolated",
                ["invert"] = false,
            },
            JsonNode.Parse("""{ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false }""")),
    };

    /// <summary>Tokens that are looked for in texts, as ModernBERT has them for runs of blanks.</summary>
    private static JsonObject WithRuns(JsonObject file)
    {
        JsonArray added = file["added_tokens"]!.AsArray();
        string[] runs = ["|||X|||", "  ", "   ", "caf\u00E9"];
        int next = file["model"]!["vocab"]!.AsObject().Count; // The library numbers them itself, from here on.
        for (int i = 0; i < runs.Length; i++)
            added.Add((JsonNode)TinyTokenizers.Added(runs[i], next + i, isSpecial: false, isNormalized: i != 1));
        return file;
    }

    private static JsonObject WithWholeWords(JsonObject file)
    {
        JsonObject model = file["model"]!.AsObject();
        model["ignore_merges"] = true;
        model["vocab"]!.AsObject()["Shoes"] = 900;
        model["vocab"]!.AsObject()["\u0120red"] = 901;
        return file;
    }

    private static List<string> Texts() => [.. WordNet().Take(2000), .. HostileTexts.Take(3000, Seed)];

    private static IEnumerable<string> WordNet()
    {
        string path = Path.Combine(SharedData.Require("wordnet"), "synsets.tsv");
        return File.ReadLines(path).Where(static (_, line) => line % 6 == 0)
            .Select(static line => string.Join(' ', line.Split('\t')[3..5]));
    }

    private static void AssertAgree(string name, string json, List<string> texts)
    {
        using TokenizerOracle oracle = new(json);
        using HuggingFaceTokenizerFile file = HuggingFaceTokenizerFile.Open("tokenizer.json", System.Text.Encoding.UTF8.GetBytes(json));
        ITextTokenizer tokenizer = file.Kind == TokenizerKind.WordPiece
            ? new WordPieceTextTokenizer(file.WordPiece(), new BertTextNormalizer(Lowercase: true, StripAccents: true, SplitCjk: true))
            : file.Pieces(null);
        using TokenBuffer tokens = new(1, hasWeights: false);
        List<string> differences = [];
        foreach (string text in texts)
        {
            tokens.Clear();
            tokenizer.Tokenize(text, int.MaxValue / 4, tokens);
            tokens.EndRow();
            long[] expected = oracle.Ids(text), actual = tokens.Ids(0).ToArray();
            if (!expected.SequenceEqual(actual))
                differences.Add($"{Escaped(text)}: expected {string.Join(' ', expected)}; found {string.Join(' ', actual)}");
        }
        TestContext.Current.SendDiagnosticMessage($"{name}: {texts.Count} texts, {differences.Count} read in another way (seed {Seed})");
        Assert.True(
            differences.Count == 0,
            $"{name}, seed {Seed}: {differences.Count} of {texts.Count} differ:\n" +
            string.Join('\n', differences.OrderBy(static one => one.Length).Take(12)));
    }

    private static string Escaped(string text) => string.Concat(text.Take(80).Select(static one =>
        one is >= ' ' and <= '~' ? one.ToString() : $"\\u{(int)one:X4}"));
}
