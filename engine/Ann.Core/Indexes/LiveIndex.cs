using Ann.Core.Attributes;
using Ann.Core.Distances;
using Ann.Core.Exclusions;
using Ann.Core.Files;
using Ann.Core.Log;
using Ann.Core.Payloads;

namespace Ann.Core.Indexes;

/// <summary>An index that is written to while it is searched: a directory of sealed segments, a log and a manifest.</summary>
internal sealed class LiveIndex : IAsyncDisposable
{
    private readonly IndexHome _home;
    private readonly LiveState _state;
    private readonly IndexWriter _writer;
    private readonly GenerationChange _change;
    private readonly IDisposable _lock;
    private int _disposed;

    private LiveIndex(LiveState state, IDisposable held)
    {
        _home = state.Home;
        _state = state;
        _lock = held;
        _writer = new IndexWriter(state, state.Generations.Where(static one => one.Role == GenerationRole.CatchingUp));
        _change = new GenerationChange(state, _writer);
        Sets = ItemSets.Open(new ItemSetsHome(
            _home.Files, _home.Directory, _home.Name, _home.Schema.KeyKind, _home.Options.SetBudget, _home.Time)
        {
            IsReadOnly = _home.IsReadOnly,
        });
    }

    /// <summary>Named sets of keys. They belong to the index, not to a generation. Closed with the index.</summary>
    public ItemSets Sets { get; }

    /// <summary>Name of the index.</summary>
    public string Name => _home.Name;

    /// <summary>What never changes.</summary>
    public IndexSchema Schema => _home.Schema;

    /// <summary>Where the log is.</summary>
    public LogStatus Log
    {
        get
        {
            Wal wal = _state.Wal;
            return new LogStatus(wal.First, _state.LastSequence, _state.Serving.Applied, wal.SizeInBytes);
        }
    }

    /// <summary>Every attached generation, the serving one first, damaged ones last.</summary>
    public IReadOnlyList<GenerationStatus> Generations =>
    [
        .. _state.Generations.OrderBy(static one => one.Role).Select(static one => one.Describe()).OfType<GenerationStatus>(),
        .. _state.Damaged.Select(static one => one.Describe()),
    ];

    /// <summary>True when its directory is read-only: searches are answered, and whatever would write is refused.</summary>
    public bool IsReadOnly => _home.IsReadOnly;

    /// <summary>Why nothing can be written any more; null while it can. Reads go on.</summary>
    public string? WriteFailure => _writer.Broken is { } failure ? _home.Told(failure) : null;

    /// <summary>Why sealing and compacting do not get on; null when they do. They are tried again.</summary>
    public string? CompactionFailure => _writer.CompactionFailure is { } failure ? _home.Told(failure) : null;

    /// <summary>True when a directory holds a live index.</summary>
    public static bool Exists(IFileSystem files, string directory) => ManifestFile.Exists(files, directory);

    /// <summary>Makes an empty live index. Its directory must not exist or be empty.</summary>
    /// <exception cref="AnnException">
    /// InvalidArgument: schema. AlreadyExists: the directory holds an index. Overloaded: memory, disk.
    /// </exception>
    public static LiveIndex Create(IndexHome home, EncoderPair encoders)
    {
        home.Schema.Validate();
        if (Exists(home.Files, home.Directory))
            throw new AnnException(AnnError.AlreadyExists, $"{home.Directory}: it holds an index already.") { Field = "index" };
        home.Files.CreateDirectory(home.Directory);
        if (Path.GetDirectoryName(Path.GetFullPath(home.Directory)) is { } parent)
            home.Files.FlushDirectory(parent);
        IDisposable held = home.Files.Lock(home.PathOf(IndexOpening.LockFile));
        try
        {
            return new LiveIndex(IndexOpening.Create(home, encoders), held);
        }
        catch (Exception e)
        {
            held.Dispose();
            if (e is IOException refused)
                throw AnnException.DiskRefused(refused);
            throw;
        }
    }

    /// <summary>
    /// Opens a live index and replays its log; where the directory is read-only, for reads. A generation that does not serve and cannot be
    /// opened is told by <see cref="Generations"/>.
    /// </summary>
    /// <exception cref="AnnException">
    /// Corrupt: names file and byte. NotFound: no live index there. FailedPrecondition: another process has it open. Overloaded: memory.
    /// </exception>
    public static LiveIndex Open(
        IFileSystem files, string directory, string name, LiveIndexOptions options, MemoryBudget budget, TimeProvider time)
    {
        if (!Exists(files, directory))
            throw new AnnException(AnnError.NotFound, $"{directory}: it holds no live index.");
        bool isWritable = files.IsWritable(directory);
        string lockFile = Path.Combine(directory, IndexOpening.LockFile);
        IDisposable held = isWritable ? files.Lock(lockFile) : files.LockToRead(lockFile);
        try
        {
            Manifest manifest = ManifestFile.Read(files, directory);
            IndexHome home = new(files, directory, name, manifest.Schema, options, budget, time) { IsReadOnly = !isWritable };
            return new LiveIndex(IndexOpening.Open(home, manifest), held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="IndexHome.NotWritable"/>
    public AnnException NotWritable() => _home.NotWritable();

    /// <summary>Deletes a live index that is not open. A crash in the middle leaves no index, and files that Create removes.</summary>
    public static void Delete(IFileSystem files, string directory)
    {
        using (files.Lock(Path.Combine(directory, IndexOpening.LockFile)))
        {
            files.Delete(Path.Combine(directory, ManifestFile.FileName));
            files.FlushDirectory(directory);
            foreach (string pattern in (string[])["wal-*.log", "seg-*", "missed-*.keys", SetLog.Pattern, "*.partial"])
                foreach (string path in files.ListFiles(directory, pattern))
                    files.Delete(path);
            foreach (string path in files.ListDirectories(directory))
                if (CarriedEncoder.IsNameOfDirectory(Path.GetFileName(path)))
                    DirectoryTree.Delete(files, path);
        }
        files.Delete(Path.Combine(directory, IndexOpening.LockFile));
        if (files.ListFiles(directory, "*").Count == 0 && files.ListDirectories(directory).Count == 0)
            files.DeleteDirectory(directory);
    }

    /// <summary>What a search sees of the serving generation, or of the named one. Dispose it when the answer is made.</summary>
    /// <exception cref="AnnException">FailedPrecondition: no such generation is attached. Unavailable: the index is closed.</exception>
    public SnapshotLease Acquire(string? generation = null)
    {
        if (generation is null)
        {
            // A promotion may take the serving generation away between the two lines; the next one is there by then.
            while (Volatile.Read(ref _disposed) == 0)
                if (_state.Serving.TryAcquire(out SnapshotLease lease))
                    return lease;
            throw AnnException.Closing(Name);
        }
        if (_state.Find(generation) is { } found && found.TryAcquire(out SnapshotLease named))
            return named;
        if (_state.FindDamaged(generation) is { } damaged)
            throw damaged.Refused(Name, "index");
        string attached = string.Join(", ", _state.Generations.Select(static one => one.Id));
        throw AnnException.Refused("index", $"Index '{Name}' has the generations {attached}; the request asks for {generation}.");
    }

    /// <summary>Queues a batch; waits while the queue is full.</summary>
    /// <exception cref="AnnException">
    /// InvalidArgument: names the row and what is wrong with it. FailedPrecondition: encoder or generation. Overloaded: memory budget or
    /// disk full. Unavailable: the index is closing, or its log cannot be written to any more.
    /// </exception>
    public ValueTask<PendingWrite> WriteAsync(WriteBatch batch, CancellationToken cancellation = default)
    {
        Check(batch);
        return _writer.WriteAsync(batch, cancellation);
    }

    /// <summary>Attaches a built file as a generation and replays onto it what was written since. Ends when it has caught up.</summary>
    /// <param name="path">An <c>.ann</c> file of this index's dimension, metric and key kind, or a release with one. It is copied.</param>
    /// <param name="logPosition">The last write that its rows know of; null takes what the file says, or else 0.</param>
    /// <param name="cancellation">Ends the waiting, and detaches it again.</param>
    /// <exception cref="AnnException">
    /// InvalidArgument: the file does not fit the index. AlreadyExists: it is attached. FailedPrecondition: the log no longer holds what
    /// was written since, or too many generations are attached. Overloaded: memory or disk. Corrupt, NotFound: the file.
    /// </exception>
    public Task<GenerationStatus> AttachAsync(string path, long? logPosition, CancellationToken cancellation = default) =>
        _change.AttachAsync(path, logPosition, cancellation);

    /// <summary>Detaches a generation that does not serve, and deletes its files.</summary>
    /// <exception cref="AnnException">FailedPrecondition: it serves. NotFound: no such generation.</exception>
    public Task DetachAsync(string generation, CancellationToken cancellation = default) =>
        _change.DetachAsync(generation).WaitAsync(cancellation);

    /// <summary>Measures a candidate and lets it take over, or refuses with the figures.</summary>
    /// <exception cref="AnnException">FailedPrecondition: the gate's figures, or missed writes. NotFound: no such generation.</exception>
    public Task<PromotionReport> PromoteAsync(string generation, PromotionGate gate, CancellationToken cancellation = default) =>
        _change.PromoteAsync(generation, gate, cancellation);

    /// <summary>Lets the generation that served before take over again. A second rollback undoes the first.</summary>
    /// <exception cref="AnnException">FailedPrecondition: none served before, or it was detached.</exception>
    public Task<PromotionReport> RollbackAsync(CancellationToken cancellation = default) =>
        _change.RollbackAsync(cancellation);

    /// <summary>Seals every head and merges all segments into one without dead rows. Ends when that is done.</summary>
    /// <exception cref="AnnException">Overloaded: memory or disk; what was there before goes on.</exception>
    public async Task CompactAsync(CancellationToken cancellation = default)
    {
        Task compacted = Task.CompletedTask;
        await _writer.RunAsync(() => compacted = _writer.CompactAsync());
        await compacted.WaitAsync(cancellation);
    }

    /// <summary>Copies the index as it is at one moment to a directory, while it serves.</summary>
    /// <param name="directory">Must not exist or be empty.</param>
    /// <param name="cancellation">Ends it early, and leaves nothing.</param>
    /// <returns>The last write that the copy holds.</returns>
    public Task<long> SnapshotAsync(string directory, CancellationToken cancellation = default) =>
        SnapshotDirectory.WriteAsync(_state, _writer, Sets, directory, cancellation);

    /// <summary>
    /// Ends when the writer has nothing left to do, merges that it began not counted. For tests; fails once it is closing.
    /// </summary>
    internal Task SettleAsync() => _writer.SettleAsync();

    /// <summary>Finishes what was acknowledged, writes the manifest and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await Task.Run(_writer.Dispose);
        await Sets.DisposeAsync();
        foreach (Generation generation in _state.Generations)
            generation.Close();
        _state.Wal.Dispose();
        _lock.Dispose();
    }

    /// <summary>Refuses what can never be written, and makes rows what is stored.</summary>
    private void Check(WriteBatch batch)
    {
        int count = batch.Keys.Count;
        if (count is 0 or > WriteBatch.MaxItems)
            throw AnnException.Invalid("keys", $"there are {count} keys; a batch takes 1 to {WriteBatch.MaxItems}.");
        if (batch.Keys.Kind != Schema.KeyKind)
            throw AnnException.Invalid("keys", $"keys are of kind {batch.Keys.Kind}; index '{Name}' has {Schema.KeyKind}.");
        int producerBytes = System.Text.Encoding.UTF8.GetByteCount(batch.Producer);
        if (producerBytes > WriteBatch.MaxProducerBytes)
        {
            throw AnnException.Invalid(
                "producer", $"producer takes {producerBytes} bytes; it must be at most {WriteBatch.MaxProducerBytes}.");
        }
        if (batch.Producer.Length > 0 && batch.ProducerSequence == 0)
            throw AnnException.Invalid("sequence", "sequence is 0; a producer counts its batches from 1.");
        if (batch.Mode is WriteMode.Upsert or WriteMode.InsertOnly)
            CheckItems(batch);
        else
            CheckKeyed(batch);
        if (batch.Attributes is { Schema.Count: > 0 } attributes && attributes.Count != count)
            throw AnnException.Invalid("attributes", $"there are {count} keys and attributes of {attributes.Count} items.");
        if (batch.Payloads is { } payloads)
            CheckPayloads(payloads, count);
        for (int row = 0; row < batch.Rows.Length / Schema.Dimension; row++)
        {
            Span<float> values = batch.Rows.AsSpan(row * Schema.Dimension, Schema.Dimension);
            RowPreparation.Prepare(Schema.Metric, values, values, "vectors", row);
        }
    }

    private static void CheckPayloads(PayloadColumn payloads, int count)
    {
        if (payloads.Count != count)
            throw AnnException.Invalid("payloads", $"there are {count} keys and payloads of {payloads.Count} items.");
        if (payloads.TotalBytes > WriteBatch.MaxPayloadBytes)
        {
            throw AnnException.Invalid(
                "payloads", $"the payloads take {payloads.TotalBytes} bytes together; a batch takes at most {WriteBatch.MaxPayloadBytes}.");
        }
    }

    /// <summary>Refuses what is no deletion, or no update.</summary>
    private void CheckKeyed(WriteBatch batch)
    {
        bool isDelete = batch.Mode == WriteMode.Delete;
        if (batch.Rows.Length > 0)
        {
            throw AnnException.Invalid(
                "vectors", $"{(isDelete ? "a delete takes keys only" : "an update leaves vectors as they are")}; found vectors.");
        }
        if (isDelete && batch.Attributes is not null)
            throw AnnException.Invalid("attributes", "a delete takes keys only; found attributes.");
        if (isDelete && batch.Payloads is not null)
            throw AnnException.Invalid("payloads", "a delete takes keys only; found payloads.");
        if (isDelete)
            return;
        if (batch.Attributes is null or { Schema.Count: 0 } && batch.Payloads is null)
            throw AnnException.Invalid("attributes", "an update changes attributes, payloads or both; found neither.");
        foreach (AttributeField field in batch.Attributes?.Schema.Fields ?? [])
        {
            AttributeField own = Schema.Attributes.Fields[Schema.Attributes.Require(field.Name, "attributes")];
            if (own != field)
            {
                throw AnnException.Invalid(
                    "attributes", $"attribute '{field.Name}' of the update is of type {field.Type}; index '{Name}' has {own.Type}.");
            }
        }
    }

    /// <summary>Refuses what are no items of the index.</summary>
    private void CheckItems(WriteBatch batch)
    {
        int count = batch.Keys.Count;
        if (batch.Rows.Length != (long)count * Schema.Dimension)
        {
            throw AnnException.Invalid(
                "vectors", $"there are {count} keys and {batch.Rows.Length} components; {(long)count * Schema.Dimension} were expected.");
        }
        if (batch.Attributes is { } attributes && !attributes.Schema.Equals(Schema.Attributes))
        {
            string have = "the write has";
            throw AnnException.Invalid("attributes", attributes.Schema.DifferenceFrom(Schema.Attributes, have, $"index '{Name}' has"));
        }
    }
}
