using System.Runtime.InteropServices;
using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding;
using Ann.Encoding.Tokenizers;
using Ann.Tests.Tool;
using Ann.Tool.Judged;

namespace Ann.Tests.Encoding;

/// <summary>
/// Goal: trained models give here what they gave where they were trained. The data is not part of the repository, so these tests are
/// skipped without it; the other tests of this folder prove the same on models of their own.
/// </summary>
public sealed class RealEncoderTests
{
    [Fact]
    public void The_sentence_encoder_gives_its_golden_vectors()
    {
        using TextEncoder encoder = TextEncoder.Open(
            PhysicalFileSystem.Instance, SharedData.Require("text-encoder"), DefaultEncoderTests.Cpu);
        Golden[] golden = ReadGolden();

        float[][] rows = encoder.Encode([.. golden.Select(one => one.Text)]);

        Assert.Equal((128, 128), (encoder.Info.Dimension, encoder.MaxTokens));
        double worst = golden.Zip(rows, (one, row) => Rows.MaxDifference(one.Embedding, row)).Max();
        TestContext.Current.SendDiagnosticMessage($"text-encoder: largest difference from the golden vectors {worst:E2}");
        Assert.True(worst <= 1e-4, $"{worst}");
    }

    [Fact]
    public void The_tokenizer_gives_the_golden_ids()
    {
        string file = Path.Combine(SharedData.Require("text-encoder"), "tokenizer.json");
        using HuggingFaceTokenizerFile opened = HuggingFaceTokenizerFile.Open(file, File.ReadAllBytes(file));
        WordPieceTextTokenizer tokenizer = new(
            opened.WordPiece(),
            new BertTextNormalizer(Lowercase: true, StripAccents: true, SplitCjk: true));
        using TokenBuffer tokens = new(1, hasWeights: false);

        foreach (Golden golden in ReadGolden())
        {
            tokens.Clear();
            tokenizer.Tokenize(golden.Text, 128, tokens);
            tokens.EndRow();
            Assert.Equal(golden.Ids, tokens.Ids(0).ToArray());
        }
    }

    [Fact]
    public void The_sentence_encoder_ranks_passages_as_well_as_it_was_measured_to()
    {
        JudgedCollection collection = JudgedCollection.ReadFolder(ToolRun.World, SharedData.Require("ir-msmarco5k"));
        using TextEncoder encoder = TextEncoder.Open(
            PhysicalFileSystem.Instance, SharedData.Require("text-encoder"), DefaultEncoderTests.Cpu);

        RankingScores judged = Judge(collection, encoder);

        TestContext.Current.SendDiagnosticMessage($"text-encoder: nDCG@10 {judged.Ndcg:F4} on ir-msmarco5k");
        Assert.Equal(0.583, judged.Ndcg, tolerance: 0.005);
        Assert.Equal(0.604, judged.Recall, tolerance: 0.005);
    }

    /// <summary>Nothing of the default encoder is trained; the floor says that it is a useful one all the same.</summary>
    [Fact]
    public void The_default_encoder_ranks_passages_usefully()
    {
        JudgedCollection collection = JudgedCollection.ReadFolder(ToolRun.World, SharedData.Require("ir-msmarco5k"));
        using TemporaryFolder cache = new();
        using TextEncoder encoder = TextEncoder.OpenDefault(PhysicalFileSystem.Instance, cache.Path, DefaultEncoderTests.Cpu);

        RankingScores judged = Judge(collection, encoder);

        TestContext.Current.SendDiagnosticMessage($"default encoder: nDCG@10 {judged.Ndcg:F4} on ir-msmarco5k");
        Assert.True(judged.Ndcg >= 0.6, $"{judged}");
    }

    [Fact]
    public void The_towers_give_their_golden_vectors()
    {
        string folder = SharedData.Require("twotower-beauty");
        using FeatureEncoder users = FeatureEncoder.Open(
            PhysicalFileSystem.Instance, Path.Combine(folder, "Beauty.user.onnx"), DefaultEncoderTests.Cpu);
        using FeatureEncoder items = FeatureEncoder.Open(
            PhysicalFileSystem.Instance, Path.Combine(folder, "Beauty.item.onnx"), DefaultEncoderTests.Cpu);
        long[] sequences = Read<long>(Path.Combine(folder, "Beauty.golden_item_seq.16x50.i64"));
        float[] expected = Read<float>(Path.Combine(folder, "Beauty.golden_user_vector.16x64.f32"));
        float[] actual = new float[16 * 64];

        users.Encode(sequences, rows: 16, actual);

        Assert.Equal(new FeatureInput("item_seq", FeatureType.Int64, 50), users.Input);
        Assert.Equal(new FeatureInput("item_ids", FeatureType.Int64, 1), items.Input);
        double worst = Rows.MaxDifference(expected, actual);
        TestContext.Current.SendDiagnosticMessage($"user tower: largest difference from the golden vectors {worst:E2}");
        Assert.True(worst <= 1e-4, $"{worst}");
    }

    /// <summary>The exact neighbours in the folder were computed from the item tower's rows: their distances check those rows.</summary>
    [Fact]
    public void The_item_tower_gives_the_rows_that_the_ground_truth_was_computed_from()
    {
        string folder = SharedData.Require("twotower-beauty");
        using FeatureEncoder items = FeatureEncoder.Open(
            PhysicalFileSystem.Instance, Path.Combine(folder, "Beauty.item.onnx"), DefaultEncoderTests.Cpu);
        float[] users = Read<float>(Path.Combine(folder, "users2000.fbin"))[2..];
        int[] nearest = Read<int>(Path.Combine(folder, "users1000.gt100.ibin"))[2..];
        float[] distances = Read<float>(Path.Combine(folder, "users1000.gt100.dist.fbin"))[2..];

        double worst = 0;
        for (int user = 0; user < 20; user++)
        {
            long[] ids = [.. nearest.Skip(user * 100).Take(100).Select(row => (long)row)];
            float[] rows = new float[100 * 64];
            items.Encode(ids, rows: 100, rows);
            for (int i = 0; i < ids.Length; i++)
                worst = Math.Max(
                    worst,
                    Math.Abs(Rows.Dot(users[(user * 64)..(user * 64 + 64)], rows[(i * 64)..(i * 64 + 64)]) + distances[user * 100 + i]));
        }

        TestContext.Current.SendDiagnosticMessage($"item tower: largest difference from the ground truth {worst:E2}");
        Assert.True(worst <= 1e-3, $"{worst}");
    }

    /// <summary>Scores of exact search; asserts that those through an index are near them.</summary>
    private static RankingScores Judge(JudgedCollection collection, TextEncoder encoder)
    {
        using TemporaryFolder work = new();
        JudgedResult result = new JudgedRun(ToolRun.World, work.Path, new JudgedSearch { Metric = Metric.Cosine, Ef = 256, Threads = 2 })
            .Run(collection, encoder, TestContext.Current.CancellationToken);
        (RankingScores exact, RankingScores index) = (RankingScores.Mean(result.Exact), RankingScores.Mean(result.Index));
        Assert.Equal(exact.Ndcg, index.Ndcg, tolerance: 0.005);
        Assert.Equal(exact.Recall, index.Recall, tolerance: 0.005);
        return exact;
    }

    private sealed record Golden(string Text, long[] Ids, float[] Embedding);

    private static Golden[] ReadGolden()
    {
        using JsonDocument document = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(SharedData.Require("text-encoder"), "golden.json")));
        return [.. document.RootElement.EnumerateArray().Select(one => new Golden(
            one.GetProperty("text").GetString()!,
            [.. one.GetProperty("input_ids").EnumerateArray().Select(id => id.GetInt64())],
            [.. one.GetProperty("embedding").EnumerateArray().Select(component => component.GetSingle())]))];
    }

    private static T[] Read<T>(string path)
        where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(File.ReadAllBytes(path)).ToArray();
}
