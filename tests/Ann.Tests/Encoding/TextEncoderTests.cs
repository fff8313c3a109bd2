using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding;

namespace Ann.Tests.Encoding;

/// <summary>
/// Goal: everything around a BERT model (tokens, padding, masks, pooling, order, length) is right.
/// Method: a model of three numbers per token, and plain loops over its table.
/// </summary>
public sealed class TextEncoderTests
{
    private static readonly int[] RedShoes = [2, 5, 7, 8, 3];

    [Theory]
    [InlineData(Pooling.Mean, true)]
    [InlineData(Pooling.Mean, false)]
    [InlineData(Pooling.Cls, true)]
    [InlineData(Pooling.Cls, false)]
    public void Pooling_and_normalisation_equal_a_plain_loop(Pooling pooling, bool normalize)
    {
        using TemporaryFolder folder = Described(
            $$"""{ "kind": "text", "pooling": "{{(pooling == Pooling.Mean ? "mean" : "cls")}}",""" +
            $$""" "normalize": {{(normalize ? "true" : "false")}} }""");
        using TextEncoder encoder = Open(folder);
        (string Text, int[] Ids)[] cases =
        [
            ("red shoes", RedShoes),
            ("", [2, 3]),
            ("RED, blue!", [2, 5, 1, 6, 9, 3]),
            ("Café zzz", [2, 10, 11, 1, 3]),
            (string.Join(' ', Enumerable.Repeat("blue", 20)), [2, .. Enumerable.Repeat(6, 20), 3]),
        ];

        float[][] rows = encoder.Encode([.. cases.Select(one => one.Text)]);

        for (int i = 0; i < cases.Length; i++)
            Assert.True(Rows.MaxDifference(Expected(cases[i].Ids, pooling, normalize), rows[i]) < 1e-5, cases[i].Text);
    }

    [Fact]
    public void Without_a_description_everything_is_taken_from_the_files_and_a_notice_says_so()
    {
        using TemporaryFolder perToken = new TemporaryFolder()
            .With("model.onnx", TinyModels.Bert()).With("vocab.txt", TinyModels.VocabularyText);
        using TemporaryFolder perText = new TemporaryFolder()
            .With("only.onnx", TinyModels.Bert(pooled: true)).With("vocab.txt", TinyModels.VocabularyText);
        using TextEncoder mean = Open(perToken), none = Open(perText);

        Assert.True(Rows.MaxDifference(Expected(RedShoes, Pooling.Mean, normalize: true), mean.Encode("red shoes")[0]) < 1e-5);
        Assert.True(Rows.MaxDifference(Expected(RedShoes, Pooling.None, normalize: false), none.Encode("red shoes")[0]) < 1e-5);
        Assert.Contains("pooling=mean normalize=1", Assert.Single(mean.Info.Notices));
        Assert.Contains("pooling=none normalize=0", Assert.Single(none.Info.Notices));
        Assert.Equal(256, mean.MaxTokens);
    }

    [Fact]
    public void A_description_that_says_what_would_be_inferred_gives_the_same_fingerprint_and_no_notice()
    {
        using TemporaryFolder inferred = new TemporaryFolder()
            .With("model.onnx", TinyModels.Bert()).With("vocab.txt", TinyModels.VocabularyText);
        using TemporaryFolder described = Described(
            """
            { "kind": "text", "model": "model.onnx", "max_tokens": 256, "pooling": "mean", "normalize": true, "dimension": 3,
              "tokenizer": { "type": "wordpiece", "file": "vocab.txt", "lowercase": true, "strip_accents": true, "split_cjk": true },
              "inputs": { "ids": "input_ids", "mask": "attention_mask", "types": "token_type_ids" }, "output": "last_hidden_state" }
            """);
        using TextEncoder a = Open(inferred), b = Open(described);

        Assert.Equal(a.Info.Fingerprint, b.Info.Fingerprint);
        Assert.Empty(b.Info.Notices);
        Assert.Matches("^[0-9a-f]{16}$", b.Info.FingerprintText);
    }

    [Fact]
    public void Rows_come_back_in_the_order_of_the_texts_whatever_their_lengths()
    {
        using TemporaryFolder folder = Described("{}");
        using TextEncoder encoder = Open(folder, new EncoderOptions { Providers = ["cpu"], MaxBatchRows = 7, MaxBatchTokens = 300 });
        Random random = new(5);
        string[] words = ["red", "blue", "shoe", "!", "cafe"];
        string[] texts = [.. Enumerable.Range(0, 1500).Select(_ =>
            string.Join(' ', Enumerable.Range(0, random.Next(1, 60)).Select(_ => words[random.Next(words.Length)])))];

        float[][] together = encoder.Encode(texts);

        for (int i = 0; i < texts.Length; i += 13)
            Assert.True(Rows.Cosine(encoder.Encode(texts[i])[0], together[i]) >= 0.9999, $"text {i}");
    }

    [Fact]
    public void Truncation_keeps_the_separator()
    {
        using TemporaryFolder folder = Described("""{ "max_tokens": 6, "normalize": false }""");
        using TextEncoder encoder = Open(folder);

        float[] row = encoder.Encode("red shoes blue blue red")[0];

        Assert.True(Rows.MaxDifference(Expected([2, 5, 7, 8, 6, 3], Pooling.Mean, normalize: false), row) < 1e-5);
        // A word may be cut inside, as BERT's own tokenizer does.
        Assert.True(Rows.MaxDifference(
            Expected([2, 5, 6, 5, 7, 3], Pooling.Mean, normalize: false), encoder.Encode("red blue red shoes")[0]) < 1e-5);
    }

    [Fact]
    public void Graphs_of_fixed_shape_are_filled_up()
    {
        using TemporaryFolder folder = new TemporaryFolder()
            .With("model.onnx", TinyModels.Bert(batch: "4", tokens: "8")).With("vocab.txt", TinyModels.VocabularyText);
        using TextEncoder encoder = Open(folder);

        float[][] rows = encoder.Encode("red shoes", "blue", "!", "cafe", "red shoes");

        Assert.Equal(8, encoder.MaxTokens);
        Assert.True(Rows.MaxDifference(Expected(RedShoes, Pooling.Mean, normalize: true), rows[4]) < 1e-5);
        Assert.Equal(rows[0], rows[4]);
    }

    [Fact]
    public void A_row_that_is_not_finite_names_its_text()
    {
        using TemporaryFolder folder = Described("{}");
        using TextEncoder encoder = Open(folder);

        AnnException error = Assert.Throws<AnnException>(() => encoder.Encode("red", "blue", "a broken shoe", "red"));

        Assert.Equal(AnnError.InvalidArgument, error.Error);
        Assert.Contains("Row 2 ", error.Message);
    }

    [Fact]
    public void No_texts_give_no_rows_and_a_wrong_room_is_refused()
    {
        using TemporaryFolder folder = Described("{}");
        using TextEncoder encoder = Open(folder);

        encoder.Encode([], TextRole.Document, []);

        Assert.Throws<ArgumentException>(() => encoder.Encode(["red"], TextRole.Document, new float[4]));
    }

    internal static TemporaryFolder Described(string description) => new TemporaryFolder()
        .With("model.onnx", TinyModels.Bert())
        .With("vocab.txt", TinyModels.VocabularyText)
        .With("encoder.json", description);

    internal static TextEncoder Open(TemporaryFolder folder, EncoderOptions? options = null) =>
        TextEncoder.Open(PhysicalFileSystem.Instance, folder.Path, options ?? DefaultEncoderTests.Cpu);

    private static float[] Expected(int[] ids, Pooling pooling, bool normalize)
    {
        double[] sum = new double[TinyModels.Dimension];
        foreach (int id in pooling == Pooling.Cls ? ids[..1] : ids)
            for (int i = 0; i < sum.Length; i++)
                sum[i] += TinyModels.State(id)[i];
        double divisor = pooling == Pooling.Mean ? ids.Length : 1;
        if (normalize)
            divisor = Math.Sqrt(sum.Sum(component => component * component));
        return [.. sum.Select(component => (float)(component / divisor))];
    }
}
