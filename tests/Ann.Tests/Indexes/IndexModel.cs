using System.Globalization;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Distances;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Payloads;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Attributes;

namespace Ann.Tests.Indexes;

/// <summary>What an index should hold, as a dictionary, and what it should therefore answer.</summary>
/// <param name="schema">Metric, dimension and kind of keys.</param>
internal sealed class IndexModel(IndexSchema schema)
{
    /// <summary>
    /// Each row as it was given, and as it is stored: under cosine a unit row made again of a unit row may differ. And its attributes and
    /// its payload.
    /// </summary>
    private readonly Dictionary<int, (float[] Given, float[] Stored, AttributeBatch? Attributes, byte[] Payload)> _items = [];

    public int Count => _items.Count;

    /// <summary>Neighbours that approximate searches should have found, and those that they did.</summary>
    public (long Wanted, long Found) Recall { get; private set; }

    /// <summary>The same of those with a filter or exclusions.</summary>
    public (long Wanted, long Found) FilteredRecall { get; private set; }

    public IEnumerable<int> Keys => _items.Keys;

    public bool Holds(int key) => _items.ContainsKey(key);

    public void Remove(int key) => _items.Remove(key);

    public void Put(int key, ReadOnlySpan<float> row)
    {
        float[] stored = new float[schema.Dimension];
        RowPreparation.Prepare(schema.Metric, row, stored, "rows", 0);
        _items[key] = (row.ToArray(), stored, Attributes([key], row.ToArray()), Payloads(row.ToArray())[0].ToArray());
    }

    /// <summary>Does what an update does: given attributes and a given payload replace those of an item that is there.</summary>
    public void Update(int key, AttributeBatch? attributes, PayloadColumn? payloads, int item)
    {
        if (!_items.TryGetValue(key, out (float[] Given, float[] Stored, AttributeBatch? Attributes, byte[] Payload) old))
            return;
        AttributeBatch? merged = old.Attributes is null ? null : new AttributeBatch(schema.Attributes);
        foreach (AttributeColumn column in merged?.Columns ?? [])
        {
            int given = attributes?.Schema.Find(column.Field.Name) ?? -1;
            if (given >= 0)
                column.AddFrom(attributes!.Columns[given], item);
            else
                column.AddFrom(old.Attributes!.Columns[schema.Attributes.Find(column.Field.Name)], 0);
        }
        _items[key] = old with { Attributes = merged, Payload = payloads is null ? old.Payload : payloads[item].ToArray() };
    }

    /// <summary>The payloads of items: they follow from the rows. Every other item has none, and some have long ones.</summary>
    public PayloadColumn Payloads(float[] rows)
    {
        PayloadColumn payloads = new();
        for (int i = 0; i < rows.Length; i += schema.Dimension)
            payloads.Add(Payload(BitConverter.SingleToInt32Bits(rows[i]) >> 4));
        return payloads;
    }

    /// <summary>A payload that follows from a number.</summary>
    public static byte[] Payload(int version)
    {
        byte[] bytes = new byte[version % 2 == 0 ? 0 : version % 64 == 1 ? 70_000 : version % 5 == 1 ? 2000 : 20];
        new Random(version).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A column of keys as the index takes them.</summary>
    public KeyColumn Column(IEnumerable<int> keys)
    {
        KeyColumn column = new(schema.KeyKind);
        foreach (int key in keys)
        {
            if (schema.KeyKind == KeyKind.UInt64)
                column.Add((ulong)key);
            else
                column.Add(TextOf(key));
        }
        return column;
    }

    /// <summary>The attributes of items: they follow from key and row. Null where there are none.</summary>
    public AttributeBatch? Attributes(int[] keys, float[] rows)
    {
        if (schema.Attributes.Count == 0)
            return null;
        AttributeBatch items = new(schema.Attributes);
        for (int i = 0; i < keys.Length; i++)
        {
            int version = BitConverter.SingleToInt32Bits(rows[i * schema.Dimension]) >> 4;
            // Some have the longest texts that there may be; the others what random filters ask for.
            if (version % 8 == 0)
                AttributeFixture.Add(items, (ulong)keys[i], version);
            else
                items.AddFrom(new RandomFilters(version).Batch(1), 0);
        }
        return items;
    }

    /// <summary>The rows of the model as a file that can be attached.</summary>
    public SegmentBuilder Build(Random random, ulong seed)
    {
        int[] keys = [.. _items.Keys];
        random.Shuffle(keys);
        SegmentBuilder builder = new(keys.Length, schema.Dimension, new SegmentBuildOptions
        {
            Metric = schema.Metric,
            Codes = schema.Codes,
            Layout = schema.Layout,
            M = schema.M,
            EfConstruction = schema.EfConstruction,
            Seed = seed,
            Threads = 1,
            Attributes = schema.Attributes,
        });
        byte[][] payloads = [.. keys.Select(key => _items[key].Payload)]; // as they are now
        foreach (int key in keys)
            builder.Add(_items[key].Given);
        if (schema.Attributes.Count > 0)
            foreach (int key in keys)
                builder.AddAttributes(_items[key].Attributes!);
        builder.SetPayloads(row => payloads[row]);
        builder.Build(Column(keys));
        return builder;
    }

    /// <summary>A key is found with its row, or not at all.</summary>
    public void CheckFetch(IndexSnapshot snapshot, int key)
    {
        ItemKey itemKey = schema.KeyKind == KeyKind.UInt64
            ? new ItemKey((ulong)key)
            : new ItemKey(System.Text.Encoding.UTF8.GetBytes(TextOf(key)));
        bool found = snapshot.TryFind(in itemKey, out SearchHit hit);
        Assert.True(found == Holds(key), $"key {key} is {(found ? "found" : "not found")}; the model says otherwise");
        if (!found)
            return;
        Assert.Equal(key, NumberOf(snapshot.KeyOf(hit)));
        CheckRow(snapshot, hit, key);
    }

    /// <summary>A search gives live items only, each once, with its newest row and its distance, in order; as many as it should.</summary>
    public void CheckSearch(IndexSnapshot snapshot, float[] query, SearchParameters parameters)
    {
        (long wanted, long found) = CheckSearch(snapshot, query, parameters, null, [.. _items.Keys]);
        if (!parameters.Exact)
            Recall = (Recall.Wanted + wanted, Recall.Found + found);
    }

    /// <summary>The same of the items that filters take and that are not excluded; and a page of them is all of them, in order.</summary>
    public void CheckFilteredSearch(
        IndexSnapshot snapshot, float[] query, SearchParameters parameters, Filter filter, Filter? extra, int[] excluded)
    {
        HashSet<int> gone = [.. excluded];
        HashSet<int> matching =
        [
            .. _items.Where(item => !gone.Contains(item.Key) && Takes(filter, item.Key) && (extra is null || Takes(extra, item.Key)))
                .Select(item => item.Key),
        ];
        using ItemSelection first = snapshot.Select(filter, excluded.Length == 0 ? null : Exclusion.OfKeys(Column(excluded)))!;
        using ItemSelection? second = extra is null ? null : first.Refine(snapshot.Bind(extra), SearchBudget.Unlimited);
        ItemSelection selection = second ?? first;
        (long wanted, long found) = CheckSearch(snapshot, query, parameters, selection, matching);
        if (!parameters.Exact)
            FilteredRecall = (FilteredRecall.Wanted + wanted, FilteredRecall.Found + found);

        SearchHit[] page = ItemScroll.Page(snapshot, selection, null, Math.Max(1, Count), SearchBudget.Unlimited, out _);
        IEnumerable<int> inOrder = schema.KeyKind == KeyKind.UInt64
            ? matching.Order()
            : matching.OrderBy(TextOf, StringComparer.Ordinal);
        Assert.Equal(inOrder, page.Select(hit => NumberOf(snapshot.KeyOf(hit))));
    }

    private bool Takes(Filter filter, int key) => RandomFilters.Takes(
        filter, _items[key].Attributes, 0,
        schema.KeyKind == KeyKind.UInt64 ? key.ToString(CultureInfo.InvariantCulture) : TextOf(key));

    private (long Wanted, long Found) CheckSearch(
        IndexSnapshot snapshot, float[] query, SearchParameters parameters, ItemSelection? selection, HashSet<int> matching)
    {
        SearchHit[] hits = new SearchHit[parameters.K];
        int count = snapshot.Search(query, in parameters, SearchBudget.Unlimited, selection, hits, out SearchStatistics statistics);
        Assert.Equal(StopReason.None, statistics.Stopped);
        Assert.Equal(Math.Min(parameters.K, matching.Count), count);

        (int Key, double Distance)[] expected = Nearest(query, parameters.K, matching);
        HashSet<int> seen = [];
        for (int i = 0; i < count; i++)
        {
            int key = NumberOf(snapshot.KeyOf(hits[i]));
            Assert.True(seen.Add(key), $"key {key} came twice");
            Assert.True(Holds(key), $"key {key} was deleted, and came as result {i}");
            Assert.True(matching.Contains(key), $"key {key} does not match, and came as result {i}");
            CheckRow(snapshot, hits[i], key);
            Assert.True(i == 0 || hits[i - 1].Distance <= hits[i].Distance, $"results {i - 1} and {i} are out of order");
            if (parameters.Exact)
                AssertNear(expected[i].Distance, hits[i].Distance, $"result {i} is key {key}; expected was key {expected[i].Key}");
        }
        return (expected.Length, expected.Count(item => seen.Contains(item.Key)));
    }

    /// <summary>Everything: the count, every key that ever was, and one exact search for more than all.</summary>
    public void CheckAll(IndexSnapshot snapshot, int keys, float[] query)
    {
        Assert.Equal(Count, snapshot.Items);
        for (int key = 0; key < keys; key++)
            CheckFetch(snapshot, key);
        CheckSearch(snapshot, query, new SearchParameters(Count + 5, Exact: true));
    }

    private static string TextOf(int key) => string.Create(CultureInfo.InvariantCulture, $"k{key}");

    private static int NumberOf(ItemKey key) => key.Kind == KeyKind.UInt64
        ? (int)key.Number
        : int.Parse(key.Utf8[1..], CultureInfo.InvariantCulture);

    private static void AssertNear(double expected, double found, string what) =>
        Assert.True(Math.Abs(expected - found) <= 1e-4 * (1 + Math.Abs(expected)), $"{what}: distance {found} instead of {expected}");

    private void CheckRow(IndexSnapshot snapshot, SearchHit hit, int key)
    {
        Assert.True(snapshot.RowOf(hit).SequenceEqual(_items[key].Stored), $"key {key} has a row that is not its newest");
        Assert.True(snapshot.PayloadOf(hit).SequenceEqual(_items[key].Payload), $"key {key} has a payload that is not its newest");
        if (schema.Attributes.Count == 0)
            return;
        AttributeBatch items = new(snapshot.Attributes);
        snapshot.CopyAttributes(hit, items);
        string expected = AttributeFixture.Describe(_items[key].Attributes!, 0);
        Assert.True(expected == AttributeFixture.Describe(items, 0), $"key {key} has attributes that are not those of its newest row");
    }

    private (int Key, double Distance)[] Nearest(float[] query, int k, HashSet<int> among)
    {
        float[] prepared = new float[schema.Dimension];
        RowPreparation.Prepare(schema.Metric, query, prepared, "queries", 0);
        return [.. among.Select(key => (Key: key, Distance: Distance(prepared, _items[key].Stored)))
            .OrderBy(item => item.Distance).Take(k)];
    }

    private double Distance(float[] a, float[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += schema.Metric == Metric.L2 ? (a[i] - (double)b[i]) * (a[i] - (double)b[i]) : -a[i] * (double)b[i];
        return sum;
    }
}
