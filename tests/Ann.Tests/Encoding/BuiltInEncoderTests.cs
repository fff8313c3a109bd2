using Ann.Core.Files;
using Ann.Encoding;
using Ann.Encoding.Defaults;
using Ann.Tests.Tool;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ann.Tests.Encoding;

/// <summary>Goal: the trained encoders that come with the program give what their models give, from files that repair themselves.</summary>
public sealed class BuiltInEncoderTests
{
    private const string Prefix = "Represent this sentence for searching relevant passages: ";

    [Theory]
    [InlineData("minilm", 256)]
    [InlineData("arctic-xs", 512)]
    public void Like_texts_are_near(string name, int maxTokens)
    {
        using TextEncoder encoder = Open(name);

        float[][] rows = encoder.Encode(["sofa", "couch", "car"]);

        Assert.Equal((name, 384, maxTokens), (encoder.Info.Name, encoder.Info.Dimension, encoder.MaxTokens));
        Assert.True(Cosine(rows[0], rows[1]) > Cosine(rows[0], rows[2]) + 0.05);
    }

    [Fact]
    public void The_pairs_of_the_documentation_of_sentence_transformers_have_its_cosines()
    {
        using TextEncoder encoder = Open("minilm");

        float[][] rows = encoder.Encode(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]);

        Assert.Equal(0.6660, Cosine(rows[0], rows[1]), tolerance: 0.001);
        Assert.Equal(0.1046, Cosine(rows[0], rows[2]), tolerance: 0.001);
        Assert.Equal(0.1411, Cosine(rows[1], rows[2]), tolerance: 0.001);
    }

    [Theory]
    [InlineData("minilm", TextRole.Document, "")]
    [InlineData("minilm", TextRole.Query, "")]
    [InlineData("arctic-xs", TextRole.Document, "")]
    [InlineData("arctic-xs", TextRole.Query, Prefix)]
    public void Rows_are_those_of_a_plain_run(string name, TextRole role, string prefix)
    {
        using TextEncoder encoder = Open(name);
        string[] texts = ["a", "garden hose, 20 m, with a nozzle", "Les cafés de Paris ouvrent à six heures."];
        float[] rows = new float[texts.Length * 384];

        encoder.Encode(texts, role, rows);

        using InferenceSession plain = new(Path.Combine(Place(name), "model.onnx"));
        for (int i = 0; i < texts.Length; i++)
        {
            float[] expected = Plain(plain, encoder.TokenIds(prefix + texts[i], TextRole.Document), mean: name == "minilm");
            double difference = Rows.MaxDifference(expected, rows.AsSpan(i * 384, 384).ToArray());
            Assert.True(difference < 1e-5, $"'{texts[i]}': {difference}");
        }
    }

    [Fact]
    public void A_damaged_file_is_written_again()
    {
        RequireHere();
        using TemporaryFolder folder = new();
        string place = BuiltInEncoder.PlaceOf(PhysicalFileSystem.Instance, "minilm", folder.Path);
        string vocabulary = Path.Combine(place, "vocab.txt");
        byte[] intact = File.ReadAllBytes(vocabulary);
        File.WriteAllBytes(vocabulary, [.. intact.Reverse()]);

        BuiltInEncoder.PlaceOf(PhysicalFileSystem.Instance, "minilm", folder.Path);

        Assert.Equal(intact, File.ReadAllBytes(vocabulary));
    }

    [Fact]
    public void Any_other_name_is_a_path() =>
        Assert.Equal("./minilm", BuiltInEncoder.PlaceOf(PhysicalFileSystem.Instance, "./minilm", "/nowhere"));

    [Fact]
    public async Task What_is_exported_is_the_same_encoder()
    {
        RequireHere();
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["items.jsonl"], """{"id":"1","text":"garden hose"}""");

        (await ToolRun.RunAsync("encoder", "export", "arctic-xs", folder["out"])).Expect(0);

        Assert.Equal(await Fingerprint("arctic-xs"), await Fingerprint(folder["out"]));

        async Task<string?> Fingerprint(string encoder) => (await ToolRun.RunAsync(
            "encode", "--input", folder["items.jsonl"], "--output", folder["x.npy"], "--encoder", encoder, "--providers", "cpu", "--json"))
            .Expect(0).Json.GetProperty("encoder_fingerprint").GetString();
    }

    private static float[] Plain(InferenceSession session, long[] ids, bool mean)
    {
        int[] shape = [1, ids.Length];
        List<NamedOnnxValue> inputs =
        [
            NamedOnnxValue.CreateFromTensor("input_ids", new DenseTensor<long>(ids, shape)),
            NamedOnnxValue.CreateFromTensor("attention_mask", new DenseTensor<long>(ids.Select(_ => 1L).ToArray(), shape)),
            NamedOnnxValue.CreateFromTensor("token_type_ids", new DenseTensor<long>(new long[ids.Length], shape)),
        ];
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run(inputs);
        Tensor<float> states = outputs[0].AsTensor<float>();
        double[] sum = new double[384];
        for (int token = 0; token < (mean ? ids.Length : 1); token++)
            for (int i = 0; i < sum.Length; i++)
                sum[i] += states[0, token, i];
        double length = Math.Sqrt(sum.Sum(value => value * value));
        return [.. sum.Select(value => (float)(value / length))];
    }

    private static double Cosine(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();

    private static TextEncoder Open(string name) => TextEncoder.Open(PhysicalFileSystem.Instance, Place(name), DefaultEncoderTests.Cpu);

    internal static string Place(string name)
    {
        RequireHere();
        return BuiltInEncoder.PlaceOf(PhysicalFileSystem.Instance, name, ToolRun.CacheDirectory);
    }

    private static void RequireHere() =>
        Assert.SkipUnless(BuiltInEncoder.All.All(static one => one.IsHere), "This build was made with -p:RealEncoders=false.");
}
