using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Encoding;
using Ann.Server.Encoders;
using Ann.Server.Health;
using Ann.Server.Recall;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Ann.Server.Hosting;

/// <summary>From an open port to a serving server: open the encoders, then open, warm up and announce one index after another.</summary>
internal sealed partial class StartPhase(
    IndexCatalog catalog, CatalogOpening opening, EncoderCatalog encoders, HealthBoard health, LiveRecallFile recall, WireWarmUp calls,
    ILogger<StartPhase> log)
{
    /// <summary>Service name of the whole server.</summary>
    public const string WholeServer = "";

    /// <summary>Puts every name on the board, before the port opens: a watcher must not hear that a loading index is unknown.</summary>
    public void Announce()
    {
        health.Set(WholeServer, ServingStatus.NotServing);
        foreach (HostedIndex index in catalog.Indexes)
            health.Set(index.Name, ServingStatus.NotServing);
    }

    /// <summary>
    /// Loads everything. An index that cannot be served is logged and stays NOT_SERVING. The server as a whole serves when any index
    /// does, or when it was given none.
    /// </summary>
    /// <exception cref="AnnException">An encoder cannot be opened, or files were named and none of them can be served.</exception>
    public async Task RunAsync(ServerOptions options, CancellationToken cancellation)
    {
        encoders.Open(opening.Files, options, EncoderNotice);
        foreach (EncoderInfo encoder in encoders.Hosted)
        {
            EncoderOpened(encoder.Name, encoder.FingerprintText, encoder.Dimension, encoder.Provider);
            foreach (string notice in encoder.Notices)
                EncoderNotice(encoder.Name, notice);
        }

        recall.Load();
        foreach (HostedIndex index in catalog.Indexes)
        {
            cancellation.ThrowIfCancellationRequested();
            await index.LoadAsync(opening, snapshot => IndexWarmUp.Run(snapshot, options.WarmUpSearches, cancellation));
            if (index.Status.State == IndexState.Serving)
                await calls.RunAsync(index, cancellation);
            Report(index);
        }

        catalog.RequireOneOfNamed();
        if (catalog.Indexes.Count == 0)
            NothingToServe();
        if (catalog.Indexes.Count == 0 || catalog.Indexes.Any(static index => index.Status.State == IndexState.Serving))
            health.Set(WholeServer, ServingStatus.Serving);
    }

    private void Report(HostedIndex index)
    {
        IndexStatus status = index.Status;
        if (status.State != IndexState.Serving)
        {
            // An expected failure says all in its message; the stack of an unexpected one is wanted too.
            Exception failure = status.Failure!;
            IndexFailed(index.Name, index.Source.Path, failure.Message, failure is AnnException ? null : failure);
            return;
        }
        Describe(index, status);
        health.Set(index.Name, ServingStatus.Serving); // last: to compile what writes the lines takes a core from the first callers
    }

    /// <summary>Writes what an index is to the log.</summary>
    private void Describe(HostedIndex index, IndexStatus status)
    {
        using SnapshotLease lease = index.Acquire();
        IndexSnapshot snapshot = lease.Snapshot;
        if (status.Live is LiveIndex live)
        {
            GenerationStatus serving = live.Generations[0];
            LiveIndexServes(
                index.Name, serving.Id, serving.Items, live.Schema.Dimension, live.Schema.Metric, serving.Segments, live.Log.Durable);
            LiveIndexTakes(index.Name, serving.Id, serving.MemoryBytes, serving.FileBytes);
            if (live.IsReadOnly)
                LiveIndexReadOnly(index.Name, index.Source.Path);
            foreach (GenerationStatus damaged in live.Generations.Where(static one => one.Failure is not null))
                GenerationDamaged(index.Name, damaged.Id, damaged.Failure!);
        }
        else if (snapshot.Segments[0] is LiveSealedSegment { Sealed: SealedSegment file })
        {
            IndexServes(
                index.Name, snapshot.Generation, file.Count, file.Dimension, file.Metric, file.LoadedBytes, file.MappedBytes);
        }
        if (index.SetFailure is { } unusable)
            SetsFailed(index.Name, unusable.Message);
        if (snapshot.Encoders.Queries is { Fingerprint: ulong fingerprint } queries && snapshot.Encoder is null
            && encoders.WithFingerprint(fingerprint) is null)
            EncoderMissing(index.Name, queries.Name, fingerprint);
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Information,
        Message = "Encoder {Name} ({Fingerprint}): dimension {Dimension}, provider {Provider}.")]
    private partial void EncoderOpened(string name, string fingerprint, int dimension, string provider);

    [LoggerMessage(EventId = 15, Level = LogLevel.Warning, Message = "Encoder {Name}: {Notice}")]
    private partial void EncoderNotice(string name, string notice);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information,
        Message = "Index {Index}@{Generation} serves {Count} items of dimension {Dimension}, metric {Metric}, "
            + "{Loaded} bytes loaded, {Mapped} mapped.")]
    private partial void IndexServes(
        string index, string generation, int count, int dimension, Metric metric, long loaded, long mapped);

    [LoggerMessage(EventId = 16, Level = LogLevel.Information,
        Message = "Live index {Index}@{Generation} serves {Count} items of dimension {Dimension}, metric {Metric}, in {Segments} segments, "
            + "log position {Position}.")]
    private partial void LiveIndexServes(
        string index, string generation, long count, int dimension, Metric metric, int segments, long position);

    [LoggerMessage(EventId = 19, Level = LogLevel.Information,
        Message = "Live index {Index}@{Generation} takes {Memory} bytes of memory, {Files} of files.")]
    private partial void LiveIndexTakes(string index, string generation, long memory, long files);

    [LoggerMessage(EventId = 23, Level = LogLevel.Warning,
        Message = "Live index {Index} is served for reads only: its directory {Path} is read-only.")]
    private partial void LiveIndexReadOnly(string index, string path);

    [LoggerMessage(EventId = 17, Level = LogLevel.Error,
        Message = "Index {Index} serves without its generation {Generation}, which could not be opened: {Reason}")]
    private partial void GenerationDamaged(string index, string generation, string reason);

    [LoggerMessage(EventId = 12, Level = LogLevel.Error,
        Message = "Index {Index} cannot be served from {Path}; the others start without it. {Reason}")]
    private partial void IndexFailed(string index, string path, string reason, Exception? failure);

    [LoggerMessage(EventId = 18, Level = LogLevel.Error,
        Message = "Index {Index} serves, but its item sets cannot be used: requests that name one are refused. {Reason}")]
    private partial void SetsFailed(string index, string reason);

    [LoggerMessage(EventId = 13, Level = LogLevel.Information,
        Message = "Index {Index}: the encoder of its queries, {Encoder} ({Fingerprint:x16}), is not hosted here; "
            + "Embed by index name is refused.")]
    private partial void EncoderMissing(string index, string encoder, ulong fingerprint);

    [LoggerMessage(EventId = 14, Level = LogLevel.Warning,
        Message = "No index is hosted: no file was named and the data directory holds none.")]
    private partial void NothingToServe();
}
