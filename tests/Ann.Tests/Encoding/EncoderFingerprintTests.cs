using Ann.Core.Files;
using Ann.Encoding;

namespace Ann.Tests.Encoding;

/// <summary>Goal: two encoders have one fingerprint exactly when nothing that decides a row differs.</summary>
public sealed class EncoderFingerprintTests
{
    [Fact]
    public void Every_ingredient_changes_the_fingerprint()
    {
        ulong[] fingerprints =
        [
            Of(Plain()),
            Of(Plain().With("encoder.json", """{ "pooling": "cls" }""")),
            Of(Plain().With("encoder.json", """{ "normalize": false }""")),
            Of(Plain().With("encoder.json", """{ "max_tokens": 32 }""")),
            Of(Plain().With("encoder.json", """{ "tokenizer": { "lowercase": false } }""")),
            Of(Plain().With("encoder.json", """{ "tokenizer": { "strip_accents": false } }""")),
            Of(Plain().With("encoder.json", """{ "tokenizer": { "split_cjk": false } }""")),
            Of(Plain().With("vocab.txt", TinyModels.VocabularyText.Replace("blue", "grey", StringComparison.Ordinal))),
            Of(Plain().With("model.onnx", TinyModels.Bert(pooled: true))),
            Of(External("model.onnx_data", static _ => { })),
            Of(External("model.onnx_data", static content => content[^1] ^= 1)),
            Of(External("weights/part-1.bin", static _ => { })),
            Of(External("weights/part-1.bin", static content => content[0] ^= 1)),
        ];

        Assert.Equal(fingerprints.Length, fingerprints.Distinct().Count());
    }

    [Fact]
    public void Place_names_and_provider_options_do_not_change_it()
    {
        using TemporaryFolder elsewhere = new TemporaryFolder()
            .With("deep/er/weights.onnx", TinyModels.Bert()).With("deep/er/words.txt", TinyModels.VocabularyText)
            .With("deep/er/encoder.json", """{ "model": "weights.onnx", "tokenizer": { "file": "words.txt" } }""");
        using TextEncoder encoder = TextEncoder.Open(
            PhysicalFileSystem.Instance, elsewhere["deep/er"], new EncoderOptions { Providers = ["cpu"], Threads = 1, MaxBatchRows = 3 });

        Assert.Equal(Of(Plain()), encoder.Info.Fingerprint);
        Assert.Equal("er", encoder.Info.Name);
    }

    [Fact]
    public void A_feature_encoders_fingerprint_follows_its_weights_and_not_its_path()
    {
        ulong one = Tower("a.onnx", TinyModels.ItemTower(1));

        Assert.Equal(one, Tower("b.onnx", TinyModels.ItemTower(1)));
        Assert.NotEqual(one, Tower("a.onnx", TinyModels.ItemTower(2)));
    }

    /// <summary>The custom names of exporters give what they always gave; a file that no weight is in decides nothing.</summary>
    [Theory]
    [InlineData("model.onnx.data")]
    [InlineData("tables.bin")]
    public void External_weights_follow_the_model_whatever_their_name(string location)
    {
        byte[] model = TinyModels.WithExternal(TinyModels.ItemTower(), "table", location, out byte[] content);
        using TemporaryFolder folder = new TemporaryFolder().With("model.onnx", model).With(location, content)
            .With("model.onnx.data.old", "left over");
        using FeatureEncoder encoder = FeatureEncoder.Open(PhysicalFileSystem.Instance, folder.Path, DefaultEncoderTests.Cpu);

        ulong expected = new EncoderFingerprint().Add("ann-feature-encoder/1").Add(model).Add(content)
            .Add("input=item_ids output=item_vector normalize=0").Value;
        Assert.Equal(expected, encoder.Info.Fingerprint);
        float[] row = new float[2];
        encoder.Encode([3L], 1, row);
        Assert.Equal([6f, 7f], row);
    }

    private static TemporaryFolder External(string location, Action<byte[]> change)
    {
        byte[] model = TinyModels.WithExternal(TinyModels.Bert(), "states", location, out byte[] content);
        change(content);
        return Plain().With("model.onnx", model).With(location, content);
    }

    private static TemporaryFolder Plain() => TextEncoderTests.Described("{}");

    private static ulong Of(TemporaryFolder folder)
    {
        using (folder)
        using (TextEncoder encoder = TextEncoderTests.Open(folder))
            return encoder.Info.Fingerprint;
    }

    private static ulong Tower(string name, byte[] model)
    {
        using TemporaryFolder folder = new TemporaryFolder().With(name, model);
        using FeatureEncoder encoder = FeatureEncoder.Open(PhysicalFileSystem.Instance, folder[name], DefaultEncoderTests.Cpu);
        return encoder.Info.Fingerprint;
    }
}
