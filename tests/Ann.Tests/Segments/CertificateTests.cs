using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Indexes;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: a certificate tells the recall that queries get: of the smallest sets, of sets with copies, at any scale, and where queries are
/// not like rows. Method: the walks that searches take, counted against exact search.
/// </summary>
public sealed class CertificateTests(ITestOutputHelper output)
{
    private const int Seed = 20261129;
    private const double Tolerance = 0.02;

    /// <summary>What rows may promise too much to queries that are not like them: as much as a target may be missed by at first.</summary>
    private const double Untold = 0.03;

    public static TheoryData<Metric, CodesKind, SegmentLayout> Kinds
    {
        get
        {
            TheoryData<Metric, CodesKind, SegmentLayout> kinds = [];
            foreach (Metric metric in Enum.GetValues<Metric>())
            {
                foreach (CodesKind codes in Enum.GetValues<CodesKind>())
                {
                    foreach (SegmentLayout layout in Enum.GetValues<SegmentLayout>())
                    {
                        if (CodesTraits.Together(codes, layout) == (codes, layout))
                            kinds.Add(metric, codes, layout);
                    }
                }
            }
            return kinds;
        }
    }

    /// <summary>A graph of at most 33 nodes links each to all others, so that nothing can be missed; a few more change little.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void SmallSetsAreFoundWhole(Metric metric, CodesKind codes, SegmentLayout layout)
    {
        for (int count = 2; count <= 40; count++)
        {
            float[][] rows = SegmentFixture.NormSkewed(count, 20, sigma: 0.5, Seed + count);
            using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(metric, codes) with { Layout = layout });

            Certificate certificate = segment.Certificate;
            Assert.Equal(CertificateQueries.Rows, certificate.QuerySource);
            Assert.InRange(certificate.Queries, 1, count);
            foreach (EfRecall point in certificate.EfRecall.Concat(certificate.EfRecall100))
            {
                // A beam of no more than k is filled by codes alone, and a few links are missing where there are more nodes than places.
                // Codes of 4 bits fill it worse, and of their errors one in hundreds is larger than the rerank looks for.
                bool isWhole = point.Ef >= count || (count <= 33 && (codes == CodesKind.F32 || point.Ef > 10));
                double least = codes == CodesKind.Int4 ? (point.Ef > 10 ? 0.97 : 0.9) : isWhole ? 1 : 0.97;
                Assert.True(point.Recall >= least, $"{count} rows: {point.Recall} at ef {point.Ef}, seed {Seed + count}");
            }
        }
    }

    /// <summary>With few links most nodes of a small graph are on upper levels, and a hidden one may cut it in two.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void SmallSetsOfFewLinksAreMeasuredAsTheyAre(int m)
    {
        for (int count = 2; count <= 40; count++)
        {
            float[][] rows = SegmentFixture.NormSkewed(count, 8, sigma: 0, Seed + count);
            SegmentBuildOptions options = SegmentFixture.Options(Metric.L2) with { M = m, EfConstruction = 40 };
            using SealedSegment segment = SegmentFixture.Seal(rows, options);

            Assert.All(segment.Certificate.EfRecall.Where(point => point.Ef >= count), point => Assert.Equal(1, point.Recall));
        }
    }

    [Fact]
    public void ASingleRowHasNothingToMeasure()
    {
        using SealedSegment segment = SegmentFixture.Seal([[1, 2]], SegmentFixture.Options(Metric.L2));

        Assert.Empty(segment.Certificate.EfRecall);
        Assert.Equal(0, segment.Certificate.Queries);
    }

    /// <summary>Two thousand unit vectors of dimension 200, ten times each: all that are no copies are equally far.</summary>
    [Theory]
    [InlineData(CodesKind.Int8)]
    [InlineData(CodesKind.F32)]
    public void CopiesThatAreMissedAreMissed(CodesKind codes)
    {
        const int Dimension = 200;
        float[][] rows = OneHot(2000, Dimension);
        using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.Cosine, codes));

        foreach (EfRecall point in segment.Certificate.EfRecall)
        {
            double right = 0;
            for (int query = 0; query < Dimension; query++)
            {
                // Ten copies there are. By their number, without distances, so that no way to count ties can be wrong twice.
                Neighbor[] found = Search(segment, rows[query], new SearchParameters(10, point.Ef));
                right += found.Count(result => result.Node % Dimension == query) / 10.0;
            }
            output.WriteLine($"{codes}, ef {point.Ef}: {point.Recall:F4} by the certificate, {right / Dimension:F4} of the copies");
            Assert.InRange(point.Recall, right / Dimension - 0.03, right / Dimension + 0.03);
        }
    }

    [Theory]
    [InlineData(1f / (1 << 23))]
    [InlineData(1f)]
    [InlineData(1 << 20)]
    public void TheScaleOfRowsDoesNotMatter(float scale)
    {
        float[][] rows = SegmentFixture.Clustered(3000, 24, Seed);
        SegmentBuildOptions options = SegmentFixture.Options(Metric.L2, CodesKind.F32) with { M = 6, EfConstruction = 40 };
        using SealedSegment plain = SegmentFixture.Seal(rows, options);
        using SealedSegment scaled = SegmentFixture.Seal(
            [.. rows.Select(row => Array.ConvertAll(row, value => value * scale))], options);

        Assert.Equal(plain.Certificate.EfRecall, scaled.Certificate.EfRecall);
        Assert.True(plain.Certificate.EfRecall[0].Recall < 0.97, "it is a set of which something is missed");
    }

    /// <summary>Items around a common direction, of different norms; queries lie away from it, as users of a two-tower model do.</summary>
    [Theory]
    [InlineData(CodesKind.Int8)]
    [InlineData(CodesKind.F32)]
    public void QueriesThatAreNotLikeRowsAreNotPromisedWhatRowsFind(CodesKind codes)
    {
        (float[][] rows, float[][] users) = TwoTowers(6000, 800, Seed);
        SegmentBuildOptions options = SegmentFixture.Options(Metric.InnerProduct, codes, threads: 2);
        using SealedSegment byRows = SegmentFixture.Seal(rows, options);
        using SealedSegment byQueries = SegmentFixture.Seal(
            rows, options with { Queries = new CertificateQueries(users[..64], CertificateQueries.Given, "users.fbin") });

        Certificate certificate = byQueries.Certificate;
        Assert.Equal((CertificateQueries.Given, "users.fbin"), (certificate.QuerySource, certificate.QueryFile));
        Assert.Equal(64, certificate.Queries);
        Assert.Null(certificate.Discount);
        Assert.True(byRows.Certificate.Discount >= 0.05, $"discount {byRows.Certificate.Discount}");
        for (int i = 0; i < certificate.EfRecall.Count; i++)
        {
            int ef = certificate.EfRecall[i].Ef;
            double found = Recall(byRows, users, 10, ef);
            (double asked, double promised) = (certificate.EfRecall[i].Recall, byRows.Certificate.EfRecall[i].Recall);
            output.WriteLine($"{codes}, ef {ef}: {found:F4} found, {asked:F4} by queries, {promised:F4} promised by rows");
            Assert.Equal(Recall(byRows, users[..64], 10, ef), asked, tolerance: 1e-4);
            Assert.True(promised <= found + Untold, $"ef {ef}: {promised} promised, {found} found, seed {Seed}");
        }
    }

    [Fact]
    public void TheCertificateIsTheSameOnAnyNumberOfThreads()
    {
        (float[][] rows, float[][] users) = TwoTowers(1500, 100, Seed);
        foreach (CertificateQueries? queries in new[] { null, new CertificateQueries(users, CertificateQueries.Given) })
        {
            SegmentBuildOptions options = SegmentFixture.Options(Metric.InnerProduct) with { Queries = queries };
            using SegmentBuilder one = SegmentFixture.Build(rows, options);
            using SegmentBuilder four = SegmentFixture.Build(rows, options with { Threads = 4 });

            Assert.Equal(one.Certificate!.EfRecall, four.Certificate!.EfRecall);
            Assert.Equal(one.Certificate.EfRecall100, four.Certificate.EfRecall100);
            Assert.Equal(one.Certificate.CutRecall, four.Certificate.CutRecall);
            Assert.Equal(one.Certificate.Discount, four.Certificate.Discount);
            Assert.Equal(one.Certificate.Queries, four.Certificate.Queries);
        }
    }

    [Fact]
    public void EqualNormsUnderInnerProductAreNotDiscounted()
    {
        float[][] rows = SegmentFixture.NormSkewed(600, 16, sigma: 0, Seed);
        using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.InnerProduct));

        Assert.Null(segment.Certificate.Discount);
    }

    [Theory]
    [InlineData(Metric.L2, new[] { 1f, 2f, 3f }, "dimension 2; found 3")]
    [InlineData(Metric.L2, new[] { 1f, float.NaN }, "row 1, component 1 is NaN")]
    [InlineData(Metric.Cosine, new[] { 0f, 0f }, "row 1 is the zero vector")]
    public void QueriesThatCannotBeAskedAreRefusedBeforeTheBuild(Metric metric, float[] query, string reason)
    {
        SegmentBuildOptions options = SegmentFixture.Options(metric) with
        {
            Queries = new CertificateQueries([[1, 0], query], CertificateQueries.Given),
        };

        AnnException refused = Assert.Throws<AnnException>(() => new SegmentBuilder(3, 2, options));

        Assert.Equal(AnnError.InvalidArgument, refused.Error);
        Assert.Contains(reason, refused.Message);
        AnnException none = Assert.Throws<AnnException>(() => new SegmentBuilder(
            3, 2, options with { Queries = new CertificateQueries([], CertificateQueries.Given) }));
        Assert.Contains("no queries", none.Message);
    }

    [Theory]
    [InlineData(63, CertificateQueries.Rows)]
    [InlineData(64, CertificateQueries.Sampled)]
    public async Task QueriesThatWereAskedMeasureWhatIsCompacted(int asked, string source)
    {
        await using LiveFixture live = new(new LiveIndexOptions { HeadRows = 256, QuerySamplingInterval = 1 });
        await live.UpsertAsync(LiveFixture.Range(0, 200));
        using (SnapshotLease asking = live.Index.Acquire())
            for (int i = 0; i < asked; i++)
                asking.Snapshot.Sample(LiveFixture.Row((ulong)i, version: 9));

        await live.Index.CompactAsync();

        using SnapshotLease lease = live.Index.Acquire();
        Certificate certificate = lease.Snapshot.Segments.ToArray().OfType<LiveSealedSegment>().Single().Sealed.Certificate;
        Assert.Equal(source, certificate.QuerySource);
        Assert.InRange(certificate.Queries, 32, 200);
        Assert.Equal(1, certificate.EfRecall[^1].Recall);
    }

    /// <summary>Unit vectors along the axes, in turn.</summary>
    internal static float[][] OneHot(int count, int dimension) =>
    [
        .. Enumerable.Range(0, count).Select(row =>
        {
            float[] values = new float[dimension];
            values[row % dimension] = 1;
            return values;
        }),
    ];

    private static (float[][] Rows, float[][] Users) TwoTowers(int rows, int users, int seed)
    {
        const int Dimension = 32;
        Random random = new(seed);
        float[] common = SegmentFixture.Gaussian(random, Dimension, 0.6);
        float[][] centres = [.. Enumerable.Range(0, 200).Select(_ => SegmentFixture.Gaussian(random, Dimension, 1))];
        return
        (
            [.. Enumerable.Range(0, rows).Select(_ => Mix(1, 0.35, Math.Exp(0.3 * (random.NextDouble() - 0.5))))],
            [.. Enumerable.Range(0, users).Select(_ => Mix(-1, 0.9, 1))]
        );

        float[] Mix(double towards, double noise, double norm)
        {
            float[] centre = centres[random.Next(centres.Length)];
            float[] other = SegmentFixture.Gaussian(random, Dimension, noise);
            return [.. centre.Select((value, i) => (float)(norm * (value + other[i] + towards * common[i])))];
        }
    }

    private static Neighbor[] Search(SealedSegment segment, float[] query, SearchParameters parameters)
    {
        Neighbor[] results = new Neighbor[parameters.K];
        return results[..segment.Search(query, in parameters, SearchBudget.Unlimited, results, out _)];
    }

    private static double Recall(SealedSegment segment, float[][] queries, int k, int ef) => queries.Average(query =>
        TieAwareRecall.Of(Search(segment, query, new SearchParameters(k, Exact: true)))
            .RecallOf(Search(segment, query, new SearchParameters(k, ef))));
}
