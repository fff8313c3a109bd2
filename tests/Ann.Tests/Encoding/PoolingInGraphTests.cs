using Ann.Encoding;
using Ann.Encoding.Onnx;
using static Ann.Encoding.Onnx.TensorProto.Types;

namespace Ann.Tests.Encoding;

/// <summary>
/// Goal: a graph that pools, cuts and scales by itself gives what the code behind it gives, whatever exporters write, and where it cannot
/// be continued nothing is lost.
/// Method: every encoder is opened twice, and the rows are compared.
/// </summary>
public sealed class PoolingInGraphTests
{
    private const int Float = 1, Int32 = 6, Int64 = 7, Float16 = 10, BFloat16 = 16;

    // Many lengths in one batch, an empty text, and one longer than the model takes.
    private static readonly string[] Texts =
    [
        "red shoes", "", "blue", "RED, blue! shoe", string.Join(' ', Enumerable.Repeat("blue red", 30)), "caf cafe 中 - ! red blue",
    ];

    public static TheoryData<string, int, int, long> Shapes()
    {
        TheoryData<string, int, int, long> all = [];
        foreach (string pooling in (string[])["mean", "cls", "max", "last"])
        {
            foreach (long operators in (long[])[11, 12, 13, 17, 18, 21])
                if (operators > 11 || pooling != "last") // a gather by batches is new in 12
                    all.Add(pooling, Int64, Float, operators);
            all.Add(pooling, Int32, Float16, 17);
            all.Add(pooling, Int32, BFloat16, 18);
        }
        return all;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Rows_are_those_of_the_code_behind_the_graph(string pooling, int integers, int floats, long operators)
    {
        byte[] model = new TinyVariants
        {
            Integers = (DataType)integers,
            Floats = (DataType)floats,
            PaddingIsNaN = true,
            OperatorSet = operators,
        }.ToBytes();
        foreach (string more in (string[])["", ", \"normalize\": false", ", \"truncate_dimension\": 2"])
        {
            using TemporaryFolder folder = Of(model, $$"""{ "pooling": "{{pooling}}", "max_tokens": 32{{more}} }""");

            AssertSame(folder);
        }
    }

    [Fact]
    public void A_text_of_no_tokens_gives_zeros()
    {
        string tokenizer = """
            { "model": { "type": "BPE", "vocab": { "a": 1, "b": 2 }, "merges": [] },
              "added_tokens": [ { "id": 0, "content": "[PAD]", "special": true } ] }
            """;
        foreach (string pooling in (string[])["mean", "cls", "max", "last"])
        {
            using TemporaryFolder folder = new TemporaryFolder()
                .With("model.onnx", new TinyVariants().ToBytes()).With("tokenizer.json", tokenizer)
                .With("tokenizer_config.json", """{ "pad_token": "[PAD]" }""")
                .With("encoder.json", $$"""{ "pooling": "{{pooling}}", "max_tokens": 16 }""");
            using TextEncoder inside = TextEncoderTests.Open(folder);

            float[][] rows = inside.Encode("", "ab");

            Assert.True(inside.PoolsInGraph);
            Assert.Equal([0, 0, 0], rows[0]);
            Assert.Equal(1, Rows.Dot(rows[1], rows[1]), tolerance: 1e-5);
            AssertSame(folder);
        }
    }

    [Fact]
    public void A_row_that_is_no_number_is_refused_as_ever()
    {
        foreach (string pooling in (string[])["mean", "cls", "max", "last"])
        {
            using TemporaryFolder folder = Of(new TinyVariants().ToBytes(), $$"""{ "pooling": "{{pooling}}" }""");
            using TextEncoder inside = TextEncoderTests.Open(folder);
            using TextEncoder behind = TextEncoderTests.Open(folder, DefaultEncoderTests.Cpu with { PoolInGraph = false });

            string Told(TextEncoder encoder) => Record.Exception(() => encoder.Encode("red", "broken"))?.Message ?? "";

            Assert.Equal(Told(behind), Told(inside));
        }
    }

    [Fact]
    public void Weights_in_other_files_are_found()
    {
        byte[] model = TinyModels.WithExternal(TinyModels.Bert(), "states", "w.bin", out byte[] weights);
        using TemporaryFolder folder = Of(model, "{}").With("w.bin", weights);

        AssertSame(folder);
    }

    [Theory]
    [InlineData("mean", 10)]
    [InlineData("cls", 10)]
    [InlineData("last", 11)]
    public void What_is_written_in_older_operators_is_pooled_behind_the_graph(string pooling, long operators)
    {
        using TemporaryFolder folder = Of(new TinyVariants { OperatorSet = operators }.ToBytes(), $$"""{ "pooling": "{{pooling}}" }""");
        using TextEncoder encoder = TextEncoderTests.Open(folder);

        Assert.False(encoder.PoolsInGraph);
        Assert.Empty(encoder.Info.Notices);
        Assert.Equal(1, Rows.Dot(encoder.Encode("red")[0], encoder.Encode("red")[0]), tolerance: 1e-5);
    }

    [Fact]
    public void A_graph_that_cannot_be_continued_is_run_as_it_is_and_a_notice_says_so()
    {
        // A model that has an output of the very name that the nodes would write.
        byte[] model = new TinyVariants { Output = "ann_pooled_rows/row" }.ToBytes();
        using TemporaryFolder folder = Of(model, """{ "pooling": "mean", "normalize": false }""");
        using TextEncoder encoder = TextEncoderTests.Open(folder);

        float[] row = encoder.Encode("blue")[0];

        Assert.False(encoder.PoolsInGraph);
        Assert.Contains("model.onnx: tokens are pooled behind the graph and not in it: ", Assert.Single(encoder.Info.Notices));
        Assert.Equal((TinyModels.State(2)[1] + TinyModels.State(6)[1] + TinyModels.State(3)[1]) / 3, row[1], 1e-5f);
    }

    [Fact]
    public void A_cut_file_is_never_continued()
    {
        byte[] model = TinyModels.Bert();
        for (int length = model.Length - 1; length > model.Length - 200; length--)
        {
            OnnxModel cut = OnnxModel.Of(model.AsSpan(0, length));

            if (cut.Outline is null)
                Assert.Equal(length, cut.With([]).Length);
        }
        Assert.Null(OnnxModel.Of(model.AsSpan(0, model.Length - 20)).Outline);
        Assert.Throws<InvalidOperationException>(() => OnnxModel.Of(model.AsSpan(0, model.Length - 20)).With([1]));
    }

    [Fact]
    public void The_trained_encoders_give_the_same_rows()
    {
        foreach (string name in (string[])["minilm", "arctic-xs"])
        {
            string directory = BuiltInEncoderTests.Place(name);
            using TextEncoder inside = TextEncoder.Open(directory, DefaultEncoderTests.Cpu);
            using TextEncoder behind = TextEncoder.Open(directory, DefaultEncoderTests.Cpu with { PoolInGraph = false });

            Assert.True(inside.PoolsInGraph);
            AssertSame(inside, behind);
        }
    }

    private static TemporaryFolder Of(byte[] model, string description) => new TemporaryFolder()
        .With("model.onnx", model).With("vocab.txt", TinyModels.VocabularyText).With("encoder.json", description);

    private static void AssertSame(TemporaryFolder folder)
    {
        using TextEncoder inside = TextEncoderTests.Open(folder);
        using TextEncoder behind = TextEncoderTests.Open(folder, DefaultEncoderTests.Cpu with { PoolInGraph = false });
        Assert.True(inside.PoolsInGraph, string.Join('\n', inside.Info.Notices));
        Assert.False(behind.PoolsInGraph);
        AssertSame(inside, behind);
    }

    private static void AssertSame(TextEncoder inside, TextEncoder behind)
    {
        float[][] expected = behind.Encode(Texts), found = inside.Encode(Texts);

        Assert.Empty(inside.Info.Notices);
        Assert.Equal(behind.Info.Fingerprint, inside.Info.Fingerprint);
        Assert.Equal(behind.Shape.Outputs, inside.Shape.Outputs);
        for (int i = 0; i < Texts.Length; i++)
            Assert.True(Rows.MaxDifference(expected[i], found[i]) <= 1e-6, $"text {i}: {Rows.MaxDifference(expected[i], found[i]):E2}");
    }
}
