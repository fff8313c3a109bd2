using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Files;
using Ann.Tests.Segments;

namespace Ann.Tests.Indexes;

/// <summary>Goal: filters over a sealed file and a head take what they take over the values that were written.</summary>
public sealed class StoredSelectionTests : IDisposable
{
    private const int Seed = 404;
    private const int PerSegment = 500;
    private const int Dimension = 4;

    private readonly AttributeBatch[] _batches = [new RandomFilters(Seed).Batch(PerSegment), new RandomFilters(Seed + 1).Batch(PerSegment)];
    private readonly IndexSnapshot _index;

    public StoredSelectionTests()
    {
        float[][] rows = SegmentFixture.Clustered(PerSegment, Dimension, Seed);
        using SegmentBuilder builder = new(
            PerSegment, Dimension, new SegmentBuildOptions { Metric = Metric.L2, Threads = 1, Attributes = RandomFilters.Schema });
        HeadSegment head = new(
            new HeadShape(Metric.L2, Dimension, KeyKind.UInt64, new HnswParameters(4, 20, 1), CodesKind.F32, PerSegment)
            {
                Attributes = RandomFilters.Schema,
            });
        for (int i = 0; i < PerSegment; i++)
        {
            builder.Add(rows[i]);
            head.Append(new ItemKey((ulong)(PerSegment + i)), rows[i], _batches[1], i);
        }
        builder.AddAttributes(_batches[0]);
        builder.Build(KeyColumn.Ordinals(PerSegment));
        MemoryFileSystem files = new();
        builder.Write(files, "x.ann");
        head.Link();
        head.Publish(1);
        LiveSealedSegment file = new(SealedSegment.Open(files, "x.ann"));
        _index = new IndexSnapshot("x", "g", default, [file, head]);
        file.Release();
        head.Release();
    }

    public void Dispose() => _index.Release();

    [Fact]
    public void FiltersTakeWhatWasWritten()
    {
        for (int round = 0; round < 900; round++)
        {
            int seed = Seed + round / 3; // each three times: evaluated, cached, found
            Filter filter = new RandomFilters(seed).Next(KeyKind.UInt64, 2 * PerSegment);
            using ItemSelection selection = _index.Select(filter, null)!;
            int expected = 0;
            for (int item = 0; item < 2 * PerSegment; item++)
            {
                int segment = item / PerSegment;
                int node = item % PerSegment;
                string key = _index.KeyOf(new SearchHit(segment, node, 0)).ToString();
                bool isWanted = RandomFilters.Takes(filter, _batches[segment], node, key);
                bool isTaken = selection.MaskOf(segment)?.Has(node) ?? true;
                Assert.True(isWanted == isTaken, $"seed {seed}, round {round}, item {item}, {_index.Bind(filter)}: expected {isWanted}");
                expected += isWanted ? 1 : 0;
            }
            Assert.Equal(expected, selection.Matching);
        }
    }
}
