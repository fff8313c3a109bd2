using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding;

namespace Ann.Tests.Encoding;

/// <summary>Goal: towers give the rows of their graph for ids and for numbers, in batches, and refuse what does not fit.</summary>
public sealed class FeatureEncoderTests
{
    [Fact]
    public void Ids_of_rank_one_give_the_rows_of_the_table()
    {
        using TemporaryFolder folder = new TemporaryFolder().With("item.onnx", TinyModels.ItemTower());
        using FeatureEncoder encoder = Open(folder["item.onnx"], batchRows: 2);
        float[] rows = new float[10];

        encoder.Encode([4L, 0, 2, 2, 1], rows: 5, rows);

        Assert.Equal(new FeatureInput("item_ids", FeatureType.Int64, 1), encoder.Input);
        Assert.Equal(("item.onnx", 2), (encoder.Info.Name, encoder.Info.Dimension));
        Assert.Equal([8, 9, 0, 1, 4, 5, 4, 5, 2, 3], rows);
    }

    [Theory]
    [InlineData("batch", "2")]
    [InlineData("batch", "wide")]
    [InlineData("2", "2")]
    public void Numbers_of_rank_two_go_through_the_matrix(string batch, string dimension)
    {
        using TemporaryFolder folder = new TemporaryFolder().With("model.onnx", TinyModels.UserTower(batch, dimension));
        using FeatureEncoder encoder = Open(folder.Path, batchRows: 2);
        float[] rows = new float[6];

        encoder.Encode([1f, 0, 0, 0, 1, 0, 1, 1, 1], rows: 3, rows);

        Assert.Equal(new FeatureInput("features", FeatureType.Float32, 3), encoder.Input);
        Assert.Equal([1, 2, 3, 4, 9, 12], rows);
    }

    [Fact]
    public void A_description_may_ask_for_unit_rows()
    {
        using TemporaryFolder folder = new TemporaryFolder().With("model.onnx", TinyModels.UserTower()).With(
            "encoder.json", """{ "kind": "features", "normalize": true, "dimension": 2, "inputs": { "features": "features" }, "output": "user_vector" }""");
        using FeatureEncoder encoder = Open(folder.Path);
        float[] row = new float[2];

        encoder.Encode([0f, 1, 0], rows: 1, row);

        Assert.True(Rows.MaxDifference([0.6f, 0.8f], row) < 1e-6);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using TemporaryFolder folder = new TemporaryFolder().With("item.onnx", TinyModels.ItemTower()).With("user.onnx", TinyModels.UserTower());
        using FeatureEncoder items = Open(folder["item.onnx"]), users = Open(folder["user.onnx"]);

        AssertRefused("reads Int64 features; found Float32", () => items.Encode([1f], 1, new float[2]));
        AssertRefused("reads Float32 features; found Int64", () => users.Encode([1L, 2, 3], 1, new float[2]));
        AssertRefused("reads 3 features a row; found 4 for 1 rows", () => users.Encode([1f, 2, 3, 4], 1, new float[2]));
        AssertRefused("the model refused its input", () => items.Encode([5L], 1, new float[2]));
        AssertRefused("Row 1 of encoder 'user.onnx'", () => users.Encode([1, 1, 1, 1, float.NaN, 1], 2, new float[4]));
        Assert.Throws<ArgumentException>(() => items.Encode([1L], 1, new float[3]));
        items.Encode(ReadOnlySpan<long>.Empty, 0, []);
    }

    [Theory]
    [InlineData("""{ "kind": "text" }""", "field 'kind': expected \"features\"; found \"text\"")]
    [InlineData("""{ "pooling": "mean" }""", "field 'pooling': expected none")]
    [InlineData("""{ "max_tokens": 50 }""", "field 'max_tokens': expected no such field")]
    [InlineData("""{ "tokenizer": {} }""", "field 'tokenizer': expected no tokenizer")]
    [InlineData("""{ "dimension": 3 }""", "field 'dimension': expected 2, which the model gives; found 3")]
    [InlineData("""{ "inputs": { "features": "x" } }""", "field 'inputs.features': expected one input 'x', float or int64, of rank 1 or 2; found 'features' float[-1,3]")]
    [InlineData("""{ "output": "y" }""", "field 'output': expected one output 'y'")]
    public void A_wrong_field_is_named(string description, string message)
    {
        using TemporaryFolder folder = new TemporaryFolder().With("model.onnx", TinyModels.UserTower()).With("encoder.json", description);

        Assert.Contains(message, Assert.Throws<AnnException>(() => Open(folder.Path)).Message);
    }

    [Fact]
    public void A_text_model_is_no_feature_encoder()
    {
        using TemporaryFolder folder = new TemporaryFolder().With("model.onnx", TinyModels.Bert());

        Assert.Contains("expected one input, float or int64", Assert.Throws<AnnException>(() => Open(folder.Path)).Message);
    }

    private static FeatureEncoder Open(string path, int batchRows = 64) =>
        FeatureEncoder.Open(PhysicalFileSystem.Instance, path, new EncoderOptions { Providers = ["cpu"], MaxBatchRows = batchRows });

    private static void AssertRefused(string message, Action action)
    {
        AnnException error = Assert.Throws<AnnException>(action);
        Assert.Equal(AnnError.InvalidArgument, error.Error);
        Assert.Contains(message, error.Message);
    }
}
