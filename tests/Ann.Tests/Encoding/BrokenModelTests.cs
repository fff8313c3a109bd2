using Ann.Core;
using Ann.Encoding;

namespace Ann.Tests.Encoding;

/// <summary>Goal: a model that cannot be used is named, with what was expected and what was found; nothing large is read before.</summary>
public sealed class BrokenModelTests
{
    [Theory]
    [InlineData("")]
    [InlineData("not a model")]
    [InlineData("\u0008\u0008")]
    public void What_is_no_model_is_named(string content)
    {
        using TemporaryFolder folder = new TemporaryFolder().With("model.onnx", content).With("vocab.txt", TinyModels.VocabularyText);

        AssertNamed(folder, AnnError.InvalidArgument, "model.onnx: is not a model that ONNX Runtime can load");
    }

    [Fact]
    public void A_model_that_was_cut_is_named()
    {
        byte[] model = TinyModels.Bert();
        using TemporaryFolder folder = new TemporaryFolder()
            .With("model.onnx", model[..(model.Length / 2)]).With("vocab.txt", TinyModels.VocabularyText);

        AssertNamed(folder, AnnError.InvalidArgument, "model.onnx: ");
    }

    [Fact]
    public void Inputs_that_a_tokenizer_cannot_fill_are_named()
    {
        using TemporaryFolder folder = new TemporaryFolder()
            .With("model.onnx", TinyModels.UserTower()).With("vocab.txt", TinyModels.VocabularyText);

        AssertNamed(
            folder, AnnError.InvalidArgument,
            "model.onnx: expected a graph input 'input_ids' int64 or int32[batch,tokens]; found 'features' float[-1,3]");
    }

    [Fact]
    public void Weights_that_are_missing_or_elsewhere_are_named()
    {
        byte[] missing = TinyModels.WithExternal(TinyModels.Bert(), "states", "gone.bin", out _);
        byte[] outside = TinyModels.WithExternal(TinyModels.Bert(), "states", "../gone.bin", out _);
        using TemporaryFolder one = new TemporaryFolder().With("model.onnx", missing).With("vocab.txt", TinyModels.VocabularyText);
        using TemporaryFolder other = new TemporaryFolder().With("model.onnx", outside).With("vocab.txt", TinyModels.VocabularyText);

        AssertNamed(one, AnnError.NotFound, "gone.bin, and there is no such file");
        AssertNamed(other, AnnError.InvalidArgument, "expected a file in the model's directory; found '../gone.bin'");
    }

    [Fact]
    public void A_model_larger_than_the_limit_is_refused_with_its_weights()
    {
        byte[] model = TinyModels.WithExternal(TinyModels.Bert(), "states", "w.bin", out byte[] weights);
        using TemporaryFolder folder = new TemporaryFolder()
            .With("model.onnx", model).With("w.bin", weights).With("vocab.txt", TinyModels.VocabularyText);
        long whole = model.Length + weights.Length;

        using (TextEncoder fits = TextEncoderTests.Open(folder, DefaultEncoderTests.Cpu with { MaxModelBytes = whole }))
            Assert.Equal(3, fits.Info.Dimension);
        AnnException error = Assert.Throws<AnnException>(
            () => TextEncoderTests.Open(folder, DefaultEncoderTests.Cpu with { MaxModelBytes = whole - 1 }));

        Assert.Contains($"model.onnx: expected a model of at most {whole - 1} bytes with its weights; found {whole}", error.Message);
    }

    [Fact]
    public void A_run_that_gets_no_memory_is_not_the_callers_fault()
    {
        using TemporaryFolder folder = new TemporaryFolder().With("model.onnx", TinyModels.Boundless());
        using FeatureEncoder encoder = FeatureEncoder.Open(folder.Path, DefaultEncoderTests.Cpu);

        AnnException error = Assert.Throws<AnnException>(() => encoder.Encode([1f, 2, 3], rows: 1, new float[3]));

        Assert.Equal((AnnError.Overloaded, "memory"), (error.Error, error.Field));
        Assert.Contains("model.onnx: there is no memory for this run of the model", error.Message);
    }

    private static void AssertNamed(TemporaryFolder folder, AnnError kind, string message)
    {
        AnnException error = Assert.Throws<AnnException>(() => TextEncoderTests.Open(folder));
        Assert.Contains(message, error.Message);
        Assert.Equal(kind, error.Error);
        Assert.Contains(folder.Path, error.Message);
    }
}
