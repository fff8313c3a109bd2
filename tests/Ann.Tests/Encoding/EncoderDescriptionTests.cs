using Ann.Core;
using Ann.Encoding;

namespace Ann.Tests.Encoding;

/// <summary>Goal: a mistake in an encoder directory is told with file, field, what was expected and what was found.</summary>
public sealed class EncoderDescriptionTests
{
    [Theory]
    [InlineData("not json", "encoder.json: line 1: is not JSON")]
    [InlineData("[1]", "encoder.json: expected an object; found [1]")]
    [InlineData("""{ "kind": "image" }""", "field 'kind': expected one of \"text\", \"features\"; found \"image\"")]
    [InlineData("""{ "kind": "features" }""", "field 'kind': expected \"text\"; found \"features\"")]
    [InlineData("""{ "model": "missing.onnx" }""", "field 'model': expected an existing file; found no ")]
    [InlineData(
        """{ "model": "../model.onnx" }""",
        "field 'model': expected a path below the encoder's directory; found \"../model.onnx\"")]
    [InlineData(
        """{ "pooling": "avg" }""",
        "field 'pooling': expected one of \"mean\", \"cls\", \"max\", \"last\", \"none\"; found \"avg\"")]
    [InlineData("""{ "pooling": "none" }""", "field 'pooling': expected mean, cls, max or last")]
    [InlineData("""{ "dimension": 4 }""", "field 'dimension': expected 3, which the model gives; found 4")]
    [InlineData("""{ "dimension": "3" }""", "field 'dimension': expected a whole number from 1 to 16384; found \"3\"")]
    [InlineData("""{ "max_tokens": 2 }""", "field 'max_tokens': expected a whole number from 3 to 8192; found 2")]
    [InlineData("""{ "normalize": "yes" }""", "field 'normalize': expected true or false; found \"yes\"")]
    [InlineData("""{ "poling": "mean" }""", "field 'poling': is unknown; expected one of kind, model,")]
    [InlineData(
        """{ "tokenizer": { "type": "words" } }""",
        "field 'tokenizer.type': expected one of \"wordpiece\", \"bpe\", \"unigram\", \"hashed-ngrams\"; found \"words\"")]
    [InlineData("""{ "tokenizer": { "type": "bpe" } }""", "field 'tokenizer.type': expected wordpiece, which ")]
    [InlineData("""{ "tokenizer": { "file": "words.txt" } }""", "field 'tokenizer.file': expected an existing file; found no ")]
    [InlineData("""{ "tokenizer": { "casing": 1 } }""", "field 'tokenizer.casing': is unknown")]
    [InlineData("""{ "tokenizer": [] }""", "field 'tokenizer': expected an object; found []")]
    [InlineData(
        """{ "inputs": { "ids": "tokens" } }""",
        "field 'inputs.ids': expected a graph input 'tokens' int64 or int32[batch,tokens]; found 'input_ids' int64[-1,-1]")]
    [InlineData("""{ "output": "pooler" }""", "field 'output': expected one of the graph's outputs; found 'pooler'")]
    public void A_wrong_field_is_named(string description, string message)
    {
        using TemporaryFolder folder = TextEncoderTests.Described(description);

        AnnException error = Assert.Throws<AnnException>(() => TextEncoderTests.Open(folder));

        Assert.Contains(message, error.Message);
        Assert.Contains("encoder.json", error.Message);
    }

    [Fact]
    public void Files_that_are_missing_or_damaged_are_named()
    {
        using TemporaryFolder empty = new();
        using TemporaryFolder noTokenizer = new TemporaryFolder().With("model.onnx", TinyModels.Bert());
        using TemporaryFolder noModel = new TemporaryFolder().With("model.onnx", "hello").With("vocab.txt", TinyModels.VocabularyText);
        using TemporaryFolder noSeparator = new TemporaryFolder()
            .With("model.onnx", TinyModels.Bert()).With("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n");
        using TemporaryFolder twice = new TemporaryFolder()
            .With("model.onnx", TinyModels.Bert()).With("vocab.txt", TinyModels.VocabularyText + "red\n");

        AssertNamed(empty, AnnError.NotFound, "expected model.onnx or a single *.onnx; found 0");
        AssertNamed(noTokenizer, AnnError.InvalidArgument, "expected tokenizer.json or vocab.txt beside the model; found neither");
        AssertNamed(noModel, AnnError.InvalidArgument, "model.onnx: is not a model that ONNX Runtime can load");
        AssertNamed(noSeparator, AnnError.InvalidArgument, "vocab.txt: vocabulary: '[SEP]' was expected");
        AssertNamed(twice, AnnError.InvalidArgument, "vocab.txt: token 15: 'red' is also token 5");
    }

    [Fact]
    public void A_directory_that_is_not_there_is_not_found()
    {
        using TemporaryFolder folder = new();

        AnnException error = Assert.Throws<AnnException>(
            () => TextEncoder.Open(Core.Files.PhysicalFileSystem.Instance, folder["nowhere"], DefaultEncoderTests.Cpu));

        Assert.Equal(AnnError.NotFound, error.Error);
    }

    [Theory]
    [InlineData(
        """{ "model": { "type": "WordLevel", "vocab": {} } }""",
        "field 'model.type': expected 'WordPiece', 'BPE' or 'Unigram'; found 'WordLevel'")]
    [InlineData("""{ "version": "1.0" }""", "field 'model.type': expected 'WordPiece', 'BPE' or 'Unigram'; found ''")]
    [InlineData("[]", "expected an object; found []")]
    [InlineData(
        """{ "model": { "type": "WordPiece", "vocab": { "a": "b" } } }""",
        "field 'model.vocab': expected a whole number for every token; found \"b\"")]
    [InlineData("""{ "model": { "type": "WordPiece", "vocab": { "a": 2000000000 } } }""", "field 'model.vocab': expected ids from 0")]
    [InlineData(
        """{ "normalizer": { "type": "NFC" }, "model": { "type": "WordPiece", "vocab": { "[UNK]": 0 } } }""",
        "field 'normalizer.type'")]
    [InlineData("{", "is not JSON")]
    public void A_tokenizer_file_of_another_kind_is_refused(string tokenizer, string message)
    {
        using TemporaryFolder folder = new TemporaryFolder().With("model.onnx", TinyModels.Bert()).With("tokenizer.json", tokenizer);

        AssertNamed(folder, AnnError.InvalidArgument, "tokenizer.json");
        AssertNamed(folder, AnnError.InvalidArgument, message);
    }

    private static void AssertNamed(TemporaryFolder folder, AnnError kind, string message)
    {
        AnnException error = Assert.Throws<AnnException>(() => TextEncoderTests.Open(folder));
        Assert.Equal(kind, error.Error);
        Assert.Contains(message, error.Message);
    }
}
