using Ann.Core;
using Ann.Core.Indexes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>An index that is closed while something waits.</summary>
public sealed class LiveClosingTests
{
    [Fact]
    public async Task ClosingEndsAWriteThatWaitsForAHeadToBeSealed()
    {
        using BackgroundThreads threads = new(0.01);
        using ManualResetEventSlim sealing = new();
        Task busy = Task.Factory.StartNew(sealing.Wait, CancellationToken.None, TaskCreationOptions.None, threads);
        LiveIndexOptions options = new() { HeadRows = 16, MaxFrozenHeads = 1, Background = threads };
        LiveIndex index = LiveIndex.Create(
            new(new SimulatedFileSystem(), "/live", "live", LiveFixture.Schema(), options, MemoryBudget.Unlimited(), TimeProvider.System),
            new(null, ""));
        await WriteAsync(0);
        await WriteAsync(16); // the head before it waits to be sealed
        Task<WriteReceipt> waiting = WriteAsync(32);

        Task closing = index.DisposeAsync().AsTask();
        AnnError told;
        do
        {
            told = (await Assert.ThrowsAsync<AnnException>(() => index.DetachAsync("none"))).Error;
        }
        while (told != AnnError.Unavailable); // until the queue is closed
        sealing.Set();
        await closing.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
        await busy;
        Assert.Equal(AnnError.Unavailable, (await Assert.ThrowsAsync<AnnException>(() => waiting)).Error);

        async Task<WriteReceipt> WriteAsync(int from) =>
            await (await index.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(from, 16)))).Visible;
    }
}
