using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: the compact layout answers as the lean one does, in a fraction of its memory, also where rows must come from the device.
/// Method: the same rows in both layouts; the same file on a disk, where rows are read by place, and in memory, where they are not.
/// </summary>
public sealed class CompactLayoutTests : IDisposable
{
    private const int Seed = 20261130;
    private const int K = 10;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ann-compact-");

    public void Dispose() => _root.Delete(recursive: true);

    [Theory]
    [InlineData(Metric.L2, 16, 100)]
    [InlineData(Metric.L2, 5, 48)]
    [InlineData(Metric.Cosine, 16, 200)]
    [InlineData(Metric.InnerProduct, 16, 64)]
    public void RecallIsThatOfTheLeanLayout(Metric metric, int m, int dimension)
    {
        float[][] rows = SegmentFixture.Clustered(2_500, dimension, Seed);
        float[][] queries = SegmentFixture.Clustered(100, dimension, Seed + 1);
        SegmentBuildOptions options = SegmentFixture.Options(metric) with { M = m, EfConstruction = 60 };
        using SealedSegment compact = SegmentFixture.Seal(rows, options with { Layout = SegmentLayout.Compact });
        using SealedSegment lean = SegmentFixture.Seal(rows, options with { Layout = SegmentLayout.Lean });

        Assert.Equal((CodesKind.Int4, SegmentLayout.Compact), (compact.Codes, compact.Layout));
        Assert.Equal(("int4", "int4", ""), (compact.BuildRecord.Codes, compact.BuildRecord.CodesAsked, compact.BuildRecord.CodesReason));
        Assert.Equal(lean.Certificate.MeanDegree, compact.Certificate.MeanDegree); // one graph
        long walked = compact.Parts.Links + compact.Parts.Codes;
        Assert.True(walked < 0.75 * (lean.Parts.Links + lean.Parts.Codes), $"{walked} bytes are walked");
        foreach (int ef in new[] { 60, 150 })
        {
            (double ofCompact, double ofLean) = (Recall(compact, queries, ef), Recall(lean, queries, ef));
            Assert.True(ofCompact >= ofLean - 0.02, $"ef {ef}: compact {ofCompact:f4}, lean {ofLean:f4}, seed {Seed}");
        }
    }

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.InnerProduct)]
    public void RowsReadByPlaceGiveTheSameAnswers(Metric metric)
    {
        (SealedSegment inMemory, SealedSegment onDisk) = Both(metric, out string path);
        using (inMemory)
        using (onDisk)
        {
            Assert.Null(inMemory.Searcher.Segment.RowReads);
            Assert.NotNull(onDisk.Searcher.Segment.RowReads);
            foreach (float[] query in SegmentFixture.Clustered(30, 40, Seed + 1))
            {
                foreach (SearchParameters parameters in new SearchParameters[]
                {
                    new(K, 20), new(100, 300), new(K, Exact: true), new(K, 60) { MostReranked = 4 },
                })
                {
                    Evict(path);
                    Assert.Equal(Ask(inMemory, query, parameters), Ask(onDisk, query, parameters));
                    Assert.Equal(Ask(inMemory, query, parameters), Ask(onDisk, query, parameters)); // what was read is there now
                }
            }
        }
    }

    [Fact]
    public void ASteadySearchAllocatesNothing()
    {
        (SealedSegment inMemory, SealedSegment onDisk) = Both(Metric.L2, out _);
        using (inMemory)
        using (onDisk)
        {
            float[][] queries = SegmentFixture.Clustered(20, 40, Seed + 1);
            Neighbor[] found = new Neighbor[K];
            Assert.Equal(0, Allocations.OfSteady(() =>
            {
                foreach (float[] query in queries)
                    onDisk.Search(query, new(K, 40), SearchBudget.Unlimited, found, out _);
            }));
        }
    }

    [Fact]
    public void TheFileDoesNotDependOnThreads()
    {
        float[][] rows = SegmentFixture.Clustered(1_500, 40, Seed);
        SegmentBuildOptions options = SegmentFixture.Options(Metric.Cosine) with { Codes = CodesKind.Int4, EfConstruction = 40 };
        using SealedSegment one = SegmentFixture.Seal(rows, options);
        using SealedSegment three = SegmentFixture.Seal(rows, options with { Threads = 3, Layout = SegmentLayout.Compact });
        Assert.Equal(SegmentLayout.Compact, one.Layout);
        Assert.Equal(one.Generation, three.Generation);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(60)]
    public void TinyGraphsAnswerExactly(int count)
    {
        foreach (Metric metric in Enum.GetValues<Metric>())
        {
            float[][] rows = SegmentFixture.Clustered(count, 20, Seed, clusters: 3);
            using SealedSegment segment = SegmentFixture.Seal(
                rows, SegmentFixture.Options(metric) with { M = 4, Layout = SegmentLayout.Compact });
            Assert.Equal(SegmentLayout.Compact, segment.Layout);
            foreach (float[] query in SegmentFixture.Clustered(10, 20, Seed + 1, clusters: 3))
                Assert.Equal(Ask(segment, query, new(count, Exact: true)), Ask(segment, query, new(count, Math.Max(count, 60))));
        }
    }

    /// <summary>Rows whose neighbours differ by less than 4 bits tell get 8, or none; who asked for the layout is told why.</summary>
    [Theory]
    [InlineData("far and tight", CodesKind.F32, "No codes, for ")]
    [InlineData("one-hot", CodesKind.Int8, "Codes of 8 bits, for those of 4 tell apart what is equally far.")]
    public void CodesThatDoNotTellRowsApartAreReplaced(string set, CodesKind codes, string reason)
    {
        (float[][] rows, float[][] queries) = set == "one-hot" ? OneHot() : HardRows.Of(set, Seed);
        using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.L2) with { Layout = SegmentLayout.Compact });
        Assert.Equal((codes, SegmentLayout.Lean), (segment.Codes, segment.Layout));
        Assert.Equal("int4", segment.BuildRecord.CodesAsked);
        Assert.StartsWith(reason, segment.BuildRecord.CodesReason, StringComparison.Ordinal);
        Assert.True(Recall(segment, queries, 256) >= 0.985, $"seed {Seed}");
    }

    private static (float[][] Rows, float[][] Queries) OneHot()
    {
        float[][] rows = [.. Enumerable.Range(0, 120).Select(static i =>
        {
            float[] row = new float[120];
            row[i] = 1;
            return row;
        })];
        return ([.. rows, .. rows], [.. rows.Take(20).Select(static row => Array.ConvertAll(row, static x => 0.9f * x))]);
    }

    private (SealedSegment InMemory, SealedSegment OnDisk) Both(Metric metric, out string path)
    {
        path = Path.Combine(_root.FullName, $"{metric}.ann");
        MemoryFileSystem memory = new();
        using SegmentBuilder builder = SegmentFixture.Build(
            SegmentFixture.Clustered(3_000, 40, Seed),
            SegmentFixture.Options(metric) with { Layout = SegmentLayout.Compact, EfConstruction = 40 });
        builder.Write(memory, "x.ann");
        builder.Write(PhysicalFileSystem.Instance, path);
        return (SealedSegment.Open(memory, "x.ann"), SealedSegment.Open(PhysicalFileSystem.Instance, path));
    }

    /// <summary>Asks the system to forget the file; where it does not, rows are there already, and the answers are no others.</summary>
    private static void Evict(string path)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using FileStream file = File.OpenRead(path);
        _ = posix_fadvise((int)file.SafeFileHandle.DangerousGetHandle(), 0, 0, advice: 4);
    }

    private static double Recall(SealedSegment segment, float[][] queries, int ef)
    {
        double sum = 0;
        foreach (float[] query in queries)
            sum += HardRows.Share(Ask(segment, query, new(K, Exact: true)), Ask(segment, query, new(K, ef)));
        return sum / queries.Length;
    }

    private static Neighbor[] Ask(SealedSegment segment, float[] query, SearchParameters parameters)
    {
        Neighbor[] found = new Neighbor[parameters.K];
        return found[..segment.Search(query, in parameters, SearchBudget.Unlimited, found, out _)];
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int posix_fadvise(int file, long offset, long length, int advice);
}
