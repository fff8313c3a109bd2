using Ann.Core;
using Ann.Core.Indexes;

namespace Ann.Tests.Indexes;

/// <summary>A generation that does not serve and cannot be read keeps its index from nothing but itself.</summary>
public sealed class DamagedGenerationTests
{
    private static readonly PromotionGate Forced = new() { Force = true };

    [Fact]
    public async Task TheServingGenerationServesAndTheDamagedOneTellsWhy()
    {
        await using LiveFixture live = new();
        GenerationStatus standby = await WithStandbyAsync(live);
        Damage(live, standby.Id);
        live.Open();

        Assert.NotNull(live.Fetch(3));
        await live.UpsertAsync([500]);
        Assert.NotNull(live.Fetch(500));
        GenerationStatus[] all = [.. live.Index.Generations];
        Assert.Equal([GenerationRole.Serving, GenerationRole.Damaged], all.Select(static one => one.Role));
        Assert.Equal((standby.Id, standby.Items), (all[1].Id, all[1].Items));
        Assert.Null(all[0].Failure);
        string failure = Assert.IsType<string>(all[1].Failure);
        Assert.StartsWith("seg-", failure, StringComparison.Ordinal); // the file, without the directories of this machine
    }

    [Fact]
    public async Task NothingCanBeAskedOfItWithTheReasonTold()
    {
        await using LiveFixture live = new();
        GenerationStatus standby = await WithStandbyAsync(live);
        Damage(live, standby.Id);
        live.Open();

        WriteBatch batch = LiveFixture.Batch(WriteMode.Upsert, [1]) with { Generation = standby.Id };
        string failure = live.Index.Generations[1].Failure!;
        await RequireRefusedAsync(() => live.Index.PromoteAsync(standby.Id, Forced));
        await RequireRefusedAsync(() => live.WriteAsync(batch));
        await RequireRefusedAsync(() => Task.Run(() => live.Index.Acquire(standby.Id)));
        AnnException again = await Assert.ThrowsAsync<AnnException>(
            () => live.Index.AttachAsync(Path.Combine(live.Root, "next.ann"), logPosition: null));
        Assert.Equal(AnnError.AlreadyExists, again.Error);

        async Task RequireRefusedAsync(Func<Task> ask)
        {
            AnnException refused = await Assert.ThrowsAsync<AnnException>(ask);
            Assert.Equal(AnnError.FailedPrecondition, refused.Error);
            Assert.Contains(failure, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ItStaysAttachedUntilItIsDetachedAndMayBeMended()
    {
        await using LiveFixture live = new();
        GenerationStatus standby = await WithStandbyAsync(live);
        string file = Damage(live, standby.Id);
        live.Open();
        await live.UpsertAsync([600]);
        await live.Index.CompactAsync(); // writes a manifest
        await live.ReopenAsync();
        Assert.Equal(GenerationRole.Damaged, live.Index.Generations[1].Role);

        await live.CloseAsync();
        File.Copy(Path.Combine(live.Root, "next.ann"), file, overwrite: true);
        live.Open();
        await live.CaughtUpAsync(standby.Id);
        Assert.NotNull(live.Fetch(600, standby.Id));

        Damage(live, standby.Id);
        live.Open();
        await live.Index.DetachAsync(standby.Id);
        Assert.Single(live.Index.Generations);
        Assert.False(File.Exists(file));
        await live.Index.AttachAsync(Path.Combine(live.Root, "next.ann"), logPosition: 100);
        await live.Index.PromoteAsync(standby.Id, Forced);
    }

    [Fact]
    public async Task ARollbackToItIsRefusedUntilAnotherServedBefore()
    {
        await using LiveFixture live = new();
        GenerationStatus next = await WithStandbyAsync(live);
        string first = live.Index.Generations[0].Id;
        await live.Index.CompactAsync(); // gives the first one a file
        await live.Index.PromoteAsync(next.Id, Forced);
        Damage(live, first);
        live.Open();

        AnnException refused = await Assert.ThrowsAsync<AnnException>(() => live.Index.RollbackAsync());
        Assert.Contains(live.Index.Generations[1].Failure!, refused.Message, StringComparison.Ordinal);
        await live.ReopenAsync();
        refused = await Assert.ThrowsAsync<AnnException>(() => live.Index.RollbackAsync());
        Assert.Contains(first, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADamagedServingGenerationFailsTheIndex()
    {
        await using LiveFixture live = new();
        await WithStandbyAsync(live);
        await live.Index.CompactAsync();
        Damage(live, live.Index.Generations[0].Id);
        Assert.Equal(AnnError.Corrupt, Assert.Throws<AnnException>(() => live.Open()).Error);
    }

    private static async Task<GenerationStatus> WithStandbyAsync(LiveFixture live)
    {
        await live.UpsertAsync(LiveFixture.Range(0, 100));
        return await live.Index.AttachAsync(live.Build("next.ann", LiveFixture.Range(0, 100)), logPosition: 100);
    }

    /// <summary>Closes the index and cuts the end of a file of a generation off. Returns its path.</summary>
    private static string Damage(LiveFixture live, string generation)
    {
        live.CloseAsync().GetAwaiter().GetResult();
        Manifest manifest = ManifestFile.Read(Ann.Core.Files.PhysicalFileSystem.Instance, live.IndexDirectory);
        string name = manifest.Generations.Single(one => one.Id == generation).Segments[0].File;
        string path = Path.Combine(live.IndexDirectory, name);
        using FileStream stream = File.OpenWrite(path);
        stream.SetLength(stream.Length / 2);
        return path;
    }
}
