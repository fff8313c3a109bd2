using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Releases;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Encoders;
using Ann.Server.Health;
using Ann.Server.Mapping;
using Ann.Server.Recall;
using Grpc.Core;
using Microsoft.Extensions.Options;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Ann.Server.Services;

/// <summary>Tells what is hosted, and leads live indexes through their life.</summary>
internal sealed class IndexesService(
    IndexCatalog catalog, CatalogOpening opening, EncoderCatalog encoders, HealthBoard health, DrainGate gate,
    LiveRecallBoard recall, IOptions<ServerOptions> options) : Indexes.IndexesBase
{
    private readonly ServerOptions _options = options.Value;
    private readonly Lock _creating = new();

    public override Task<ListResponse> List(ListRequest request, ServerCallContext context)
    {
        ListResponse response = new();
        foreach (HostedIndex index in catalog.Indexes)
            response.Indexes.Add(IndexDescriptions.Of(index, encoders, recall));
        response.Encoders.Add(encoders.Hosted.Select(IndexDescriptions.ToWire));
        return Task.FromResult(response);
    }

    /// <summary>Refuses another live index beyond the limit.</summary>
    private void RequireFewer()
    {
        int live = catalog.Indexes.Count(static index => index.Source.IsLive);
        if (live >= _options.MaxIndexes)
            throw new AnnException(AnnError.Overloaded, $"There are {live} live indexes; MaxIndexes lets there be {_options.MaxIndexes}.");
    }

    public override Task<DescribeResponse> Describe(DescribeRequest request, ServerCallContext context) =>
        Task.FromResult(new DescribeResponse { Index = IndexDescriptions.Of(catalog.Find(request.Index), encoders, recall) });

    public override Task<CreateResponse> Create(CreateRequest request, ServerCallContext context)
    {
        HostedIndex index;
        lock (_creating)
        {
            RequireFewer();
            index = catalog.Create(request.Index, WireSchema.Read(request), WireSchema.EncodersOf(request), opening);
        }
        health.Set(index.Name, ServingStatus.Serving);
        return Task.FromResult(new CreateResponse { Index = IndexDescriptions.Of(index, encoders, recall) });
    }

    public override async Task<DropResponse> Drop(DropRequest request, ServerCallContext context)
    {
        await catalog.DropAsync(request.Index, opening.Files);
        health.Remove(request.Index);
        recall.Retain(request.Index, []);
        return new DropResponse();
    }

    public override async Task<AttachResponse> Attach(AttachRequest request, ServerCallContext context)
    {
        LiveIndex index = catalog.RequireLive(request.Index);
        string directory = _options.ImportDirectory.Length > 0 ? _options.ImportDirectory : _options.DataDirectory;
        string path = ServerFileNames.Resolve(directory, nameof(ServerOptions.ImportDirectory), "file", request.File);
        if (!opening.Files.FileExists(path) && !ReleaseDirectory.Exists(opening.Files, path))
            throw new AnnException(AnnError.NotFound, $"The import directory has no file or release '{request.File}'.") { Field = "file" };
        if (request.HasLogPosition && request.LogPosition > long.MaxValue)
            throw AnnException.Invalid("log_position", $"log_position is {request.LogPosition}; it must be a position of the index's log.");
        long? position = request.HasLogPosition ? (long)request.LogPosition : null;
        GenerationStatus generation = await UntilStoppedAsync(
            cancellation => index.AttachAsync(path, position, cancellation), context);
        return new AttachResponse { Generation = IndexDescriptions.ToWire(generation, encoders) };
    }

    public override async Task<DetachResponse> Detach(DetachRequest request, ServerCallContext context)
    {
        LiveIndex index = catalog.RequireLive(request.Index);
        await index.DetachAsync(RequireGeneration(request.Generation), context.CancellationToken);
        RetainRecall(index);
        return new DetachResponse();
    }

    public override async Task<PromoteResponse> Promote(PromoteRequest request, ServerCallContext context)
    {
        LiveIndex index = catalog.RequireLive(request.Index);
        string generation = RequireGeneration(request.Generation);
        PromotionGate demands = new()
        {
            MinRecall = request.HasMinRecall ? request.MinRecall : null,
            MinOverlap = request.HasMinOverlap ? request.MinOverlap : null,
            MaxP99Ms = request.HasMaxP99Ms ? request.MaxP99Ms : null,
            Force = request.Force,
        };
        PromotionReport report = await UntilStoppedAsync(
            cancellation => index.PromoteAsync(generation, demands, cancellation), context);
        RetainRecall(index);
        return new PromoteResponse { Promotion = ToWire(report) };
    }

    public override async Task<RollbackResponse> Rollback(RollbackRequest request, ServerCallContext context)
    {
        LiveIndex index = catalog.RequireLive(request.Index);
        return new RollbackResponse { Promotion = ToWire(await UntilStoppedAsync(index.RollbackAsync, context)) };
    }

    public override async Task<CompactResponse> Compact(CompactRequest request, ServerCallContext context)
    {
        LiveIndex index = catalog.RequireLive(request.Index);
        await UntilStoppedAsync(async cancellation =>
        {
            await index.CompactAsync(cancellation);
            return true;
        }, context);
        return new CompactResponse { Index = IndexDescriptions.Of(catalog.Find(request.Index), encoders, recall) };
    }

    public override async Task<SnapshotResponse> Snapshot(SnapshotRequest request, ServerCallContext context)
    {
        LiveIndex index = catalog.RequireLive(request.Index);
        string directory = _options.SnapshotDirectory;
        string path = ServerFileNames.Resolve(directory, nameof(ServerOptions.SnapshotDirectory), "name", request.Name);
        opening.Files.CreateDirectory(directory);
        long position = await UntilStoppedAsync(
            cancellation => index.SnapshotAsync(path, cancellation), context);
        return new SnapshotResponse { LogPosition = (ulong)position };
    }

    /// <summary>Recall of a generation that is gone would be told and exported for ever.</summary>
    private void RetainRecall(LiveIndex index) =>
        recall.Retain(index.Name, [.. index.Generations.Select(static generation => generation.Id)]);

    /// <summary>Long work ends when the server stops, instead of holding the drain until its time is over.</summary>
    private async Task<T> UntilStoppedAsync<T>(Func<CancellationToken, Task<T>> work, ServerCallContext context)
    {
        using CancellationTokenSource ends =
            CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, gate.Stopping);
        try
        {
            return await work(ends.Token);
        }
        catch (OperationCanceledException) when (gate.IsDraining && !context.CancellationToken.IsCancellationRequested)
        {
            throw DrainGate.GoingAway();
        }
    }

    private static string RequireGeneration(string generation) => generation.Length is > 0 and <= IndexName.MaxLength
        ? generation
        : throw AnnException.Invalid("generation", $"generation takes {generation.Length} characters; it must be 16 hex digits.");

    private static PromotionFacts ToWire(PromotionReport report)
    {
        PromotionFacts facts = new()
        {
            Serving = report.Serving,
            Replaced = report.Replaced,
            Queries = (uint)report.Queries,
            SampledRows = (uint)report.SampledRows,
            MissedKeys = (ulong)report.MissedKeys,
            Forced = report.Forced,
        };
        if (report.Recall is double recall)
            facts.Recall = recall;
        if (report.Overlap is double overlap)
            facts.Overlap = overlap;
        if (report.P99 is TimeSpan p99)
            facts.P99Ms = p99.TotalMilliseconds;
        return facts;
    }
}
