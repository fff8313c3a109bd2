using System.Globalization;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Segments;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Grpc.Core;
using Grpc.Net.Client;

namespace Ann.Tests.Server.Soak;

/// <summary>
/// The operator: builds the next generation of what there is while nothing is written, and brings it in under load, with snapshots, a
/// compaction, and a rollback.
/// </summary>
/// <param name="channel">To the server.</param>
/// <param name="tally">Where it is told.</param>
/// <param name="imports">Directory that generations are brought in from.</param>
/// <param name="snapshots">Directory that snapshots are copied to.</param>
internal sealed class SoakKeeper(GrpcChannel channel, SoakTally tally, string imports, string snapshots)
{
    private readonly Protocol.V1.Indexes.IndexesClient _indexes = new(channel);
    private int _round;

    private string File => string.Create(CultureInfo.InvariantCulture, $"next-{_round}.ann");

    /// <summary>Makes the index.</summary>
    public async Task CreateAsync()
    {
        CreateRequest create = new() { Index = SoakReader.Index, Dimension = SoakItem.Dimension, Metric = Metric.L2 };
        create.Attributes.Add(SoakItem.Fields());
        await _indexes.CreateAsync(create);
    }

    /// <summary>What the server tells of the index.</summary>
    public async Task<IndexDescription> DescribeAsync() =>
        (await _indexes.DescribeAsync(new DescribeRequest { Index = SoakReader.Index }, deadline: SoakReader.Due)).Index;

    /// <summary>Builds the next generation. Only while nothing is written.</summary>
    /// <param name="items">All there are.</param>
    /// <param name="position">Log position of the last of them.</param>
    public void Build(SoakItem[] items, ulong position)
    {
        _round++;
        AttributeSchema schema = WireAttributes.ReadSchema([.. SoakItem.Fields()]);
        using SegmentBuilder builder = new(items.Length, SoakItem.Dimension, new SegmentBuildOptions
        {
            Metric = Core.Metric.L2,
            M = 16,
            EfConstruction = 100,
            LogPosition = (long)position,
            Attributes = schema,
        });
        Core.Keys.KeyColumn keys = new(Core.Keys.KeyKind.UInt64);
        foreach (SoakItem item in items)
        {
            builder.Add(item.Row);
            keys.Add(item.Key);
        }
        builder.AddAttributes(WireAttributes.Read(SoakItem.Columns(items), schema, items.Length)!);
        builder.Build(keys);
        builder.Write(PhysicalFileSystem.Instance, Path.Combine(imports, File));
    }

    /// <summary>Brings in what was built, and takes what served before away.</summary>
    public async Task ChangeAsync()
    {
        AttachRequest attach = new() { Index = SoakReader.Index, File = File };
        if (await tally.RunAsync("attach", async () => await _indexes.AttachAsync(attach, deadline: SoakReader.Due)) is not { } attached)
            return;
        string next = attached.Generation.Id;
        await PromoteAsync("promote, demand not met", next, static request => request.MaxP99Ms = 0.000_001, StatusCode.FailedPrecondition);
        string? before = await PromoteAsync("promote", next, static request => request.MinRecall = 0.8, StatusCode.OK);
        await SnapshotAsync();
        RollbackRequest back = new() { Index = SoakReader.Index };
        await tally.RunAsync("rollback", async () => await _indexes.RollbackAsync(back, deadline: SoakReader.Due));
        CompactRequest compact = new() { Index = SoakReader.Index };
        await tally.RunAsync("compact", async () => await _indexes.CompactAsync(compact, deadline: SoakReader.Due));
        await PromoteAsync("promote again", next, static request => request.Force = true, StatusCode.OK);
        if (before is not null)
        {
            DetachRequest detach = new() { Index = SoakReader.Index, Generation = before };
            await tally.RunAsync("detach", async () => await _indexes.DetachAsync(detach, deadline: SoakReader.Due));
        }
        System.IO.File.Delete(Path.Combine(imports, File));
    }

    private async Task<string?> PromoteAsync(string kind, string generation, Action<PromoteRequest> demand, StatusCode meant)
    {
        PromoteRequest request = new() { Index = SoakReader.Index, Generation = generation };
        demand(request);
        PromoteResponse? promoted = await tally.RunAsync(
            kind, async () => await _indexes.PromoteAsync(request, deadline: SoakReader.Due), meant);
        if (promoted is not null)
            tally.Require(promoted.Promotion.Serving == generation, kind, () => $"{promoted.Promotion} instead of {generation}");
        return promoted?.Promotion.Replaced;
    }

    private async Task SnapshotAsync()
    {
        SnapshotRequest request = new() { Index = SoakReader.Index, Name = string.Create(CultureInfo.InvariantCulture, $"copy-{_round}") };
        await tally.RunAsync("snapshot", Snapshot);
        await tally.RunAsync("snapshot, name taken", Snapshot, StatusCode.AlreadyExists);
        Directory.Delete(Path.Combine(snapshots, request.Name), recursive: true);

        async Task<SnapshotResponse> Snapshot() => await _indexes.SnapshotAsync(request, deadline: SoakReader.Due);
    }
}
