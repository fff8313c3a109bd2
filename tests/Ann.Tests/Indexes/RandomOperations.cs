using System.Globalization;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Payloads;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Segments;

namespace Ann.Tests.Indexes;

/// <summary>Does random operations on a live index and on a model of it, and compares what they tell. One seed, one sequence.</summary>
internal sealed class RandomOperations : IAsyncDisposable
{
    private const int TraceLength = 40;
    private const int Keys = 300;
    private const int Ef = 64;

    /// <summary>Filters come again and again, so that some are cached.</summary>
    private const int Filters = 300;
    private const string Producer = "model";
    private readonly Random _random;
    private readonly IFileSystem _files;
    private readonly string _folder;
    private readonly IndexSchema _schema;
    private readonly LiveIndexOptions _options;
    private readonly IndexModel _model;
    private readonly Queue<string> _trace = [];
    private LiveIndex _index;
    private ulong _produced;
    private int _attached;

    public RandomOperations(int seed, IFileSystem files, string folder, IndexSchema schema, LiveIndexOptions options)
    {
        _random = new Random(seed);
        _files = files;
        _folder = folder;
        _schema = schema;
        _options = options;
        _model = new IndexModel(schema);
        _index = LiveIndex.Create(
            new(files, Directory, "model", schema, options, MemoryBudget.Unlimited(), TimeProvider.System), new(null, ""));
    }

    public (long Wanted, long Found) Recall => _model.Recall;

    public (long Wanted, long Found) FilteredRecall => _model.FilteredRecall;

    /// <summary>The last operations, oldest first.</summary>
    public string Trace => string.Join('\n', _trace);

    private string Directory => Path.Combine(_folder, "index");

    public async ValueTask DisposeAsync() => await _index.DisposeAsync();

    /// <summary>One operation of any kind; of those that take long, one in some thousand.</summary>
    public Task Step(int number)
    {
        int dice = _random.Next(100_000);
        (string what, Task task) = dice switch
        {
            < 20_000 => ("upsert one", Upsert(1)),
            < 30_000 => ("update", Update(_random.Next(1, 6))),
            < 36_000 => ("upsert some", Upsert(_random.Next(2, 20))),
            < 42_000 => ("insert", Insert(_random.Next(1, 6))),
            < 55_000 => ("delete", Delete(_random.Next(1, 5))),
            < 56_000 => ("burst", Burst()),
            < 56_500 => ("retry", Retry()),
            < 75_000 => ("fetch", Read(snapshot => _model.CheckFetch(snapshot, _random.Next(Keys)))),
            < 87_000 => ("exact search", Search(exact: true)),
            < 96_890 => ("search", Search(exact: false)),
            < 99_890 => ("filtered search", FilteredSearch()),
            < 99_900 => ("delete all", DeleteAll()),
            < 99_930 => ("compact", Compact()),
            < 99_970 => ("restart", Restart()),
            _ => ("new generation", NewGeneration()),
        };
        Note($"{number}: {what}");
        return task;
    }

    /// <summary>Compares everything that can be asked.</summary>
    public Task CheckAll() => Read(snapshot => _model.CheckAll(snapshot, Keys, Row()));

    /// <summary>Compares everything with what a crash has left, in its own disk.</summary>
    public async Task CheckRecovered(IFileSystem files)
    {
        await using LiveIndex recovered =
            LiveIndex.Open(files, Directory, "model", _options, MemoryBudget.Unlimited(), TimeProvider.System);
        using SnapshotLease lease = recovered.Acquire();
        _model.CheckAll(lease.Snapshot, Keys, Row());
    }

    private async Task Upsert(int count)
    {
        int[] keys = SomeKeys(count);
        WriteReceipt receipt = await Write(WriteMode.Upsert, keys);
        Assert.Equal((count, 0), (receipt.Applied, receipt.Skipped));
    }

    private async Task Insert(int count)
    {
        int[] keys = SomeKeys(count);
        int there = keys.Count(_model.Holds);
        WriteReceipt receipt = await Write(WriteMode.InsertOnly, keys);
        Assert.Equal((count - there, there), (receipt.Applied, receipt.Skipped));
    }

    private async Task Update(int count)
    {
        int[] keys = SomeKeys(count);
        if (_random.Next(4) == 0)
            keys = [.. keys, keys[0]]; // twice in a batch
        int there = keys.Count(_model.Holds);
        WriteReceipt receipt = await Write(WriteMode.Update, keys);
        Assert.Equal((there, keys.Length - there), (receipt.Applied, receipt.Skipped));
    }

    private async Task Delete(int count)
    {
        int[] keys = SomeKeys(count);
        int there = keys.Count(_model.Holds);
        WriteReceipt receipt = await Write(WriteMode.Delete, keys);
        Assert.Equal((there, count - there), (receipt.Applied, receipt.Skipped));
    }

    private async Task DeleteAll()
    {
        if (_model.Count > 0)
            await Write(WriteMode.Delete, [.. _model.Keys]);
        await CheckAll();
    }

    /// <summary>Batches that do not wait for each other: they may share an fsync, and keep their order.</summary>
    private async Task Burst()
    {
        List<Task<WriteReceipt>> visible = [];
        for (int i = _random.Next(3, 9); i > 0; i--)
        {
            WriteMode mode = _random.Next(4) switch { 0 => WriteMode.Delete, 1 => WriteMode.Update, _ => WriteMode.Upsert };
            WriteBatch batch = Batch(mode, SomeKeys(_random.Next(1, 4)));
            visible.Add((await _index.WriteAsync(batch)).Visible);
        }
        WriteReceipt[] receipts = await Task.WhenAll(visible);
        Assert.Equal(receipts.OrderBy(receipt => receipt.Sequence), receipts);
    }

    /// <summary>A batch that was written, sent again with other rows: it changes nothing.</summary>
    private async Task Retry()
    {
        if (_produced == 0)
            return;
        WriteBatch batch = new()
        {
            Mode = WriteMode.Upsert,
            Keys = _model.Column([0]),
            Rows = Row(),
            Producer = Producer,
            ProducerSequence = _produced,
        };
        WriteReceipt receipt = await (await _index.WriteAsync(batch)).Visible;
        Assert.True(receipt.IsRetry);
        await Read(snapshot => _model.CheckFetch(snapshot, 0));
    }

    private Task Search(bool exact)
    {
        int k = _random.Next(1, 20);
        float[] query = Row();
        return Read(snapshot => _model.CheckSearch(snapshot, query, exact ? new(k, Exact: true) : new(k, Ef)));
    }

    private Task FilteredSearch()
    {
        if (_schema.Attributes.Count == 0)
            return Search(exact: false);
        int k = _random.Next(1, 20);
        float[] query = Row();
        Filter filter = Filter();
        Filter? extra = _random.Next(3) == 0 ? Filter() : null;
        int[] excluded = _random.Next(2) == 0 ? [] : SomeKeys(_random.Next(1, 200));
        SearchParameters parameters = _random.Next(3) == 0 ? new(k, Exact: true) : new(k, Ef);
        return Read(snapshot => _model.CheckFilteredSearch(snapshot, query, parameters, filter, extra, excluded));

        Filter Filter() => new RandomFilters(_random.Next(Filters)).Next(_schema.KeyKind, Keys);
    }

    private async Task Compact()
    {
        await _index.CompactAsync();
        GenerationStatus serving = _index.Generations[0];
        Assert.Equal((_model.Count, 0), (serving.Items, serving.Dead));
        Assert.InRange(serving.Segments, 1, 2); // one sealed, and the head
        await CheckAll();
    }

    private async Task Restart()
    {
        await _index.DisposeAsync();
        _index = LiveIndex.Open(_files, Directory, "model", _options, MemoryBudget.Unlimited(), TimeProvider.System);
        await CheckAll();
    }

    /// <summary>A generation built of what is there, with writes while it is built and after; it takes over, perhaps gives back.</summary>
    private async Task NewGeneration()
    {
        if (_model.Count == 0)
            return;
        string path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"attached-{_attached++}.ann"));
        long position = _index.Log.Visible;
        using (SegmentBuilder builder = _model.Build(_random, (ulong)_attached))
            builder.Write(_files, path);
        await Upsert(5);
        await Delete(5);
        string before = _index.Generations[0].Id;
        GenerationStatus attached = await _index.AttachAsync(path, position);
        _files.Delete(path);
        await Upsert(3);
        await Delete(3);
        await Promote(await _index.PromoteAsync(attached.Id, new PromotionGate()), attached.Id, before);
        if (_random.Next(2) == 0)
        {
            await Delete(3);
            await Upsert(3);
            await Promote(await _index.RollbackAsync(), before, attached.Id);
        }
        if (_random.Next(4) == 0)
            return; // the other one goes on standing by
        foreach (GenerationStatus other in _index.Generations.Skip(1).ToArray())
            await _index.DetachAsync(other.Id);
    }

    private async Task Promote(PromotionReport report, string serving, string replaced)
    {
        Assert.Equal((serving, replaced), (report.Serving, report.Replaced));
        Assert.Equal(serving, _index.Generations[0].Id);
        await Read(snapshot => Assert.Equal(serving, snapshot.Generation));
        await CheckAll();
    }

    private Task Read(Action<IndexSnapshot> check)
    {
        using SnapshotLease lease = _index.Acquire();
        check(lease.Snapshot);
        return Task.CompletedTask;
    }

    private async Task<WriteReceipt> Write(WriteMode mode, int[] keys) => await (await _index.WriteAsync(Batch(mode, keys))).Visible;

    /// <summary>Makes a batch, and does to the model what it should do.</summary>
    private WriteBatch Batch(WriteMode mode, int[] keys)
    {
        KeyColumn column = _model.Column(keys);
        if (mode == WriteMode.Update)
            return UpdateBatch(keys, column);
        List<float> rows = [];
        foreach (int key in keys)
        {
            if (mode == WriteMode.Delete)
            {
                _model.Remove(key);
                continue;
            }
            float[] row = Row();
            rows.AddRange(row);
            if (mode == WriteMode.Upsert || !_model.Holds(key))
                _model.Put(key, row);
        }
        Note($"   {mode} {string.Join(' ', keys)}");
        float[] all = [.. rows];
        return new WriteBatch
        {
            Mode = mode,
            Keys = column,
            Rows = all,
            Attributes = mode == WriteMode.Delete ? null : _model.Attributes(keys, all),
            Payloads = mode == WriteMode.Delete ? null : _model.Payloads(all),
            Producer = Producer,
            ProducerSequence = ++_produced,
        };
    }

    /// <summary>Some attributes, often none, and payloads, often none; never neither.</summary>
    private WriteBatch UpdateBatch(int[] keys, KeyColumn column)
    {
        AttributeField[] fields = [.. _schema.Attributes.Fields.Where(_ => _random.Next(3) == 0)];
        _random.Shuffle(fields);
        AttributeBatch? attributes = fields.Length == 0 ? null : new AttributeBatch(new AttributeSchema(fields));
        PayloadColumn? payloads = attributes is null || _random.Next(3) == 0 ? new PayloadColumn() : null;
        for (int i = 0; i < keys.Length; i++)
        {
            AttributeBatch values = new RandomFilters(_random.Next()).Batch(1);
            foreach (AttributeColumn given in attributes?.Columns ?? [])
                given.AddFrom(values.Columns[_schema.Attributes.Find(given.Field.Name)], 0);
            payloads?.Add(IndexModel.Payload(_random.Next()));
            _model.Update(keys[i], attributes, payloads, i);
        }
        string names = string.Join(',', fields.Select(static field => field.Name));
        Note($"   Update {string.Join(' ', keys)}: {names}{(payloads is null ? "" : " payloads")}");
        return new WriteBatch
        {
            Mode = WriteMode.Update,
            Keys = column,
            Attributes = attributes,
            Payloads = payloads,
            Producer = Producer,
            ProducerSequence = ++_produced,
        };
    }

    private float[] Row() => SegmentFixture.Gaussian(_random, _schema.Dimension, 1);

    /// <summary>Different keys.</summary>
    private int[] SomeKeys(int count)
    {
        HashSet<int> keys = [];
        while (keys.Count < count)
            keys.Add(_random.Next(Keys));
        return [.. keys];
    }

    private void Note(string line)
    {
        if (_trace.Count == TraceLength)
            _trace.Dequeue();
        _trace.Enqueue(line);
    }
}
