namespace Ann.Core.Indexes;

/// <summary>Keeps the memory of a snapshot alive. Disposing it lets go; the snapshot must not be used after that.</summary>
internal readonly struct SnapshotLease(IndexSnapshot snapshot) : IDisposable
{
    /// <summary>What is held.</summary>
    public IndexSnapshot Snapshot { get; } = snapshot;

    public void Dispose() => Snapshot?.Release();
}
