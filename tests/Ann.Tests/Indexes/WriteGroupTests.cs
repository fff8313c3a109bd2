using Ann.Core;
using Ann.Core.Indexes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>Batches between the moment when it is decided what they mean and the moment when they are logged.</summary>
public sealed class WriteGroupTests
{
    [Fact]
    public async Task AWriteThatWaitedMeansTheGenerationThatServesByThen()
    {
        SimulatedFileSystem files = new();
        files.CreateDirectory("/live");
        IndexHome home = new(
            files, "/live", "live", LiveFixture.Schema(), new LiveIndexOptions(), MemoryBudget.Unlimited(), TimeProvider.System);
        LiveState state = IndexOpening.Create(home, default);
        Generation before = state.Serving;
        Generation next = new(home, "00000000000000bb", new EncoderPair(0xbb, ""), [], 0) { Role = GenerationRole.Standby };
        state.Generations = [before, next];
        QueuedWrite write = new(LiveFixture.Batch(WriteMode.Upsert, [1UL]), bytes: 1);
        QueuedWrite named = new(LiveFixture.Batch(WriteMode.Upsert, [2UL]) with { Generation = before.Id }, bytes: 1);
        WriteGroup group = new(state);
        group.Add(write);
        group.Add(named);
        Assert.True(group.HoldsTargets());

        state.Serving = next; // the write would be in the old one only, which nobody searches
        Assert.False(group.HoldsTargets());
        Assert.True(group.Again().HoldsTargets());
        state.Generations = [next];
        Assert.False(group.HoldsTargets());
        WriteGroup last = group.Again();

        Assert.True(last.HoldsTargets());
        Assert.Equal(1, last.Items);
        Assert.False(write.Pending.Visible.IsCompleted);
        AnnException told = await Assert.ThrowsAsync<AnnException>(() => named.Pending.Visible);
        Assert.Equal(AnnError.FailedPrecondition, told.Error);
        before.Close();
        next.Close();
        state.Wal.Dispose();
    }
}
