using Ann.Core.Exclusions;
using Ann.Core.Releases;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>What an index can do now.</summary>
internal enum IndexState
{
    /// <summary>Being opened or warmed up.</summary>
    Loading,

    /// <summary>Searches are answered.</summary>
    Serving,

    /// <summary>Its files cannot be used.</summary>
    Failed,
}

/// <summary>State, content and failure of an index at one moment. They change together, so they are read together.</summary>
/// <param name="State">What the index can do.</param>
/// <param name="Snapshot">What searches of a file see; null unless a file is serving.</param>
/// <param name="Live">The live index; null unless one is serving.</param>
/// <param name="Failure">Why it failed, with full paths: for the operator; null unless failed.</param>
internal sealed record IndexStatus(IndexState State, IndexSnapshot? Snapshot, LiveIndex? Live, Exception? Failure)
{
    internal static IndexStatus Loading { get; } = new(IndexState.Loading, null, null, null);
}

/// <summary>A name that the catalog hosts, and the status it has now. Readers take <see cref="Status"/> once and keep it.</summary>
internal sealed class HostedIndex
{
    private volatile IndexStatus _status;
    private MemoryBudget? _budget;
    private volatile ItemSets? _sets;
    private long _reserved;

    internal HostedIndex(IndexSource source)
    {
        Source = source;
        _status = source.Fault is { } fault ? new IndexStatus(IndexState.Failed, null, null, fault) : IndexStatus.Loading;
    }

    /// <summary>Name and files.</summary>
    public IndexSource Source { get; }

    /// <summary>Name of the index.</summary>
    public string Name => Source.Name;

    /// <summary>Filters that clients name by their hash. They outlive snapshots and generations.</summary>
    public PreparedFilters PreparedFilters { get; } = new();

    /// <summary>Its status now. Replaced as a whole, never changed.</summary>
    public IndexStatus Status => _status;

    /// <summary>Why it failed, for a caller: without the directories of this machine. Empty unless failed.</summary>
    public string FailureText =>
        _status.Failure is null ? "" : _status.Failure is AnnException failure
            ? failure.Message.Replace(Source.Path, Path.GetFileName(Source.Path), StringComparison.Ordinal)
            : "its files could not be read.";

    /// <summary>
    /// Opens the files, warms the index up and begins to serve. Files that cannot be used make the index failed, and are no error of this
    /// call.
    /// </summary>
    /// <param name="opening">What to open it with.</param>
    /// <param name="warmUp">Runs real searches before the first caller does.</param>
    /// <exception cref="OperationCanceledException">Thrown by <paramref name="warmUp"/>; the index goes on loading.</exception>
    public async Task LoadAsync(CatalogOpening opening, Action<IndexSnapshot> warmUp)
    {
        if (Source.Fault is not null)
            return;
        IndexStatus opened = IndexStatus.Loading;
        try
        {
            opened = Source.IsLive ? OpenLive(opening) : OpenFile(opening);
            using (SnapshotLease lease = Lease(opened, null))
                warmUp(lease.Snapshot);
            _status = opened;
        }
        catch (OperationCanceledException)
        {
            await CloseAsync(opened);
            throw;
        }
        catch (Exception e)
        {
            // Whatever is wrong with these files, the others must start.
            await CloseAsync(opened);
            _status = new IndexStatus(IndexState.Failed, null, null, e);
        }
    }

    /// <summary>What a search of this index sees. Dispose it when the answer is made.</summary>
    /// <param name="generation">The generation insisted on; null when any will do.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.Unavailable"/>: loading or closing. <see cref="AnnError.Corrupt"/>: failed.
    /// <see cref="AnnError.FailedPrecondition"/>: another generation.
    /// </exception>
    public SnapshotLease Acquire(string? generation = null)
    {
        IndexStatus status = _status;
        RequireServing(status);
        return Lease(status, generation);
    }

    /// <summary>The index, to write to it or to change its generations.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.FailedPrecondition"/>: it is a file. <see cref="AnnError.Unavailable"/>: loading.
    /// <see cref="AnnError.Corrupt"/>: failed.
    /// </exception>
    public LiveIndex RequireLive()
    {
        RequireWritable();
        IndexStatus status = _status;
        RequireServing(status);
        return status.Live!;
    }

    /// <summary>The named sets of the index: of keys that searches may exclude.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.Unavailable"/>: loading. <see cref="AnnError.Corrupt"/>: failed.
    /// <see cref="AnnError.FailedPrecondition"/>: it is a file, and there is no directory to keep sets in.
    /// </exception>
    public ItemSets RequireSets()
    {
        IndexStatus status = _status;
        RequireServing(status);
        return (status.Live is { } live ? live.Sets : _sets) ?? throw AnnException.Refused(
            "index", $"Index '{Name}' is a file; its item sets need a data directory, and the server has none.");
    }

    /// <summary>Why its item sets cannot be used; null when they can, or there are none. With full paths: for the operator.</summary>
    public Exception? SetFailure => (_status.Live?.Sets ?? _sets)?.Failure;

    internal void RequireWritable()
    {
        if (!Source.IsLive)
            throw AnnException.Refused("index", $"Index '{Name}' is a file, which is read-only. Create a live index to write to.");
    }

    /// <summary>Serves what was just created.</summary>
    internal void Serve(LiveIndex live) => _status = new IndexStatus(IndexState.Serving, null, live, null);

    /// <summary>Serves no more; then closes the files. Those who hold a snapshot keep its memory.</summary>
    internal async ValueTask CloseAsync()
    {
        IndexStatus status = _status;
        _status = IndexStatus.Loading;
        await CloseAsync(status);
    }

    private async ValueTask CloseAsync(IndexStatus status)
    {
        status.Snapshot?.Release();
        if (status.Live is LiveIndex live)
            await live.DisposeAsync();
        if (_sets is { } sets)
            await sets.DisposeAsync();
        _budget?.Return(Interlocked.Exchange(ref _reserved, 0));
    }

    private void RequireServing(IndexStatus status)
    {
        if (status.State == IndexState.Loading)
            throw new AnnException(AnnError.Unavailable, $"Index '{Name}' is loading, or being closed.");
        if (status.State == IndexState.Failed)
        {
            // Sound files that did not fit in memory, or that another process holds, are no lost data.
            AnnError error = (status.Failure as AnnException)?.Error switch
            {
                AnnError.Overloaded => AnnError.Overloaded,
                AnnError.FailedPrecondition => AnnError.Unavailable,
                _ => AnnError.Corrupt,
            };
            throw new AnnException(error, $"Index '{Name}' cannot be served: {FailureText}", status.Failure)
            {
                Field = (status.Failure as AnnException)?.Field,
            };
        }
    }

    private SnapshotLease Lease(IndexStatus status, string? generation)
    {
        if (status.Live is LiveIndex live)
            return live.Acquire(generation);
        IndexSnapshot snapshot = status.Snapshot!;
        if (generation is not null && generation != snapshot.Generation)
            throw AnnException.Refused("index", $"Index '{Name}' has generation {snapshot.Generation}; the request asks for {generation}.");
        return snapshot.TryHold() ? new SnapshotLease(snapshot) : throw AnnException.Closing(Name);
    }

    private IndexStatus OpenLive(CatalogOpening opening) => new(
        IndexState.Serving, null, LiveIndex.Open(opening.Files, Source.Path, Name, opening.Live, opening.Budget, opening.Time), null);

    private IndexStatus OpenFile(CatalogOpening opening)
    {
        _budget = opening.Budget;
        Release? release = Source.IsRelease ? ReleaseDirectory.Read(opening.Files, Source.Path) : null;
        string path = Source.IsRelease ? Path.Combine(Source.Path, ReleaseDirectory.IndexFile) : Source.Path;
        SealedSegment file = SealedSegment.Open(opening.Files, path, opening.Residence, bytes =>
        {
            opening.Budget.Take(bytes, $"index '{Name}'");
            _reserved = bytes;
        });
        LiveSealedSegment segment = new(file);
        GenerationEncoder? encoder = null;
        IndexSnapshot snapshot;
        try
        {
            if (release is not null)
                encoder = OpenEncoder(opening, release, file);
            snapshot = new IndexSnapshot(Name, file.Generation, EncoderPair.Of(file.BuildRecord), [segment], encoder);
        }
        finally
        {
            segment.Release(); // the snapshot holds both
            encoder?.Release();
        }
        if (!string.IsNullOrEmpty(opening.SetDirectory))
        {
            string directory = Path.Combine(opening.SetDirectory, Name);
            _sets = ItemSets.Open(
                new ItemSetsHome(opening.Files, directory, Name, snapshot.KeyKind, opening.Live.SetBudget, opening.Time)
                {
                    Locks = true,
                    IsReadOnly = opening.Files.DirectoryExists(directory) && !opening.Files.IsWritable(directory),
                });
        }
        return new IndexStatus(IndexState.Serving, snapshot, null, null);
    }

    /// <summary>The encoder of a release; null where it has none, or nobody runs encoders.</summary>
    private GenerationEncoder? OpenEncoder(CatalogOpening opening, Release release, SealedSegment file)
    {
        ReleasedIndex.RequireFit(Source.Path, release, file);
        if (!release.EncoderFiles.Any())
            return null;
        string directory = Path.Combine(Source.Path, ReleaseDirectory.EncoderDirectory);
        SnapshotEncoder expected = EncoderPair.Of(file.BuildRecord).Queries;
        return opening.Live.Encoders?.Open(opening.Files, directory, expected, file.Dimension, opening.Budget);
    }
}
