using Ann.Core.Files;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>What an index can do now.</summary>
public enum IndexState
{
    /// <summary>Being opened or warmed up.</summary>
    Loading,

    /// <summary>Searches are answered.</summary>
    Serving,

    /// <summary>Its file cannot be used.</summary>
    Failed,
}

/// <summary>State, snapshot and failure of an index at one moment. They change together, so they are read together.</summary>
/// <param name="State">What the index can do.</param>
/// <param name="Snapshot">What searches see; null unless serving.</param>
/// <param name="Failure">Why it failed, with the file's full path: for the operator; null unless failed.</param>
public sealed record IndexStatus(IndexState State, IndexSnapshot? Snapshot, Exception? Failure);

/// <summary>A name that the catalog hosts, and the status it has now. Readers take <see cref="Status"/> once and keep it.</summary>
public sealed class HostedIndex
{
    private volatile IndexStatus _status = new(IndexState.Loading, null, null);

    internal HostedIndex(IndexSource source) => Source = source;

    /// <summary>Name and file.</summary>
    public IndexSource Source { get; }

    /// <summary>Name of the index.</summary>
    public string Name => Source.Name;

    /// <summary>Its status now. Replaced as a whole, never changed.</summary>
    public IndexStatus Status => _status;

    /// <summary>Why it failed, for a caller: without the directories of this machine. Empty unless failed.</summary>
    public string FailureText =>
        _status.Failure is null ? "" : _status.Failure is AnnException failure
            ? failure.Message.Replace(Source.Path, Path.GetFileName(Source.Path), StringComparison.Ordinal)
            : "its file could not be read.";

    /// <summary>
    /// Opens the file, warms it up and begins to serve. A file that cannot be used makes the index failed, and is no error of this call.
    /// </summary>
    /// <param name="files">Where the file is.</param>
    /// <param name="residence">Where its links and codes will lie.</param>
    /// <param name="warmUp">Runs real searches before the first caller does.</param>
    /// <exception cref="OperationCanceledException">Thrown by <paramref name="warmUp"/>; the index goes on loading.</exception>
    public void Load(IFileSystem files, SegmentResidence residence, Action<IndexSnapshot> warmUp)
    {
        SealedSegment? segment = null;
        try
        {
            segment = SealedSegment.Open(files, Source.Path, residence);
            IndexSnapshot snapshot = Snapshot(segment);
            warmUp(snapshot);
            _status = new IndexStatus(IndexState.Serving, snapshot, null);
        }
        catch (OperationCanceledException)
        {
            segment?.Dispose();
            throw;
        }
        catch (Exception e)
        {
            // Whatever is wrong with this file, the others must start.
            segment?.Dispose();
            _status = new IndexStatus(IndexState.Failed, null, e);
        }
    }

    /// <summary>What a search of this index sees.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.Unavailable"/>: still loading. <see cref="AnnError.Corrupt"/>: failed.
    /// </exception>
    public IndexSnapshot Acquire()
    {
        IndexStatus status = _status;
        return status.State switch
        {
            IndexState.Serving => status.Snapshot!,
            IndexState.Loading => throw new AnnException(AnnError.Unavailable, $"Index '{Name}' is loading."),
            _ => throw new AnnException(AnnError.Corrupt, $"Index '{Name}' cannot be served: {FailureText}", status.Failure),
        };
    }

    internal void Release() => _status.Snapshot?.Release();

    private IndexSnapshot Snapshot(SealedSegment sealedSegment)
    {
        BuildRecord record = sealedSegment.BuildRecord;
        LiveSealedSegment segment = new(sealedSegment);
        IndexSnapshot snapshot = new(Name, sealedSegment.Generation, SnapshotEncoder.Of(record), [segment]);
        segment.Release(); // the snapshot holds it
        return snapshot;
    }
}
