using System.Diagnostics;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Log;
using Ann.Core.Payloads;

namespace Ann.Core.Indexes;

/// <summary>
/// Batches that share one append and one fsync. Made of what can still fail (a retry, another encoder, an item that exists) before
/// anything is logged; what is logged is applied whatever happens.
/// </summary>
internal sealed class WriteGroup(LiveState state)
{
    private readonly List<Entry> _entries = [];
    private readonly List<WalRecord> _records = [];
    private readonly Dictionary<string, ulong> _producers = new(StringComparer.Ordinal);
    private long _next = state.Wal.Next;
    private FlushReport? _flush;

    /// <summary>Items to be logged.</summary>
    public int Items { get; private set; }

    /// <summary>Bytes of payloads to be logged.</summary>
    public long PayloadBytes { get; private set; }

    /// <summary>True when no further batch may join.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>True when a batch may join: an insert that looks at what exists must see all before it.</summary>
    public bool Takes(QueuedWrite write) => !IsClosed && (_entries.Count == 0 || write.Batch.Mode != WriteMode.InsertOnly);

    /// <summary>Rows that it adds to a generation.</summary>
    public int RowsFor(Generation generation) => _records.Sum(generation.RowsOf);

    /// <summary>Bytes of memory that payloads take which it adds to a generation, at most.</summary>
    public long PayloadBytesFor(Generation generation) => _records.Sum(generation.PayloadBytesOf);

    /// <summary>Adds a batch, or fails it.</summary>
    public void Add(QueuedWrite write)
    {
        WriteBatch batch = write.Batch;
        IsClosed = batch.Mode == WriteMode.InsertOnly;
        if (batch.Chain?.Failure is { } earlier)
        {
            write.Fail(new AnnException(earlier.Error, $"A batch before it failed: {earlier.Message}", earlier) { Field = earlier.Field });
            return;
        }
        try
        {
            Generation target = Target(batch);
            if (IsRetry(batch))
            {
                _entries.Add(new Entry(write, target, null, 0));
                return;
            }
            WalRecord record = RecordOf(batch, target);
            _next += record.Count;
            Items += record.Count;
            PayloadBytes += record.Payloads?.TotalBytes ?? 0;
            if (record.Count > 0 || batch.Producer.Length > 0)
                _records.Add(record); // otherwise all items were there already: nothing is to be remembered
            _entries.Add(new Entry(write, target, record, batch.Keys.Count - record.Count));
            if (batch.Producer.Length > 0)
                _producers[batch.Producer] = batch.ProducerSequence;
        }
        catch (AnnException e)
        {
            write.Fail(e);
        }
    }

    /// <summary>True while each batch means the generation that it meant when it was added.</summary>
    public bool HoldsTargets() => _entries.TrueForAll(
        entry => entry.Target.Role != GenerationRole.CatchingUp
            && entry.Target == (entry.Write.Batch.Generation is { } named ? state.Find(named) : state.Serving));

    /// <summary>The same batches, each for the generation that it means by now; one that means none any more is failed.</summary>
    public WriteGroup Again()
    {
        WriteGroup again = new(state);
        foreach (Entry entry in _entries)
            again.Add(entry.Write);
        return again;
    }

    /// <summary>Logs the group and makes it durable.</summary>
    /// <exception cref="AnnException">Overloaded: the disk is full. Unavailable: the log is broken.</exception>
    public void Log()
    {
        if (_records.Count == 0)
            return;
        state.Wal.Append(_records);
        long began = Stopwatch.GetTimestamp();
        state.Wal.Flush();
        _flush = new FlushReport(state.Home.Name, Items, began, Stopwatch.GetElapsedTime(began));
        state.Home.Options.Flushed?.Invoke(_flush);
        state.LastSequence = state.Wal.Next - 1;
        foreach (Entry entry in _entries)
            entry.Write.SetDurable();
    }

    /// <summary>Applies the group to every generation that has all before it, shows it, and tells its callers.</summary>
    /// <param name="giveUp">Called with a generation that does not serve and could not take it, and why.</param>
    public void Apply(Action<Generation, Exception> giveUp)
    {
        long last = state.LastSequence;
        int[] applied = new int[_entries.Count];
        foreach (Generation generation in state.Current)
        {
            try
            {
                ApplyTo(generation, applied);
                generation.Publish(last);
            }
            catch (Exception e) when (generation != state.Serving)
            {
                giveUp(generation, e);
            }
        }
        foreach ((string producer, ulong sequence) in _producers)
            state.Producers.Note(producer, sequence);

        for (int i = 0; i < _entries.Count; i++)
        {
            Entry entry = _entries[i];
            int items = entry.Record?.Count ?? 0;
            entry.Write.SetVisible(new WriteReceipt(
                entry.Record?.LastSequence ?? last, applied[i], entry.Skipped + items - applied[i], entry.Record is null)
            {
                Flush = entry.Record is null ? null : _flush,
            });
        }
    }

    private void ApplyTo(Generation generation, int[] applied)
    {
        for (int i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].Record is not { } record)
                continue;
            int count = generation.Apply(record, from: 0);
            if (generation == _entries[i].Target)
                applied[i] = count;
        }
    }

    /// <summary>Fails every batch.</summary>
    public void Fail(Exception e)
    {
        foreach (Entry entry in _entries)
            entry.Write.Fail(e);
    }

    /// <summary>The generation that a batch means.</summary>
    /// <exception cref="AnnException">
    /// FailedPrecondition: it is not attached, or has another encoder. Unavailable: it is still catching up.
    /// </exception>
    private Generation Target(WriteBatch batch)
    {
        Generation? target = batch.Generation is null ? state.Serving : state.Find(batch.Generation);
        string name = state.Home.Name;
        if (target is null && state.FindDamaged(batch.Generation!) is { } damaged)
            throw damaged.Refused(name, "index");
        if (target is null)
            throw AnnException.Refused("index", $"Index '{name}' has no generation {batch.Generation} attached.");
        if (target.Role == GenerationRole.CatchingUp)
            throw new AnnException(AnnError.Unavailable, $"Generation {target.Id} of index '{name}' is still catching up with the log.");
        bool hasRows = batch.Mode is WriteMode.Upsert or WriteMode.InsertOnly;
        if (hasRows && batch.EncoderFingerprint is ulong encoder && encoder != target.Encoders.Items.Fingerprint)
        {
            string own = target.Encoders.Items.Fingerprint is ulong known ? known.ToString("x16") : "none";
            throw AnnException.Refused(
                "encoder_fingerprint",
                $"Generation {target.Id} of index '{name}' holds vectors of encoder {own}; the write brings those of {encoder:x16}.");
        }
        return target;
    }

    private bool IsRetry(WriteBatch batch) =>
        state.Producers.IsRetry(batch.Producer, batch.ProducerSequence)
        || (_producers.TryGetValue(batch.Producer, out ulong last) && batch.ProducerSequence <= last);

    private WalRecord RecordOf(WriteBatch batch, Generation target)
    {
        WalRecordKind kind = batch.Mode switch
        {
            WriteMode.Upsert or WriteMode.InsertOnly => WalRecordKind.Upsert,
            WriteMode.Delete => WalRecordKind.Delete,
            WriteMode.Update => WalRecordKind.Update,
        };
        WriteBatch kept = batch.Mode == WriteMode.InsertOnly ? OnlyNew(batch, target) : batch;
        AttributeBatch? attributes = kept.Attributes is { Count: 0 } ? null : kept.Attributes; // the index has none, or no item is new
        PayloadColumn? payloads = kept.Payloads is { TotalBytes: 0 } && kind == WalRecordKind.Upsert ? null : kept.Payloads;
        return new WalRecord(
            kind, _next, target.Encoders.Items.Fingerprint, batch.Producer, batch.ProducerSequence, kept.Keys, kept.Rows, attributes,
            payloads);
    }

    private WriteBatch OnlyNew(WriteBatch batch, Generation target)
    {
        KeyColumn keys = new(batch.Keys.Kind);
        List<float> rows = [];
        AttributeBatch? attributes = batch.Attributes is null ? null : new AttributeBatch(batch.Attributes.Schema);
        PayloadColumn? payloads = batch.Payloads is null ? null : new PayloadColumn();
        HashSet<string> seen = new(StringComparer.Ordinal);
        int dimension = state.Home.Schema.Dimension;
        for (int i = 0; i < batch.Keys.Count; i++)
        {
            ItemKey key = batch.Keys.KeyAt(i);
            if (target.Contains(key) || !seen.Add(key.ToString()))
                continue;
            keys.Add(key);
            rows.AddRange(batch.Rows.AsSpan(i * dimension, dimension));
            attributes?.AddFrom(batch.Attributes!, i);
            payloads?.Add(batch.Payloads![i]);
        }
        return batch with
        {
            Keys = keys,
            Rows = [.. rows],
            Attributes = attributes,
            Payloads = payloads,
        };
    }

    /// <param name="Write">The batch.</param>
    /// <param name="Target">The generation that it means.</param>
    /// <param name="Record">What is logged of it; null for a retry.</param>
    /// <param name="Skipped">Items that exist already.</param>
    private sealed record Entry(QueuedWrite Write, Generation Target, WalRecord? Record, int Skipped);
}
