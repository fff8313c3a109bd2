using System.Text.Json;
using Ann.Core.Files;
using Ann.Encoding;
using Ann.Tests.Files.Formats;
using Ann.Tests.Tool.Pages;
using Ann.Tool.Judged;

namespace Ann.Tests.Tool.Judging;

/// <summary>Goal: <c>ann eval --qrels</c> measures what TREC defines, and tells chance from difference.</summary>
public sealed class JudgedEvalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task NdcgIsThatOfTheDefinitionOnASetThatWasMade() => await CompareAsync(JudgedSets.Made(_folder));

    [Fact]
    public async Task NdcgIsThatOfTheDefinitionOnMsMarco() => await CompareAsync(JudgedSets.MsMarco());

    [Fact]
    public async Task NdcgIsThatOfTheDefinitionOnNpl() => await CompareAsync(JudgedSets.Npl(_folder));

    [Fact]
    public void ScoresAreThoseOfTheirDefinitions()
    {
        Dictionary<int, int> grades = new() { [0] = 2, [3] = 1, [4] = 0, [7] = -1, [-1] = 1 };

        RankingScores scores = RankingScores.Of([4, 0, 7, 3], grades, k: 3);

        Assert.Equal(2 / Math.Log2(3) / (2 + (1 / Math.Log2(3)) + 0.5), scores.Ndcg, 12); // grade 2 at rank 2; at best 2, 1, 1
        Assert.Equal(1.0 / 2, scores.Mrr, 12);
        Assert.Equal(2.0 / 3, scores.Recall, 12);
        Assert.Equal(((1.0 / 2) + (2.0 / 4)) / 3, scores.Map, 12);
        Assert.Equal(0, RankingScores.Of([4], grades, k: 3).Ndcg);
        Assert.Equal(new RankingScores(0.5, 0.5, 0.5, 0.5), RankingScores.Mean([new(1, 1, 1, 1), default]));
    }

    [Fact]
    public void AnEvenDifferenceIsSureAndAnUnevenOneIsChance()
    {
        double[] first = [.. Enumerable.Range(0, 40).Select(static i => i / 80.0)];
        double[] better = [.. first.Select(static value => value + 0.1)];
        double[] shaken = [.. first.Select(static (value, i) => value + (i % 2 == 0 ? 0.2 : -0.19))];

        MeanDifference sure = PairedBootstrap.Compare(first, better, seed: 7);
        MeanDifference chance = PairedBootstrap.Compare(first, shaken, seed: 7);

        Assert.Equal(0.1, sure.Difference, 9);
        Assert.Equal(0.1, sure.Low, 9);
        Assert.Equal(0.1, sure.High, 9);
        Assert.True(sure.P < 0.001, $"{sure}");
        Assert.True(chance.P > 0.5 && chance.Low < 0 && chance.High > 0, $"{chance}");
        Assert.Equal(1, PairedBootstrap.Compare(first, first, seed: 7).P);
        Assert.Equal(chance, PairedBootstrap.Compare(first, shaken, seed: 7));
    }

    /// <summary>The interval of a mean is as wide as its standard error says.</summary>
    [Fact]
    public void TheIntervalIsThatOfTheNormalLaw()
    {
        Random random = new(5);
        double[] values = [.. Enumerable.Range(0, 400).Select(_ => random.NextDouble())];

        (double low, double high) = PairedBootstrap.IntervalOfMean(values, seed: 1);

        double error = Math.Sqrt(values.Select(value => Math.Pow(value - values.Average(), 2)).Sum() / 400 / 400);
        Assert.Equal(2 * 1.96 * error, high - low, tolerance: 0.06 * error * 4);
        Assert.InRange(values.Average(), low, high);
    }

    [Fact]
    public async Task EncodersStandSideBySideOnThePageAndInText()
    {
        JudgedFiles files = JudgedSets.Made(_folder, passages: 60, queries: 8);

        ToolRun run = (await Eval(files, "--encoders", "default,default", "--seed", "9", "--report", _folder["page.html"])).Expect(0);

        Assert.Contains("+0.0000", run.Out.Replace(" 0.0000", " +0.0000"));
        Assert.Contains("p 1.0000", run.Out);
        Assert.Contains("seed 9", run.Out);
        Assert.Contains("they count as not found", run.Out);
        string page = File.ReadAllText(_folder["page.html"]);
        Assert.Contains("data-series='default'", page);
        Assert.Contains("class='interval'", page);
        Assert.Contains("Against default", page);
        await PageInBrowser.RequireSoundAsync("eval --qrels", _folder["page.html"], 8);
    }

    [Fact]
    public async Task WhatCannotBeJudgedIsRefused()
    {
        JudgedFiles files = JudgedSets.Made(_folder, passages: 20, queries: 5);
        string Qrels(string text)
        {
            File.WriteAllText(_folder["bad.qrels"], text);
            return _folder["bad.qrels"];
        }

        (await Eval(files with { Qrels = Qrels("q1 0 d1 1\nq1 0 d2 much\n") }))
            .ExpectRefusal("bad.qrels", "line 2", "found 'q1 0 d2 much'");
        (await Eval(files with { Qrels = Qrels("q1 0 d1 1\nq1 0 d1 2\n") })).ExpectRefusal("line 2", "has grade 2 here and 1 before");
        (await Eval(files with { Qrels = Qrels("query-id\tcorpus-id\tscore\n") })).ExpectRefusal("holds no judgements");
        (await Eval(files with { Qrels = Qrels("other 0 d1 1\n") })).ExpectRefusal("no query of", "a grade above 0");
        (await Eval(files, "--ef", "64")).ExpectRefusal("--ef is 64", "--depth (100)");
        (await Eval(files, "--encoders", ",")).ExpectRefusal("names none");
        (await Eval(files, "--index", "x.ann")).ExpectRefusal("either an index file with --index, or judgements with --qrels");
        (await ToolRun.RunAsync("eval", "--qrels", files.Qrels, "--queries", files.Queries)).ExpectRefusal("--qrels needs --corpus");
        (await ToolRun.RunAsync("eval", "--index", "x.ann", "--queries", "q.npy", "--depth", "5"))
            .ExpectRefusal("--depth belongs to --qrels");
    }

    private static Task<ToolRun> Eval(JudgedFiles files, params string[] more) =>
        ToolRun.RunAsync(["eval", "--qrels", files.Qrels, "--corpus", files.Corpus, "--queries", files.Queries, .. more]);

    private static async Task CompareAsync(JudgedFiles files)
    {
        JsonElement json = (await Eval(files, "--json", "--per-query")).Expect(0).Json;
        Dictionary<string, double> found = json.GetProperty("encoders")[0].GetProperty("per_query").EnumerateArray().ToDictionary(
            static one => one.GetProperty("query").GetString()!, static one => one.GetProperty("exact").GetProperty("ndcg").GetDouble());

        using TextEncoder encoder = TextEncoder.OpenDefault(PhysicalFileSystem.Instance, ToolRun.CacheDirectory, new EncoderOptions());
        List<(string Number, float[] Vector)> documents = Encode(encoder, files.Corpus, TextRole.Document);
        ILookup<string, (string Passage, int Grade)> judged = File.ReadLines(files.Qrels)
            .Select(static line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(static fields => int.TryParse(fields[^1], out _))
            .ToLookup(static fields => fields[0], static fields => (fields[^2], int.Parse(fields[^1])));
        double sum = 0;
        int count = 0;
        foreach ((string number, float[] query) in Encode(encoder, files.Queries, TextRole.Query))
        {
            Dictionary<string, int> grades = judged[number].ToDictionary();
            if (!grades.Values.Any(static grade => grade > 0))
                continue;
            double expected = TrecDefinition.Ndcg(query, documents, grades, cutoff: 10);
            Assert.True(Math.Abs(expected - found[number]) <= 1e-6, $"query {number}: {expected} expected, {found[number]} found");
            sum += expected;
            count++;
        }
        Assert.Equal(found.Count, count);
        Assert.True(count >= 20, $"{count} queries");
        double mean = json.GetProperty("encoders")[0].GetProperty("exact").GetProperty("ndcg").GetDouble();
        Assert.Equal(sum / count, mean, tolerance: 1e-6);
        Assert.InRange(mean, 0.1, 0.95);
    }

    private static List<(string Number, float[] Vector)> Encode(TextEncoder encoder, string path, TextRole role)
    {
        List<(string Number, float[] Vector)> rows = [];
        foreach (string[][] lines in File.ReadLines(path).Select(TextOf).Chunk(64))
        {
            float[] vectors = new float[lines.Length * encoder.Info.Dimension];
            encoder.Encode([.. lines.Select(static line => line[1])], role, vectors, CancellationToken.None);
            for (int i = 0; i < lines.Length; i++)
                rows.Add((lines[i][0], vectors[(i * encoder.Info.Dimension)..((i + 1) * encoder.Info.Dimension)]));
        }
        return rows;

        static string[] TextOf(string line)
        {
            JsonElement json = JsonDocument.Parse(line).RootElement;
            string title = json.TryGetProperty("title", out JsonElement given) ? given.GetString()! : "";
            string text = json.GetProperty("text").GetString()!;
            return [json.GetProperty("_id").GetString()!, title.Length == 0 ? text : $"{title} {text}"];
        }
    }
}
