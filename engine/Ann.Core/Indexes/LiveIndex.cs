using Ann.Core.Files;

namespace Ann.Core.Indexes;

/// <summary>An index that is written to while it is searched: a directory of sealed segments, a log and a manifest.</summary>
public sealed class LiveIndex : IAsyncDisposable
{
    /// <summary>Name of the index.</summary>
    public string Name => throw new NotImplementedException();

    /// <summary>What never changes.</summary>
    public IndexSchema Schema => throw new NotImplementedException();

    /// <summary>Where the log is.</summary>
    public LogStatus Log => throw new NotImplementedException();

    /// <summary>Every attached generation, the serving one first.</summary>
    public IReadOnlyList<GenerationStatus> Generations => throw new NotImplementedException();

    /// <summary>Makes an empty live index. The directory must not exist or be empty.</summary>
    /// <exception cref="AnnException">InvalidArgument: schema. AlreadyExists: the directory holds something. Overloaded: memory.</exception>
    public static LiveIndex Create(
        IFileSystem files, string directory, string name, IndexSchema schema, ulong? encoderFingerprint, string encoderName,
        LiveIndexOptions options, MemoryBudget budget, TimeProvider time) => throw new NotImplementedException();

    /// <summary>Opens a live index and replays its log.</summary>
    /// <exception cref="AnnException">Corrupt: names file and byte. NotFound: no live index there. Overloaded: memory.</exception>
    public static LiveIndex Open(
        IFileSystem files, string directory, string name, LiveIndexOptions options, MemoryBudget budget, TimeProvider time) =>
        throw new NotImplementedException();

    /// <summary>What a search sees of the serving generation, or of the named one. Dispose it when the answer is made.</summary>
    /// <exception cref="AnnException">FailedPrecondition: no such generation is attached.</exception>
    public SnapshotLease Acquire(string? generation = null) => throw new NotImplementedException();

    /// <summary>Queues a batch; waits while the queue is full.</summary>
    /// <exception cref="AnnException">
    /// InvalidArgument: names the row and what is wrong with it. FailedPrecondition: encoder or generation. Overloaded: memory budget or
    /// disk full. Unavailable: the index is closing, or its log cannot be written to any more.
    /// </exception>
    public ValueTask<PendingWrite> WriteAsync(WriteBatch batch, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>Attaches a built file as a generation and replays onto it what was written since. Ends when it has caught up.</summary>
    /// <param name="path">An <c>.ann</c> file of this index's dimension, metric and key kind. It is copied.</param>
    /// <param name="logPosition">The last write that its rows know of; null takes what the file says, or else 0.</param>
    /// <param name="cancellation">Ends the waiting, and detaches it again.</param>
    public Task<GenerationStatus> AttachAsync(string path, long? logPosition, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>Detaches a generation that does not serve, and deletes its files.</summary>
    public Task DetachAsync(string generation, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Measures a candidate and lets it take over, or refuses with the figures.</summary>
    /// <exception cref="AnnException">FailedPrecondition: the gate's figures. NotFound: no such generation.</exception>
    public Task<PromotionReport> PromoteAsync(string generation, PromotionGate gate, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>Lets the generation that served before take over again. A second rollback undoes the first.</summary>
    public Task<PromotionReport> RollbackAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Seals every head and merges all segments into one without dead rows. Ends when that is done.</summary>
    public Task CompactAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Copies the index as it is at one moment to a directory, while it serves.</summary>
    /// <param name="directory">Must not exist or be empty.</param>
    /// <param name="cancellation">Ends it early, and leaves nothing.</param>
    /// <returns>The last write that the copy holds.</returns>
    public Task<long> SnapshotAsync(string directory, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Finishes what was acknowledged, writes the manifest and closes the files.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
