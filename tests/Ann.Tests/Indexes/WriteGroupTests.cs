using Ann.Core;
using Ann.Core.Indexes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>Batches between the moment when it is decided what they mean and the moment when they are logged.</summary>
public sealed class WriteGroupTests
{
    [Fact]
    public async Task AWriteThatWaitedIsNotAcknowledgedWhenAnotherGenerationServesByThen()
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
        WriteGroup group = new(state);
        group.Add(write);
        group.RequireTargets();

        state.Serving = next; // the write would be in the old one only, which nobody searches
        AnnException told = Assert.Throws<AnnException>(group.RequireTargets);
        Assert.Equal(AnnError.Unavailable, told.Error);
        group.Fail(told);
        Assert.Same(told, await Assert.ThrowsAsync<AnnException>(() => write.Pending.Visible));
        before.Close();
        next.Close();
        state.Wal.Dispose();
    }
}
