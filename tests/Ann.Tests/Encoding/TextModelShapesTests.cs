using Ann.Core;
using Ann.Encoding;
using static Ann.Encoding.Onnx.TensorProto.Types;

namespace Ann.Tests.Encoding;

/// <summary>
/// Goal: models as exporters write them are run as they are: other integers, other floats, positions, fewer inputs, every pooling, rows
/// cut.
/// Method: one table of three numbers per token, and plain loops over it.
/// </summary>
public sealed class TextModelShapesTests
{
    // Numbers of ONNX, some of which the product never writes.
    private const int Float = 1, Int32 = 6, Int64 = 7, Float16 = 10, BFloat16 = 16;

    private static readonly int[] RedShoes = [2, 5, 7, 8, 3];

    [Theory]
    [InlineData("mean")]
    [InlineData("cls")]
    [InlineData("max")]
    [InlineData("last")]
    public void Every_pooling_equals_a_plain_loop_and_leaves_padding_out(string pooling)
    {
        using TemporaryFolder folder = Of(new TinyVariants(), $$"""{ "pooling": "{{pooling}}", "normalize": false }""");
        using TextEncoder encoder = TextEncoderTests.Open(folder);

        float[][] rows = encoder.Encode("red shoes", "blue", "");

        int[][] ids = [RedShoes, [2, 6, 3], [2, 3]];
        for (int i = 0; i < rows.Length; i++)
            Assert.True(Rows.MaxDifference(Pool(pooling, ids[i]), rows[i]) < 1e-5, $"{pooling} of text {i}");
    }

    [Theory]
    [InlineData(Int32, Float, 1e-5)]
    [InlineData(Int64, Float16, 2e-3)]
    [InlineData(Int32, BFloat16, 2e-2)]
    public void Other_integers_and_floats_are_converted(int integers, int floats, double tolerance)
    {
        using TemporaryFolder folder = Of(
            new TinyVariants { Integers = (DataType)integers, Floats = (DataType)floats }, """{ "pooling": "mean", "normalize": false }""");
        using TextEncoder encoder = TextEncoderTests.Open(folder);

        float[] row = encoder.Encode("blue", "red shoes")[1];

        Assert.True(Rows.MaxDifference(Pool("mean", RedShoes), row) < tolerance, string.Join(' ', row));
    }

    [Fact]
    public void Places_are_counted_in_every_row()
    {
        using TemporaryFolder folder = Of(
            new TinyVariants { HasPositions = true }, """{ "pooling": "last", "normalize": false }""");
        using TextEncoder encoder = TextEncoderTests.Open(folder);

        float[][] rows = encoder.Encode("red shoes", "blue");

        Assert.Equal(TinyModels.State(3)[0] + 40, rows[0][0], 1e-4f);
        Assert.Equal(TinyModels.State(3)[0] + 20, rows[1][0], 1e-4f);
    }

    [Fact]
    public void Rows_are_cut_and_scaled_again()
    {
        using TemporaryFolder whole = Of(new TinyVariants(), """{ "pooling": "mean" }""");
        using TemporaryFolder cut = Of(new TinyVariants(), """{ "pooling": "mean", "dimension": 3, "truncate_dimension": 2 }""");
        using TextEncoder all = TextEncoderTests.Open(whole), two = TextEncoderTests.Open(cut);

        float[] expected = all.Encode("red shoes")[0], row = two.Encode("red shoes")[0];

        Assert.Equal(2, two.Info.Dimension);
        Assert.Equal(1, Rows.Dot(row, row), tolerance: 1e-5);
        Assert.Equal(expected[0] / expected[1], row[0] / row[1], 1e-4f);
        Assert.NotEqual(all.Info.Fingerprint, two.Info.Fingerprint);
    }

    [Fact]
    public void No_more_is_kept_than_there_is()
    {
        using TemporaryFolder folder = Of(new TinyVariants(), """{ "truncate_dimension": 4 }""");

        Assert.Contains(
            "field 'truncate_dimension': expected at most 3, which the model gives; found 4",
            Assert.Throws<AnnException>(() => TextEncoderTests.Open(folder)).Message);
    }

    [Theory]
    [InlineData("batch", "3")]
    [InlineData("3", "tokens", "batch", "3")]
    public void An_output_that_is_not_what_it_declares_is_refused(params string[] declared)
    {
        using TemporaryFolder folder = Of(new TinyVariants { Declared = declared }, "{}");

        string message = Assert.Throws<AnnException>(() => TextEncoderTests.Open(folder)).Message;

        Assert.Contains("'last_hidden_state'", message);
        Assert.Contains("field 'output': expected", message);
    }

    private static TemporaryFolder Of(TinyVariants model, string description) => new TemporaryFolder()
        .With("model.onnx", model.ToBytes()).With("vocab.txt", TinyModels.VocabularyText).With("encoder.json", description);

    private static float[] Pool(string pooling, int[] ids) => [.. Enumerable.Range(0, TinyModels.Dimension).Select(component =>
    {
        float[] column = [.. ids.Select(id => TinyModels.State(id)[component])];
        return pooling switch { "mean" => column.Average(), "max" => column.Max(), "last" => column[^1], _ => column[0] };
    })];
}
