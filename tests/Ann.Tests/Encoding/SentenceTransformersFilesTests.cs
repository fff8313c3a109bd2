using Ann.Core;
using Ann.Encoding;

namespace Ann.Tests.Encoding;

/// <summary>
/// Goal: a directory as sentence-transformers writes it gives the vectors that it gives there, without an <c>encoder.json</c>; and where
/// the two contradict each other, both are named.
/// </summary>
public sealed class SentenceTransformersFilesTests
{
    private const string Modules = """
        [ { "idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer" },
          { "idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling" },
          { "idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize" } ]
        """;

    private const string ClsPooling = """
        { "word_embedding_dimension": 3, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false, "include_prompt": true }
        """;

    [Fact]
    public void A_cls_model_is_pooled_as_its_files_say_and_nothing_is_guessed()
    {
        using TemporaryFolder folder = Directory();
        using TemporaryFolder described = TextEncoderTests.Described("""{ "pooling": "cls", "normalize": true, "max_tokens": 7 }""");
        using TextEncoder encoder = TextEncoderTests.Open(folder), expected = TextEncoderTests.Open(described);

        Assert.Empty(encoder.Info.Notices);
        Assert.Equal(7, encoder.MaxTokens);
        Assert.Equal(expected.Info.Fingerprint, encoder.Info.Fingerprint);
        Assert.Equal(expected.Encode("red shoes"), encoder.Encode("red shoes"));
    }

    [Fact]
    public void The_transformer_may_have_a_folder_of_its_own()
    {
        using TemporaryFolder folder = new TemporaryFolder()
            .With("modules.json", Modules.Replace("\"path\": \"\"", "\"path\": \"0_Transformer\"", StringComparison.Ordinal))
            .With("1_Pooling/config.json", ClsPooling)
            .With("0_Transformer/onnx/model.onnx", TinyModels.Bert())
            .With("0_Transformer/vocab.txt", TinyModels.VocabularyText)
            .With("0_Transformer/sentence_bert_config.json", """{ "max_seq_length": 7, "do_lower_case": false }""");
        using TemporaryFolder flat = Directory();
        using TextEncoder encoder = TextEncoderTests.Open(folder), expected = TextEncoderTests.Open(flat);

        Assert.Equal(expected.Info.Fingerprint, encoder.Info.Fingerprint);
    }

    [Theory]
    [InlineData(
        """{ "pooling": "mean" }""",
        "field 'pooling': expected cls, which 1_Pooling/config.json (pooling_mode_cls_token) says; found mean")]
    [InlineData("""{ "normalize": false }""", "field 'normalize': expected true, which modules.json (module Normalize) says; found false")]
    [InlineData(
        """{ "max_tokens": 8 }""",
        "field 'max_tokens': expected at most 7, which sentence_bert_config.json (max_seq_length) says; found 8")]
    [InlineData(
        """{ "query_prefix": "ask: " }""",
        "field 'query_prefix': expected \"query: \", which config_sentence_transformers.json (prompts.query) says; found \"ask: \"")]
    [InlineData("""{ "document_prefix": "" }""", "field 'document_prefix': expected \"passage: \", which")]
    public void A_description_that_contradicts_is_refused_by_name(string description, string message)
    {
        using TemporaryFolder folder = Directory()
            .With("config_sentence_transformers.json", """{ "prompts": { "query": "query: ", "passage": "passage: " } }""")
            .With("encoder.json", description);

        AnnException error = Assert.Throws<AnnException>(() => TextEncoderTests.Open(folder));

        Assert.Equal(AnnError.InvalidArgument, error.Error);
        Assert.Contains("encoder.json: " + message, error.Message);
    }

    [Fact]
    public void A_description_that_agrees_or_asks_for_less_is_taken()
    {
        using TemporaryFolder folder = Directory().With("encoder.json", """{ "pooling": "cls", "normalize": true, "max_tokens": 4 }""");
        using TextEncoder encoder = TextEncoderTests.Open(folder);

        Assert.Equal(4, encoder.MaxTokens);
    }

    [Theory]
    [InlineData("modules.json", "sentence_transformers.models.Dense", "module 'sentence_transformers.models.Dense' in place 2")]
    [InlineData("1_Pooling/config.json", """{ "pooling_mode_weightedmean_tokens": true }""", "pooling_mode_weightedmean_tokens")]
    [InlineData(
        "1_Pooling/config.json",
        """{ "pooling_mode_cls_token": true, "pooling_mode_max_tokens": true }""",
        "pooling_mode_cls_token with pooling_mode_max_tokens")]
    [InlineData("1_Pooling/config.json", """{ "pooling_mode_mean_tokens": true, "include_prompt": false }""", "include_prompt false")]
    [InlineData(
        "1_Pooling/config.json",
        """{ "pooling_mode_cls_token": 1 }""",
        "field 'pooling_mode_cls_token': expected true or false; found 1")]
    [InlineData("1_Pooling/config.json", """{ "word_embedding_dimension": 5 }""", "expected 3, which the model gives; found 5")]
    [InlineData("1_Pooling/config.json", "{", "is not JSON")]
    [InlineData("sentence_bert_config.json", """{ "max_seq_length": "no" }""", "field 'max_seq_length': expected a number from 1 on")]
    [InlineData("modules.json", "{}", "expected a list of modules; found Object")]
    public void What_is_not_done_here_is_refused_by_name(string file, string content, string message)
    {
        if (content.StartsWith("sentence_transformers", StringComparison.Ordinal))
            content = Modules.Replace("sentence_transformers.models.Normalize", content, StringComparison.Ordinal);
        using TemporaryFolder folder = Directory().With(file, content);

        AnnException error = Assert.Throws<AnnException>(() => TextEncoderTests.Open(folder));

        Assert.Contains(message, error.Message);
        Assert.Contains(file, error.Message);
    }

    [Fact]
    public void A_model_exported_with_its_modules_needs_none_of_them()
    {
        using TemporaryFolder folder = Directory()
            .With("model.onnx", TinyModels.Bert(pooled: true))
            .With("modules.json", Modules.Replace("models.Normalize", "models.Dense", StringComparison.Ordinal));
        using TemporaryFolder described = TextEncoderTests.Described("""{ "max_tokens": 7 }""")
            .With("model.onnx", TinyModels.Bert(pooled: true));
        using TextEncoder encoder = TextEncoderTests.Open(folder), expected = TextEncoderTests.Open(described);

        Assert.Equal(expected.Encode("red shoes"), encoder.Encode("red shoes"));
    }

    [Theory]
    [InlineData("""{ "prompts": { "query": "q ", "document": "d " } }""", "q ", "d ")]
    [InlineData("""{ "prompts": { "query": "q ", "passage": "p ", "corpus": "c " } }""", "q ", "p ")]
    [InlineData("""{ "prompts": { "any": "a ", "query": "q " }, "default_prompt_name": "any" }""", "q ", "a ")]
    [InlineData("""{ "prompts": { "query": "", "document": "" }, "default_prompt_name": null, "similarity_fn_name": "cosine" }""", "", "")]
    [InlineData("""{ "prompts": {} }""", "", "")]
    public void Prompts_are_chosen_as_there(string prompts, string query, string document)
    {
        using TemporaryFolder folder = Directory().With("config_sentence_transformers.json", prompts);
        using TemporaryFolder described = Directory().With(
            "encoder.json", $$"""{ "query_prefix": "{{query}}", "document_prefix": "{{document}}" }""");
        using TextEncoder encoder = TextEncoderTests.Open(folder), expected = TextEncoderTests.Open(described);

        Assert.Equal(expected.Info.Fingerprint, encoder.Info.Fingerprint);
    }

    [Fact]
    public void The_tokenizers_own_settings_are_read()
    {
        using TemporaryFolder folder = Directory()
            .With("tokenizer_config.json", """{ "do_lower_case": false, "model_max_length": 1000000000000000019884624838656 }""");
        using TemporaryFolder described = Directory().With(
            "encoder.json", """{ "tokenizer": { "lowercase": false, "strip_accents": false } }""");
        using TemporaryFolder limited = new TemporaryFolder().With("model.onnx", TinyModels.Bert())
            .With("vocab.txt", TinyModels.VocabularyText).With("tokenizer_config.json", """{ "model_max_length": 12 }""");
        using TextEncoder encoder = TextEncoderTests.Open(folder), expected = TextEncoderTests.Open(described);
        using TextEncoder cut = TextEncoderTests.Open(limited);

        Assert.Equal(expected.Info.Fingerprint, encoder.Info.Fingerprint);
        Assert.Equal(12, cut.MaxTokens);
    }

    private static TemporaryFolder Directory() => new TemporaryFolder()
        .With("onnx/model.onnx", TinyModels.Bert())
        .With("vocab.txt", TinyModels.VocabularyText)
        .With("modules.json", Modules)
        .With("1_Pooling/config.json", ClsPooling)
        .With("sentence_bert_config.json", """{ "max_seq_length": 7, "do_lower_case": false }""");
}
