using System.Runtime.ExceptionServices;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Payloads;
using Ann.Core.Ranking;
using Ann.Core.Searching;

namespace Ann.Core.Embedded;

/// <summary>
/// An index in this process: an <c>.ann</c> file, which is read-only, or a live index, a directory that is written to while it is
/// searched. All members but disposal may be called by any number of threads at once. Expected failures are <see cref="AnnException"/>.
/// </summary>
/// <remarks>One process at a time opens a live index; files may be shared by any number of them.</remarks>
public sealed class AnnIndex : IDisposable, IAsyncDisposable
{
    private readonly IndexCatalog _catalog;
    private readonly HostedIndex _index;
    private readonly AttributeSchema _attributes;
    private readonly KeyKind _keyKind;
    private volatile bool _isDisposed;

    private AnnIndex(IndexCatalog catalog, HostedIndex index)
    {
        _catalog = catalog;
        _index = index;
        using SnapshotLease lease = index.Acquire();
        Dimension = lease.Snapshot.Dimension;
        Metric = lease.Snapshot.Metric;
        _attributes = lease.Snapshot.Attributes;
        _keyKind = lease.Snapshot.KeyKind;
    }

    /// <summary>Components of a vector.</summary>
    public int Dimension { get; }

    /// <summary>How nearness is measured, and so what a score is.</summary>
    public Metric Metric { get; }

    /// <summary>True when keys are strings, false when they are unsigned 64-bit numbers.</summary>
    public bool HasStringKeys => _keyKind == KeyKind.String;

    /// <summary>Attributes that items may have, in their order.</summary>
    public IReadOnlyList<AttributeField> Attributes => _attributes.Fields;

    /// <summary>True for a file, false for a live index.</summary>
    public bool IsReadOnly => !_index.Source.IsLive;

    /// <summary>Items now, the deleted ones not counted.</summary>
    /// <exception cref="ObjectDisposedException">The index is closed.</exception>
    public long Count
    {
        get
        {
            using SnapshotLease lease = Acquire();
            return lease.Snapshot.Items;
        }
    }

    /// <summary>
    /// Opens an index: maps and checks a whole file, or replays the log of a live index. Takes as long as reading what is checked.
    /// </summary>
    /// <param name="path">
    /// An <c>.ann</c> file or the directory of a live index. Its name, without the extension, is 1 to 128 ASCII letters, digits, '.', '_'
    /// and '-', the first a letter or digit.
    /// </param>
    /// <param name="options">Null: the defaults.</param>
    /// <returns>The index, to be disposed.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.NotFound"/>: no such file, or a directory without a live index. <see cref="AnnError.Corrupt"/>: names file and
    /// byte. <see cref="AnnError.InvalidArgument"/>: no <c>.ann</c> file, one of another version, a name or option out of its range.
    /// <see cref="AnnError.FailedPrecondition"/>: another process has the live index open. <see cref="AnnError.Overloaded"/>: it does not
    /// fit in <see cref="AnnIndexOptions.MemoryLimitBytes"/>.
    /// </exception>
    public static AnnIndex Open(string path, AnnIndexOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        CatalogOpening opening = (options ?? new AnnIndexOptions()).ToOpening();
        string full = Path.GetFullPath(path);
        IndexSource source = opening.Files.DirectoryExists(full)
            ? new IndexSource(IndexName.OfDirectory(full), full, IsLive: true)
            : IndexSource.Find(opening.Files, [full], directory: null)[0];
        IndexCatalog catalog = new([source]);
        HostedIndex index = catalog.Indexes[0];
        index.LoadAsync(opening, static _ => { }).GetAwaiter().GetResult(); // its failure, if any, is in the status
        if (index.Status.Failure is { } failure)
            ExceptionDispatchInfo.Throw(Told(failure, full));
        return new AnnIndex(catalog, index);
    }

    /// <summary>Makes an empty live index and opens it.</summary>
    /// <param name="directory">
    /// Must not exist, or be empty; its parents are made. Its name is one that <see cref="Open"/> takes.
    /// </param>
    /// <param name="schema">What the index holds.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="cancellationToken">Looked at before anything is made.</param>
    /// <returns>The index, to be disposed.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: the name, the schema or an option; names the field and its range.
    /// <see cref="AnnError.AlreadyExists"/>: the directory holds an index. <see cref="AnnError.Overloaded"/>: memory or disk.
    /// </exception>
    public static async Task<AnnIndex> CreateAsync(
        string directory, AnnIndexSchema schema, AnnIndexOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(schema);
        CatalogOpening opening = (options ?? new AnnIndexOptions()).ToOpening();
        IndexSchema held = schema.ToIndexSchema();
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        string name = IndexName.OfDirectory(full);
        IndexCatalog catalog = new([], Path.GetDirectoryName(full));
        try
        {
            EncoderPair unknown = new(null, "");
            return new AnnIndex(catalog, await Task.Run(() => catalog.Create(name, held, unknown, opening), cancellationToken));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Told(e, full);
        }
    }

    /// <summary>
    /// Finds the nearest items of a query, nearest first, ties by key. Runs on the calling thread and allocates its answer; sees every
    /// write that ended before it began, and each batch whole or not at all.
    /// </summary>
    /// <param name="query"><see cref="Dimension"/> components; finite, and not all zero under <see cref="Metric.Cosine"/>.</param>
    /// <param name="k">Results wanted, 1 to 10,000.</param>
    /// <param name="options">Filter, exclusions, effort and limits. Null: the defaults.</param>
    /// <returns>k results, or fewer where fewer items may be returned or the time ended.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: the query, <paramref name="k"/> or an option; <see cref="AnnException.Field"/> names it as
    /// the protocol does, such as <c>ef_search</c>, and of a filter the clause.
    /// </exception>
    /// <exception cref="OperationCanceledException"><see cref="SearchOptions.CancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The index is closed.</exception>
    public SearchResults Search(ReadOnlySpan<float> query, int k, SearchOptions? options = null)
    {
        options ??= SearchOptions.Default;
        options.CancellationToken.ThrowIfCancellationRequested();
        SearchBudget budget = options.ToBudget();
        using SnapshotLease lease = Acquire();
        IndexSnapshot snapshot = lease.Snapshot;
        int[] columns = [.. options.Attributes.Select(name => _attributes.Require(name, "attributes"))];
        RankingAnswer answer = RankingSearch.Run(snapshot, query, rows: 1, options.ToQuery(snapshot, k), in budget);
        return answer.Statistics.Stopped == StopReason.Cancelled
            ? throw new OperationCanceledException(options.CancellationToken)
            : SearchResults.Of(snapshot, answer, columns, options.Payloads);
    }

    /// <summary>Looks an item up by its key.</summary>
    /// <param name="key">Of the index's kind.</param>
    /// <returns>
    /// The item with its vector as it is stored, all its attributes and its payload; null when there is none of that key.
    /// </returns>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: a key of the other kind.</exception>
    /// <exception cref="ObjectDisposedException">The index is closed.</exception>
    public AnnItem? Fetch(AnnKey key)
    {
        KeyColumn column = AnnKey.ToColumn([key], _keyKind, "key");
        using SnapshotLease lease = Acquire();
        IndexSnapshot snapshot = lease.Snapshot;
        if (!snapshot.TryFind(column.KeyAt(0), out SearchHit hit))
            return null;
        AnnItem item = new(key, snapshot.RowOf(hit).ToArray()) { Payload = snapshot.PayloadOf(hit).ToArray() };
        AttributeBatch batch = new(_attributes);
        snapshot.CopyAttributes(hit, batch);
        foreach (AttributeColumn attribute in batch.Columns)
            if (attribute.Count > 0 && attribute.Has(0))
                item[attribute.Field.Name] = ItemAttributes.ValueAt(attribute, 0);
        return item;
    }

    /// <summary>
    /// Adds items and replaces those that exist, attributes, payload and all, as one batch: after a crash all of them are there, or none.
    /// Ends when they are on disk and every search that begins sees them.
    /// </summary>
    /// <param name="items">
    /// At most 65,536, with payloads of at most 64 MiB together. Of a key that comes twice the later item counts. None is no error.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting; the items may be written all the same.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: names the item, and what is wrong with it; nothing is written.
    /// <see cref="AnnError.FailedPrecondition"/>: the index is a file. <see cref="AnnError.Overloaded"/>: memory or disk is full.
    /// <see cref="AnnError.Unavailable"/>: the index is being closed, or its log cannot be written to any more.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The index is closed.</exception>
    public async Task UpsertAsync(IEnumerable<AnnItem> items, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        LiveIndex live = RequireLive();
        AnnItem[] all = [.. items];
        if (all.Length == 0)
            return;
        float[] rows = Rows(all);
        WriteBatch batch = new()
        {
            Mode = WriteMode.Upsert,
            Keys = AnnKey.ToColumn(all.Select(static item => item.Key), _keyKind, "keys"),
            Rows = rows,
            Attributes = ItemAttributes.ToBatch(all, _attributes),
            Payloads = ToColumn(all.Select(static item => item.Payload), all.Any(static item => item.Payload.Length > 0)),
        };
        await WriteAsync(live, batch, cancellationToken);
    }

    /// <summary>
    /// Changes attributes and payloads of items that exist, and leaves their vectors, as one batch: after a crash all changes are there, or
    /// none, and every search sees all of them, or none. Ends when they are on disk and every search that begins sees them.
    /// </summary>
    /// <param name="updates">
    /// At most 65,536, with payloads of at most 64 MiB together. All of them change the same attributes; all of them, or none, the payload;
    /// none of them nothing. Of a key that comes twice one is made after the other. Keys that no item has, and no updates, are no error.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting; the items may be changed all the same.</param>
    /// <returns>Updates that found their item.</returns>
    /// <exception cref="AnnException">As for <see cref="UpsertAsync"/>.</exception>
    /// <exception cref="ObjectDisposedException">The index is closed.</exception>
    public async Task<int> UpdateAsync(IEnumerable<AnnItemUpdate> updates, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        LiveIndex live = RequireLive();
        AnnItemUpdate[] all = [.. updates];
        if (all.Length == 0)
            return 0;
        bool payloads = all[0].Payload is not null;
        if (Array.Find(all, update => update.Payload is not null != payloads) is { } other)
        {
            throw AnnException.Invalid(
                "payloads",
                $"the update of item '{(payloads ? other : all[0]).Key}' changes no payload, that of item "
                    + $"'{(payloads ? all[0] : other).Key}' does; all updates of a batch do, or none.");
        }
        WriteBatch batch = new()
        {
            Mode = WriteMode.Update,
            Keys = AnnKey.ToColumn(all.Select(static update => update.Key), _keyKind, "keys"),
            Attributes = ItemAttributes.ToBatch(all, _attributes),
            Payloads = ToColumn(all.Select(static update => update.Payload ?? default), payloads),
        };
        return (await WriteAsync(live, batch, cancellationToken)).Applied;
    }

    /// <summary>Removes items, as one batch. Ends when that is on disk and no search that begins sees them.</summary>
    /// <param name="keys">At most 65,536, of the index's kind. Those that no item has are no error.</param>
    /// <param name="cancellationToken">Ends the waiting; the items may be removed all the same.</param>
    /// <returns>Items removed.</returns>
    /// <exception cref="AnnException">As for <see cref="UpsertAsync"/>.</exception>
    /// <exception cref="ObjectDisposedException">The index is closed.</exception>
    public async Task<int> DeleteAsync(IEnumerable<AnnKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        LiveIndex live = RequireLive();
        KeyColumn column = AnnKey.ToColumn(keys, _keyKind, "keys");
        return column.Count == 0
            ? 0
            : (await WriteAsync(live, new WriteBatch { Mode = WriteMode.Delete, Keys = column }, cancellationToken)).Applied;
    }

    /// <summary>Finishes the writes that were begun and closes the files. Searches that are running end as they would have.</summary>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _catalog.DisposeAsync();
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() =>
        Task.Run(async () => await DisposeAsync()).GetAwaiter().GetResult(); // in no context that waits for this thread

    private static Exception Told(Exception failure, string path) => failure is IOException or UnauthorizedAccessException
        ? AnnException.BadInput(path, "", failure.Message, failure)
        : failure;

    private static async Task<WriteReceipt> WriteAsync(LiveIndex live, WriteBatch batch, CancellationToken cancellation)
    {
        PendingWrite pending = await live.WriteAsync(batch, cancellation);
        return await pending.Visible.WaitAsync(cancellation);
    }

    private LiveIndex RequireLive()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _index.RequireLive();
    }

    private static PayloadColumn? ToColumn(IEnumerable<ReadOnlyMemory<byte>> payloads, bool any)
    {
        if (!any)
            return null;
        PayloadColumn column = new();
        foreach (ReadOnlyMemory<byte> payload in payloads)
            column.Add(payload.Span);
        return column;
    }

    /// <summary>The vectors one after another.</summary>
    private float[] Rows(AnnItem[] items)
    {
        long components = items.Length * (long)Dimension;
        if (items.Length > WriteBatch.MaxItems || components > Array.MaxLength)
        {
            throw AnnException.Invalid(
                "items",
                $"there are {items.Length} items; a batch takes 1 to {Math.Min(WriteBatch.MaxItems, Array.MaxLength / Dimension)}.");
        }
        float[] rows = new float[components];
        for (int i = 0; i < items.Length; i++)
        {
            if (items[i].Vector.Length != Dimension)
                throw AnnException.DimensionMismatch("vectors", "The index", Dimension, items[i].Vector.Length);
            items[i].Vector.CopyTo(rows.AsMemory(i * Dimension));
        }
        return rows;
    }

    private SnapshotLease Acquire()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _index.Acquire();
    }
}
