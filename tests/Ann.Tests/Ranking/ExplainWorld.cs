using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Files;

namespace Ann.Tests.Ranking;

/// <summary>
/// A snapshot as a live index has it: sealed segments with deleted and replaced rows, and a head that is being written to. Components are
/// small whole numbers, so that every way to compute a distance gives the same, and many distances are equal. Graphs are poor, so that
/// walks miss much, and some nodes of the head are cut off.
/// </summary>
internal sealed class ExplainWorld : IDisposable
{
    public const int Dimension = 6;
    private const int Sealed = 140;
    private const int Head = 100;
    private const int Replaced = 20;
    private const int Unpublished = 8;

    private readonly Dictionary<ulong, Item> _items = [];
    private readonly HeadSegment _head;
    private readonly Random _random;

    public ExplainWorld(Metric metric, int seed)
    {
        _random = new Random(seed);
        Metric = metric;
        RandomFilters attributes = new(seed);
        LiveSealedSegment[] files = [File(attributes, 0), File(attributes, Sealed)];
        _head = MakeHead(attributes, files);
        Index = new IndexSnapshot("x", "g", default, [.. files, _head]);
        foreach (LiveSealedSegment file in files)
            file.Release();
        _head.Release();
    }

    public Metric Metric { get; }

    public IndexSnapshot Index { get; }

    public IReadOnlyCollection<Item> Items => _items.Values;

    /// <summary>Items that no link leads to.</summary>
    public List<ulong> CutOff { get; } = [];

    public Item? Find(ulong key) => _items.GetValueOrDefault(key);

    /// <summary>A key that there is, was, will be, or never was.</summary>
    public ulong AnyKey() => (ulong)_random.Next(2 * Sealed + Head + 20);

    public float[] NewRow() => [.. Enumerable.Range(0, Dimension).Select(_ => (float)_random.Next(-4, 5))];

    /// <summary>The core's distance to the nearest of some rows.</summary>
    public float DistanceOf(Item item, float[][] rows, out int row)
    {
        float[] distances = [.. rows.Select(query => Metric == Metric.L2
            ? item.Row.Zip(query, static (a, b) => (a - b) * (a - b)).Sum()
            : -item.Row.Zip(query, static (a, b) => a * b).Sum())];
        row = Array.IndexOf(distances, distances.Min());
        return distances[row];
    }

    /// <summary>Whether links of level 0 lead from the head's first node to an item; sealed graphs are made so that they do.</summary>
    public bool IsReachable(ulong key)
    {
        Assert.True(Index.TryFind(new ItemKey(key), out SearchHit hit));
        HashSet<int> reached = [0];
        Queue<int> open = new([0]);
        while (open.TryDequeue(out int node))
            foreach (int to in _head.Graph.Neighbors(0, node))
                if (reached.Add(to))
                    open.Enqueue(to);
        return hit.Segment < 2 || reached.Contains(hit.Node);
    }

    public void Dispose() => Index.Release();

    private LiveSealedSegment File(RandomFilters attributes, int first)
    {
        AttributeBatch batch = attributes.Batch(Sealed);
        using SegmentBuilder builder = new(
            Sealed, Dimension, new SegmentBuildOptions
            {
                Metric = Metric,
                Codes = Metric == Metric.L2 ? CodesKind.F32 : CodesKind.Int8,
                Layout = Metric == Metric.L2 ? SegmentLayout.Lean : SegmentLayout.Fast,
                M = 2,
                EfConstruction = 4,
                Threads = 1,
                Attributes = RandomFilters.Schema,
            });
        KeyColumn keys = new(KeyKind.UInt64);
        for (int i = 0; i < Sealed; i++)
        {
            ulong key = (ulong)(first + i);
            Item item = new(key, NewRow(), batch, i);
            builder.Add(item.Row);
            keys.Add(key);
            _items[key] = item;
        }
        builder.AddAttributes(batch);
        builder.Build(keys);
        MemoryFileSystem files = new();
        builder.Write(files, "x.ann");
        return new LiveSealedSegment(SealedSegment.Open(files, "x.ann"));
    }

    /// <summary>The first rows replace items of the first file; the last ones, and some deaths, are later than what is published.</summary>
    private HeadSegment MakeHead(RandomFilters attributes, LiveSealedSegment[] files)
    {
        HeadSegment head = new(
            new HeadShape(Metric, Dimension, KeyKind.UInt64, new HnswParameters(2, 4, 3), CodesKind.F32, Head)
            {
                Attributes = RandomFilters.Schema,
            });
        AttributeBatch batch = attributes.Batch(Head);
        for (int i = 0; i < Head - Unpublished; i++)
        {
            ulong key = (ulong)(i < Replaced ? 3 * i : 2 * Sealed + i);
            Item item = new(key, NewRow(), batch, i);
            int node = head.Append(new ItemKey(key), item.Row, batch, i);
            if (i < Replaced)
                files[0].Dead.Kill(files[0].FindNewest(new ItemKey(key)), 5);
            _items[key] = item;
            Assert.Equal(i, node);
        }
        for (int i = 0; i < Sealed; i += 9)
        {
            ulong key = (ulong)(Sealed + i);
            files[1].Dead.Kill(files[1].FindNewest(new ItemKey(key)), i % 2 == 0 ? 5 : 11); // the later ones are not seen
            if (i % 2 == 0)
                _items.Remove(key);
        }
        head.Link();
        for (int node = Replaced; node < Head - Unpublished && CutOff.Count < 5; node++)
        {
            if (head.Graph.LevelOf(node) > 0)
                continue;
            CutOff.Add((ulong)(2 * Sealed + node));
            Cut(head.Graph, node);
        }
        head.Publish(10);
        for (int i = Head - Unpublished; i < Head; i++)
            head.Append(new ItemKey((ulong)(2 * Sealed + i)), NewRow(), batch, i);
        return head;
    }

    /// <summary>Takes a node out of all rows of links on level 0.</summary>
    private static unsafe void Cut(in HnswGraph graph, int cut)
    {
        for (int node = 0; node < Head - Unpublished; node++)
        {
            Span<int> links = new(graph.Links(0, node), graph.M0);
            if (links.IndexOf(cut) is int at and >= 0)
            {
                links[(at + 1)..].CopyTo(links[at..]);
                links[^1] = HnswGraph.NoNode;
            }
        }
    }

    internal sealed record Item(ulong Key, float[] Row, AttributeBatch Batch, int Place)
    {
        public bool IsTakenBy(Filter filter) => RandomFilters.Takes(filter, Batch, Place, $"{Key}");

        /// <summary>Its values of an attribute that a cap may have.</summary>
        public string[] ValuesOf(string attribute)
        {
            AttributeColumn column = Batch.Columns[RandomFilters.Schema.Find(attribute)];
            if (!column.Has(Place))
                return [];
            return column.Field.Type switch
            {
                AttributeType.Keyword or AttributeType.KeywordSet =>
                    [.. Enumerable.Range(0, column.TextCount(Place))
                        .Select(i => System.Text.Encoding.UTF8.GetString(column.TextAt(Place, i))).Distinct()],
                AttributeType.Bool => [$"{column.BoolAt(Place)}"],
                _ => [$"{column.Int64At(Place)}"],
            };
        }
    }
}
