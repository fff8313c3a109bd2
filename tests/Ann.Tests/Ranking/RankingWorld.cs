using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;
using Ann.Tests.Segments;

namespace Ann.Tests.Ranking;

/// <summary>
/// Items with attributes in a sealed file, or in a live index: two sealed segments with deleted and replaced rows, and a head that has
/// deleted rows and some that are not published. Scores by their definition, in double precision.
/// </summary>
internal sealed class RankingWorld : IDisposable
{
    public const int Dimension = 12;
    public const int WideEf = 400;
    private const int PerSegment = 110;
    private const int Replaced = 25;
    private const int Unpublished = 7;

    private static readonly AttributeSchema Schema = new(
    [
        new AttributeField("brand", AttributeType.Keyword), new AttributeField("tags", AttributeType.KeywordSet),
        new AttributeField("shop", AttributeType.Int64), new AttributeField("new", AttributeType.Bool),
    ]);

    private readonly Dictionary<ulong, Item> _items = [];
    private readonly Random _random;

    public RankingWorld(Metric metric, bool isLive, int seed)
    {
        Metric = metric;
        _random = new Random(seed);
        List<LiveSegment> segments = [File(0)];
        if (isLive)
        {
            segments.Add(File(PerSegment));
            segments.Add(Head((LiveSealedSegment)segments[0], (LiveSealedSegment)segments[1]));
        }
        Index = new IndexSnapshot("world", "g", default, segments);
        segments.ForEach(static segment => segment.Release());
    }

    public Metric Metric { get; }

    public IndexSnapshot Index { get; }

    public IReadOnlyCollection<Item> Items => _items.Values;

    public Item Of(SearchHit hit) => _items[Index.KeyOf(hit).Number];

    /// <summary>Rows of several lengths, all in one half of the space or not, so that scores of either sign come.</summary>
    public float[] NewRow() => SegmentFixture.Gaussian(_random, Dimension, Metric == Metric.Cosine ? 3 : Math.Exp(_random.NextDouble()));

    /// <summary>Larger is better: cosine similarity, inner product, or the negative Euclidean distance.</summary>
    public double Score(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0, squares = 0, first = 0, second = 0;
        for (int i = 0; i < a.Length; i++)
        {
            dot += (double)a[i] * b[i];
            squares += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
            first += (double)a[i] * a[i];
            second += (double)b[i] * b[i];
        }
        return Metric switch
        {
            Metric.L2 => -Math.Sqrt(squares),
            Metric.Cosine => dot / Math.Sqrt(first * second),
            _ => dot,
        };
    }

    /// <summary>The same as an answer tells it: under L2 not negated.</summary>
    public double Told(SearchHit hit) => (Metric == Metric.L2 ? -1 : 1) * (double)Metric.ToScore(hit.Distance);

    /// <summary>Scores are sums of some tens of terms in float32.</summary>
    public static bool IsSame(double a, double b) => Math.Abs(a - b) <= 2e-5 * (1 + Math.Max(Math.Abs(a), Math.Abs(b)));

    public void Dispose() => Index.Release();

    private LiveSealedSegment File(int first)
    {
        using SegmentBuilder builder = new(
            PerSegment, Dimension, SegmentFixture.Options(Metric) with
            {
                Attributes = Schema,
                EfConstruction = 60,
                Layout = first == 0 ? SegmentLayout.Fast : SegmentLayout.Lean,
            });
        KeyColumn keys = new(KeyKind.UInt64);
        AttributeBatch batch = new(Schema);
        for (int i = 0; i < PerSegment; i++)
        {
            Item item = Add((ulong)((first + i) * 7919 % 10_007), batch);
            keys.Add(item.Key);
            builder.Add(item.Row);
        }
        builder.AddAttributes(batch);
        builder.Build(keys);
        MemoryFileSystem files = new();
        builder.Write(files, "x.ann");
        return new LiveSealedSegment(SealedSegment.Open(files, "x.ann"));
    }

    private HeadSegment Head(LiveSealedSegment replaced, LiveSealedSegment deleted)
    {
        const int rows = PerSegment - Unpublished;
        HeadSegment head = new(
            new HeadShape(Metric, Dimension, KeyKind.UInt64, new HnswParameters(8, 60, 3), CodesKind.Int8, PerSegment)
            {
                Attributes = Schema,
            });
        float[] prepared = new float[Dimension];
        AttributeBatch batch = new(Schema);
        ulong[] old = [.. _items.Keys];
        for (int i = 0; i < rows; i++)
        {
            ulong key = i < Replaced ? replaced.KeyOf(i * 3).Number : (ulong)(20_000 + i);
            if (i < Replaced)
                replaced.Dead.Kill(i * 3, 5);
            Item item = Add(key, batch);
            Ann.Core.Distances.RowPreparation.Prepare(Metric, item.Row, prepared, "rows", i);
            head.Append(new ItemKey(key), prepared, batch, i);
        }
        for (int node = 0; node < PerSegment; node += 4)
        {
            deleted.Dead.Kill(node, node % 8 == 0 ? 5 : 11); // the later ones are not seen
            if (node % 8 == 0)
                _items.Remove(deleted.KeyOf(node).Number);
        }
        head.Link();
        for (int node = Replaced; node < rows; node += 9)
        {
            head.Dead.Kill(node, 6);
            _items.Remove((ulong)(20_000 + node));
        }
        head.Publish(10);
        for (int i = rows; i < PerSegment; i++)
        {
            ulong key = (ulong)(20_000 + i);
            Item item = Add(key, batch);
            _items.Remove(key);
            Ann.Core.Distances.RowPreparation.Prepare(Metric, item.Row, prepared, "rows", i);
            head.Append(new ItemKey(key), prepared, batch, i);
        }
        return head;
    }

    private Item Add(ulong key, AttributeBatch batch)
    {
        string? brand = _random.Next(12) == 0 ? null : $"b{_random.Next(7)}";
        string[] tags = [.. new[] { "x", "y", "z", "u" }.Where(_ => _random.Next(3) == 0)];
        long shop = _random.Next(5);
        bool? isNew = _random.Next(3) == 0 ? null : _random.Next(3) == 0;
        if (brand is null)
            batch.Columns[0].AddMissing();
        else
            batch.Columns[0].Add(System.Text.Encoding.UTF8.GetBytes(brand));
        foreach (string tag in tags)
            batch.Columns[1].AddToSet(System.Text.Encoding.UTF8.GetBytes(tag));
        batch.Columns[1].EndSet();
        batch.Columns[2].Add(shop);
        if (isNew is { } value)
            batch.Columns[3].Add(value);
        else
            batch.Columns[3].AddMissing();
        return _items[key] = new Item(key, NewRow(), brand, tags, shop, isNew);
    }

    internal sealed record Item(ulong Key, float[] Row, string? Brand, string[] Tags, long Shop, bool? IsNew)
    {
        /// <summary>Its values of an attribute that a cap may have.</summary>
        public string[] ValuesOf(string attribute) => attribute switch
        {
            "brand" => Brand is null ? [] : [Brand],
            "tags" => Tags,
            "shop" => [$"{Shop}"],
            _ => IsNew is { } value ? [$"{value}"] : [],
        };
    }
}
