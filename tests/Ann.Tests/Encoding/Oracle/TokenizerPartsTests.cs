using System.Text.Json.Nodes;
using Ann.Core;
using Ann.Encoding;
using Ann.Encoding.Tokenizers;

namespace Ann.Tests.Encoding.Oracle;

/// <summary>Goal: a part of a <c>tokenizer.json</c> that is not implemented is refused by its name, never left out.</summary>
public sealed class TokenizerPartsTests
{
    [Theory]
    [InlineData("normalizer", """{ "type": "ByteLevel" }""", "field 'normalizer.type': expected Sequence, NFC,")]
    [InlineData(
        "normalizer", """{ "type": "Sequence", "normalizers": [ { "type": "NFC" }, { "type": "BertNormalizer" } ] }""",
        "field 'normalizer.normalizers[1].type': expected Sequence")]
    [InlineData(
        "normalizer", """{ "type": "Replace", "pattern": { "Regex": "a+" }, "content": "" }""",
        "field 'normalizer.pattern.Regex': expected")]
    [InlineData(
        "normalizer", """{ "type": "Precompiled", "precompiled_charsmap": "AAAA" }""",
        "field 'normalizer.precompiled_charsmap': expected a double array and texts; found 3 bytes")]
    [InlineData(
        "normalizer", """{ "type": "Precompiled", "precompiled_charsmap": "%" }""",
        "field 'normalizer.precompiled_charsmap': expected base64")]
    [InlineData("normalizer", "[]", "field 'normalizer': expected an object; found []")]
    [InlineData(
        "pre_tokenizer", """{ "type": "UnicodeScripts" }""", "field 'pre_tokenizer.type': expected Sequence, ByteLevel,")]
    [InlineData(
        "pre_tokenizer", """{ "type": "Punctuation", "behavior": "Merged" }""",
        "field 'pre_tokenizer.behavior': expected Isolated, Removed,")]
    [InlineData(
        "pre_tokenizer", """{ "type": "Split", "pattern": { "Regex": "x+" }, "behavior": "Isolated", "invert": false }""",
        "field 'pre_tokenizer.pattern.Regex': expected that of GPT-2, Llama 3 or Qwen 2 (no other is implemented); found x+")]
    [InlineData(
        "pre_tokenizer", """{ "type": "Split", "pattern": { "String": " " }, "behavior": "Removed", "invert": false }""",
        "field 'pre_tokenizer.behavior': expected MergedWithPrevious")]
    [InlineData(
        "pre_tokenizer", """{ "type": "Metaspace", "replacement": "▁", "add_prefix_space": false, "prepend_scheme": "always" }""",
        "field 'pre_tokenizer.prepend_scheme'")]
    [InlineData("post_processor", """{ "type": "Other" }""", "field 'post_processor.type': expected TemplateProcessing")]
    [InlineData(
        "post_processor", """{ "type": "TemplateProcessing", "single": [ { "SpecialToken": { "id": "x" } } ], "special_tokens": {} }""",
        "field 'post_processor.special_tokens.x': expected an object; found none")]
    [InlineData(
        "added_tokens", """[ { "id": 9, "content": "x", "special": false, "single_word": true } ]""",
        "field 'added_tokens[0].single_word': expected false")]
    [InlineData("added_tokens", """[ { "id": 9, "content": "x", "special": false, "lstrip": true } ]""", "field 'added_tokens[0].lstrip'")]
    [InlineData(
        "truncation", """{ "direction": "Left", "max_length": 8 }""",
        "field 'truncation.direction': expected 'Right'; found 'Left'")]
    [InlineData("model.dropout", "0.1", "field 'model.dropout': expected none")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "field 'model.end_of_word_suffix': expected none")]
    [InlineData("model.continuing_subword_prefix", "\"##\"", "field 'model.continuing_subword_prefix': expected none")]
    [InlineData("model.merges", """[ "q qq" ]""", "field 'model.merges': expected tokens of the vocabulary; found 'qq'")]
    [InlineData("model.merges", "[ 1 ]", "field 'model.merges': expected pairs of tokens; found 1")]
    [InlineData("model.unk_token", "\"nobody\"", "field 'model.unk_token': expected tokens of the vocabulary; found 'nobody'")]
    [InlineData("model.vocab", """{ "a": 2000000000 }""", "field 'model.vocab': expected ids from 0")]
    public void A_part_that_is_not_implemented_is_named(string field, string value, string message)
    {
        JsonObject file = TinyTokenizers.ByteLevel();
        string[] path = field.Split('.');
        (path.Length == 1 ? file : file[path[0]]!.AsObject())[path[^1]] = JsonNode.Parse(value);

        using TemporaryFolder folder = Folder(file);

        AnnException error = Assert.Throws<AnnException>(() => TextEncoderTests.Open(folder));

        Assert.Contains("tokenizer.json: " + message, error.Message);
    }

    [Theory]
    [InlineData("pre_tokenizer", "null", "field 'pre_tokenizer.type': expected 'BertPreTokenizer', for the model is WordPiece; found none")]
    [InlineData("pre_tokenizer", """{ "type": "Whitespace" }""", "found Whitespace")]
    [InlineData("post_processor", "null", "field 'post_processor': expected [CLS] in front of a text and [SEP] behind it")]
    [InlineData(
        "added_tokens", """[ { "id": 5, "content": "red", "special": false } ]""",
        "field 'added_tokens': expected special tokens alone")]
    [InlineData("normalizer", """{ "type": "BertNormalizer", "clean_text": false }""", "field 'normalizer.clean_text': expected true")]
    public void What_is_not_as_in_BERT_is_named_for_WordPiece(string field, string value, string message)
    {
        JsonObject ids = [];
        for (int id = 0; id < TinyModels.Vocabulary.Length; id++)
            ids[TinyModels.Vocabulary[id]] = id;
        JsonObject file = new()
        {
            ["model"] = new JsonObject { ["type"] = "WordPiece", ["vocab"] = ids },
            [field] = JsonNode.Parse(value),
        };

        using TemporaryFolder folder = Folder(file);

        Assert.Contains(message, Assert.Throws<AnnException>(() => TextEncoderTests.Open(folder)).Message);
    }

    [Fact]
    public void A_text_cannot_write_control_tokens()
    {
        foreach (JsonObject file in (JsonObject[])
            [
                TinyTokenizers.ByteLevel(),
                TinyTokenizers.Unigram(null, """{ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always" }"""),
            ])
        {
            long[] ids = Ids(file, "a</s>b<s>", 100);

            Assert.Equal(0, ids[0]);
            Assert.Equal(2, ids[^1]);
            Assert.DoesNotContain(ids[1..^1], static id => id is 0 or 2);
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(9)]
    public void Long_texts_are_cut_and_keep_their_special_tokens(int most)
    {
        long[] whole = Ids(TinyTokenizers.ByteLevel(), "red shoes and the blue thing", 100);
        long[] cut = Ids(TinyTokenizers.ByteLevel(), "red shoes and the blue thing", most);

        Assert.Equal([.. whole[..(most - 1)], 2], cut);
    }

    /// <summary>A word is merged in n log n steps: with n² this text alone would take minutes.</summary>
    [Fact]
    public void A_word_of_a_million_letters_is_read() =>
        Assert.Equal((1 << 20) / 8 + 2, Ids(TinyTokenizers.ByteLevel(), new string('a', 1 << 20), int.MaxValue / 4).Length);

    [Fact]
    public void An_encoder_reads_bytes_and_takes_the_padding_of_its_files()
    {
        JsonObject file = TinyTokenizers.ByteLevel();
        using TemporaryFolder folder = Folder(file).With("tokenizer_config.json", """{ "pad_token": "<mask>" }""");
        using TemporaryFolder other = Folder(file);
        using TextEncoder encoder = TextEncoderTests.Open(folder), usual = TextEncoderTests.Open(other);

        Assert.Equal(usual.Encode("red"), encoder.Encode("red"));
        Assert.NotEqual(usual.Info.Fingerprint, encoder.Info.Fingerprint);
        Assert.False(encoder.HasTokens(""));
        Assert.True(encoder.HasTokens(" "));
    }

    [Fact]
    public void A_field_that_means_nothing_to_this_tokenizer_is_refused()
    {
        using TemporaryFolder lower = Folder(TinyTokenizers.ByteLevel()).With("encoder.json", """{ "tokenizer": { "lowercase": true } }""");
        using TemporaryFolder sentences = Folder(TinyTokenizers.ByteLevel())
            .With("sentence_bert_config.json", """{ "max_seq_length": 8, "do_lower_case": true }""");

        Assert.Contains(
            "field 'tokenizer.lowercase': expected no such field",
            Assert.Throws<AnnException>(() => TextEncoderTests.Open(lower)).Message);
        Assert.Contains(
            "sentence_bert_config.json (do_lower_case): expected false",
            Assert.Throws<AnnException>(() => TextEncoderTests.Open(sentences)).Message);
    }

    private static TemporaryFolder Folder(JsonObject file) => new TemporaryFolder()
        .With("model.onnx", new TinyVariants { Tokens = 400 }.ToBytes()).With("tokenizer.json", file.ToJsonString());

    private static long[] Ids(JsonObject json, string text, int most)
    {
        using HuggingFaceTokenizerFile file = HuggingFaceTokenizerFile.Open(
            "tokenizer.json", System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));
        using TokenBuffer tokens = new(1, hasWeights: false);
        file.Pieces(null).Tokenize(text, most, tokens);
        tokens.EndRow();
        return tokens.Ids(0).ToArray();
    }
}
