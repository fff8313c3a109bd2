using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: int8 codes lose nothing on rows that int8 cannot tell apart, that one row spoils, or that lie far from the mean: the file finds
/// what one of float32 finds, in either layout. Method: recall against exact search, ties counted right, at equal beams.
/// </summary>
public sealed class HardRowsTests
{
    private const int Seed = 20261129;
    private const int K = 10;

    public static MatrixTheoryData<string, Metric> Families => new(
        ["variants 0.1", "variants 0.03", "variants 0.003", "variants on the sphere 0.03", "variants on the sphere 0.003"],
        [Metric.Cosine, Metric.L2]);

    /// <summary>
    /// Near-identical rows in families larger than any beam that ranks them: product variants, boilerplate, video frames.
    /// </summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void VariantsAreToldApart(string set, Metric metric)
    {
        (float[][] rows, float[][] queries) = HardRows.Of(set, Seed);
        HoldsUp(rows, queries, metric, least: 0.99);
    }

    [Theory]
    [InlineData("outlier", Metric.L2)]
    [InlineData("outlier", Metric.InnerProduct)]
    [InlineData("long row", Metric.L2)]
    [InlineData("long row", Metric.InnerProduct)]
    [InlineData("flag", Metric.L2)]
    [InlineData("halves", Metric.L2)]
    [InlineData("far and tight", Metric.L2)]
    [InlineData("line", Metric.L2)]
    [InlineData("norms of sigma 4", Metric.InnerProduct)]
    public void NoRowSpoilsTheOthers(string set, Metric metric)
    {
        (float[][] rows, float[][] queries) = HardRows.Of(set, Seed);
        HoldsUp(rows, queries, metric, least: 0.985);
    }

    /// <summary>
    /// 256 signs of 2,048 tell little of rows without structure: the builder measures it, and the file asks for a wider margin.
    /// </summary>
    [Fact]
    public void EstimatesOfManyComponentsGetTheMarginTheyNeed()
    {
        Random random = new(Seed);
        float[][] rows = [.. Enumerable.Range(0, 1060).Select(_ => SegmentFixture.Gaussian(random, 1536, 1))];
        SegmentBuildOptions options = SegmentFixture.Options(Metric.Cosine);
        using SealedSegment fast = SegmentFixture.Seal(rows[..1000], options);
        using SealedSegment lean = SegmentFixture.Seal(rows[..1000], options with { Layout = SegmentLayout.Lean });
        Assert.True(fast.BuildRecord.EstimateMargin > 1, $"{fast.BuildRecord.EstimateMargin}, seed {Seed}");
        Assert.Null(lean.BuildRecord.EstimateMargin);
        foreach (int ef in new[] { 64, 128 })
        {
            (double ofFast, double ofLean) = (Recall(fast, rows[1000..], ef), Recall(lean, rows[1000..], ef));
            Assert.True(ofFast >= ofLean - 0.025, $"ef {ef}: fast {ofFast:f4}, lean {ofLean:f4}, seed {Seed}");
        }
    }

    [Fact]
    public void TheRecordSaysWhichCodesAreTakenAndWhy()
    {
        (float[][] rows, _) = HardRows.Of("variants 0.003", Seed);
        using SealedSegment hard = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.L2));
        Assert.Equal((CodesKind.F32, SegmentLayout.Lean), (hard.Codes, hard.Layout));
        Assert.Equal(("f32", "int8"), (hard.BuildRecord.Codes, hard.BuildRecord.CodesAsked));
        Assert.StartsWith("No codes, for one scale for all rows tells 0.", hard.BuildRecord.CodesReason, StringComparison.Ordinal);
        Assert.Null(hard.Certificate.CodesRecall10);

        (rows, _) = HardRows.Of("variants 0.1", Seed);
        using SealedSegment finer = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.Cosine));
        Assert.Equal((CodesKind.Int8, SegmentLayout.Fast), (finer.Codes, finer.Layout));
        Assert.StartsWith(
            "Codes with a scale and an offset per row, for one scale", finer.BuildRecord.CodesReason, StringComparison.Ordinal);
        Assert.True(finer.Certificate.CodesRecall10 > 0.999, $"{finer.Certificate.CodesRecall10}");

        using SealedSegment plain = SegmentFixture.Seal(SegmentFixture.Clustered(2000, 40, Seed), SegmentFixture.Options(Metric.L2));
        Assert.Null(plain.BuildRecord.EstimateMargin);
        Assert.Equal(("int8", "int8", ""), (plain.BuildRecord.Codes, plain.BuildRecord.CodesAsked, plain.BuildRecord.CodesReason));
        Assert.Equal(1, plain.Certificate.CodesRecall10);
    }

    [Fact]
    public void TheChoiceDoesNotDependOnThreads()
    {
        (float[][] rows, _) = HardRows.Of("variants 0.03", Seed);
        using SealedSegment one = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.Cosine, threads: 1));
        using SealedSegment three = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.Cosine, threads: 3));
        Assert.Equal(one.Generation, three.Generation);
    }

    [Fact]
    public void WhatIsMeasuredIsSaidInWords()
    {
        (float[][] rows, _) = HardRows.Of("outlier", Seed);
        using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.L2));
        Certificate measured = segment.Certificate;
        Assert.Matches(
            "^Of the 10 nearest of sampled rows a walk finds [01]\\.\\d{4} at ef 64 and [01]\\.\\d{4} at ef 256\\. A scan by codes finds "
            + "1\\.0000 of them\\.$",
            RecallFloor.InWords(measured));
        Assert.Null(RecallFloor.Default.Shortfall(measured));
        Certificate poor = measured with { EfRecall = [new EfRecall(64, 0.5), new EfRecall(256, 0.9)] };
        Assert.Equal("recall@10 is 0.9000 at ef 256, below 0.95.", RecallFloor.Default.Shortfall(poor));
        Assert.Null(new RecallFloor(0.9).Shortfall(poor));
        Assert.Null(RecallFloor.Default.Shortfall(new Certificate()));
    }

    private static void HoldsUp(float[][] rows, float[][] queries, Metric metric, double least)
    {
        SegmentBuildOptions options = SegmentFixture.Options(metric);
        using SealedSegment fast = SegmentFixture.Seal(rows, options);
        using SealedSegment lean = SegmentFixture.Seal(rows, options with { Layout = SegmentLayout.Lean });
        using SealedSegment f32 = SegmentFixture.Seal(rows, options with { Codes = CodesKind.F32 });
        foreach (int ef in new[] { 64, 256 })
        {
            (double ofFast, double ofLean) = (Recall(fast, queries, ef), Recall(lean, queries, ef));
            double ofRows = Recall(f32, queries, ef);
            string told = $"ef {ef}: fast {ofFast:f4}, lean {ofLean:f4}, f32 {ofRows:f4}; {lean.BuildRecord.CodesReason} seed {Seed}";
            Assert.True(ofFast >= ofRows - 0.02 && ofLean >= ofRows - 0.02 && ofFast >= ofLean - 0.01, told);
            Assert.True(ef < 256 || Math.Min(ofFast, ofLean) >= least, told);
        }
    }

    private static double Recall(SealedSegment segment, float[][] queries, int ef)
    {
        Neighbor[] exact = new Neighbor[K], found = new Neighbor[K];
        double sum = 0;
        foreach (float[] query in queries)
        {
            segment.Search(query, new SearchParameters(K, Exact: true), SearchBudget.Unlimited, exact, out _);
            int count = segment.Search(query, new SearchParameters(K, ef), SearchBudget.Unlimited, found, out _);
            sum += HardRows.Share(exact, found.AsSpan(0, count));
        }
        return sum / queries.Length;
    }
}
