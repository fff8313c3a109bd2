using Ann.Core;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Mapping;
using Ann.Server.Telemetry;
using Grpc.Core;
using Microsoft.Extensions.Options;
using WriteMode = Ann.Protocol.V1.WriteMode;

namespace Ann.Server.Services;

/// <summary>Write path: admit, find the index, check, hand over to its writer, acknowledge. No state of its own.</summary>
internal sealed class IngestService(
    IndexCatalog catalog, AdmissionControl admission, DrainGate gate, IOptions<ServerOptions> options, TimeProvider time)
    : Ingest.IngestBase
{
    public override async Task Write(
        IAsyncStreamReader<WriteFrame> requestStream, IServerStreamWriter<WriteProgress> responseStream, ServerCallContext context)
    {
        using QueuePlace place = await admission.WriteStreams.EnterAsync(context.CancellationToken);
        using CancellationTokenSource reading =
            CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, gate.Stopping);
        WriteStart start = await StartOfAsync(requestStream, reading.Token, context.CancellationToken);
        ulong? fingerprint = start.HasEncoderFingerprint ? start.EncoderFingerprint : null;
        WriteTarget target = WriteTarget.Find(catalog, start.Index, start.Mode, fingerprint, start.Producer);
        using WriteStream stream = new(target, options.Value.WriteCreditBytes, time);
        try
        {
            await stream.RunAsync(requestStream, responseStream, reading, context.CancellationToken);
        }
        catch (OperationCanceledException) when (gate.IsDraining && !context.CancellationToken.IsCancellationRequested)
        {
            throw DrainGate.GoingAway();
        }
    }

    public override async Task<UpsertResponse> Upsert(UpsertRequest request, ServerCallContext context)
    {
        WriteMode mode = request.HasMode ? request.Mode : WriteMode.Upsert;
        if (mode is WriteMode.Delete or WriteMode.Update)
        {
            string other = mode == WriteMode.Delete ? nameof(Delete) : nameof(Update);
            throw AnnException.Invalid(
                "mode", $"mode is {other.ToUpperInvariant()}; Upsert takes UPSERT or INSERT_ONLY. Call {other}.");
        }
        RequirePair(request.HasProducer, request.Producer, request.HasSequence, request.Sequence);
        using QueuePlace place = await admission.Writes.EnterAsync(context.CancellationToken, CallBody.CallerOf(context));
        ulong? fingerprint = request.HasEncoderFingerprint ? request.EncoderFingerprint : null;
        WriteTarget target = WriteTarget.Find(catalog, request.Index, mode, fingerprint, request.Producer);
        WriteBlock block = new() { Sequence = request.Sequence, Keys = request.Keys, Vectors = request.Vectors };
        block.Attributes.Add(request.Attributes);
        block.Payloads.Add(request.Payloads);
        WriteReceipt receipt = await WriteAsync(target, target.Batch(block), context.CancellationToken);
        return new UpsertResponse
        {
            Applied = (ulong)receipt.Applied,
            Skipped = (ulong)receipt.Skipped,
            IsRetry = receipt.IsRetry,
            LogPosition = (ulong)receipt.Sequence,
        };
    }

    public override async Task<UpdateResponse> Update(UpdateRequest request, ServerCallContext context)
    {
        RequirePair(request.HasProducer, request.Producer, request.HasSequence, request.Sequence);
        using QueuePlace place = await admission.Writes.EnterAsync(context.CancellationToken, CallBody.CallerOf(context));
        WriteTarget target = WriteTarget.Find(catalog, request.Index, WriteMode.Update, null, request.Producer);
        WriteBlock block = new() { Sequence = request.Sequence, Keys = request.Keys };
        block.Attributes.Add(request.Attributes);
        block.Payloads.Add(request.Payloads);
        WriteReceipt receipt = await WriteAsync(target, target.Batch(block), context.CancellationToken);
        return new UpdateResponse
        {
            Applied = (ulong)receipt.Applied,
            Skipped = (ulong)receipt.Skipped,
            IsRetry = receipt.IsRetry,
            LogPosition = (ulong)receipt.Sequence,
        };
    }

    public override async Task<DeleteResponse> Delete(DeleteRequest request, ServerCallContext context)
    {
        RequirePair(request.HasProducer, request.Producer, request.HasSequence, request.Sequence);
        using QueuePlace place = await admission.Writes.EnterAsync(context.CancellationToken, CallBody.CallerOf(context));
        WriteTarget target = WriteTarget.Find(catalog, request.Index, WriteMode.Delete, null, request.Producer);
        WriteBlock block = new() { Sequence = request.Sequence, Keys = request.Keys };
        WriteReceipt receipt = await WriteAsync(target, target.Batch(block), context.CancellationToken);
        return new DeleteResponse
        {
            Applied = (ulong)receipt.Applied,
            Skipped = (ulong)receipt.Skipped,
            IsRetry = receipt.IsRetry,
            LogPosition = (ulong)receipt.Sequence,
        };
    }

    public override async Task<AppendToSetResponse> AppendToSet(AppendToSetRequest request, ServerCallContext context)
    {
        using QueuePlace place = await admission.Writes.EnterAsync(context.CancellationToken, CallBody.CallerOf(context));
        HostedIndex index = SetOwner(request.Index);
        ItemSets sets = index.RequireSets();
        ItemSets.RequireName("set", request.Set);
        Core.Keys.KeyColumn keys;
        using (SnapshotLease lease = index.Acquire())
            keys = WireKeys.Read(request.Keys, lease.Snapshot.KeyKind, index.Name, Exclusion.MaxKeys);
        TimeSpan? ttl = request.HasTtlS ? TimeSpan.FromSeconds(request.TtlS) : null;
        try
        {
            int size = await sets.AppendAsync(request.Set, keys, ttl, context.CancellationToken);
            return new AppendToSetResponse { Size = (ulong)size };
        }
        catch (AnnException e) when (e.Field == "ttl")
        {
            throw e.Renamed("ttl_s");
        }
    }

    public override async Task<DropSetResponse> DropSet(DropSetRequest request, ServerCallContext context)
    {
        using QueuePlace place = await admission.Writes.EnterAsync(context.CancellationToken, CallBody.CallerOf(context));
        int size = await SetOwner(request.Index).RequireSets().DropAsync(request.Set, context.CancellationToken);
        return new DropSetResponse { Size = (ulong)size };
    }

    /// <summary>Sets belong to an index, not to one of its generations.</summary>
    private HostedIndex SetOwner(string name)
    {
        if (name.Contains('@', StringComparison.Ordinal))
            throw AnnException.Invalid("index", "index names a generation; an item set belongs to the whole index.");
        return catalog.Find(name);
    }

    /// <summary>Visible is durable too. A caller that goes away gives up the answer, not the write.</summary>
    private async Task<WriteReceipt> WriteAsync(WriteTarget target, WriteBatch batch, CancellationToken cancellation)
    {
        PendingWrite pending = await target.Index.WriteAsync(batch, cancellation);
        WriteReceipt receipt = await pending.Visible.WaitAsync(cancellation);
        Spans.Tell(receipt.Flush, time.GetUtcNow());
        return receipt;
    }

    private static async Task<WriteStart> StartOfAsync(
        IAsyncStreamReader<WriteFrame> frames, CancellationToken cancellation, CancellationToken call)
    {
        bool any;
        try
        {
            any = await frames.MoveNext(cancellation);
        }
        catch (OperationCanceledException) when (!call.IsCancellationRequested)
        {
            throw DrainGate.GoingAway();
        }
        return any && frames.Current.FrameCase == WriteFrame.FrameOneofCase.Start
            ? frames.Current.Start
            : throw AnnException.Invalid("start", "The first frame must be a start; the stream " + (any ? "has another." : "is empty."));
    }

    private static void RequirePair(bool hasProducer, string producer, bool hasSequence, ulong sequence)
    {
        if (hasProducer != hasSequence)
            throw AnnException.Invalid(hasProducer ? "sequence" : "producer", "producer and sequence belong together; only one is set.");
        if (hasProducer && producer.Length == 0)
            throw AnnException.Invalid("producer", "producer is empty; it must name who writes, or not be set.");
        if (hasSequence && sequence == 0)
            throw AnnException.Invalid("sequence", "sequence is 0; the first one is 1.");
    }
}
