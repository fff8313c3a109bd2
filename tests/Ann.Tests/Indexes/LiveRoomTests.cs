using Ann.Core;
using Ann.Core.Indexes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>An index without room for new rows: what needs none goes on, and what waits is told the truth.</summary>
public sealed class LiveRoomTests : IAsyncDisposable
{
    private readonly SimulatedFileSystem _files = new();
    private readonly MemoryBudget _budget = new(1L << 40);
    private readonly BackgroundThreads _threads = new(0.01);
    private readonly ManualResetEventSlim _sealing = new();
    private readonly Task _busy;
    private readonly LiveIndex _index;

    public LiveRoomTests()
    {
        _busy = Task.Factory.StartNew(_sealing.Wait, CancellationToken.None, TaskCreationOptions.None, _threads);
        LiveIndexOptions options = new() { HeadRows = 16, MaxFrozenHeads = 1, Background = _threads };
        _index = LiveIndex.Create(
            _files, "/live", "live", LiveFixture.Schema(), null, "", options, _budget, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _sealing.Set();
        await _index.DisposeAsync();
        await _busy;
        _threads.Dispose();
        _sealing.Dispose();
    }

    [Fact]
    public async Task DeletesAndRetriesNeedNoHead()
    {
        WriteBatch first = LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(0, 16)) with { Producer = "p", ProducerSequence = 1 };
        await WriteAsync(first);
        _budget.Take(_budget.Limit - _budget.Used, "something else");
        AnnException full = await Assert.ThrowsAsync<AnnException>(() => WriteAsync(Batch(16)));
        Assert.Equal((AnnError.Overloaded, "memory"), (full.Error, full.Field));

        Assert.True((await WriteAsync(first)).IsRetry);
        WriteReceipt deleted = await WriteAsync(LiveFixture.Batch(WriteMode.Delete, LiveFixture.Range(0, 3)));
        Assert.Equal(3, deleted.Applied);
    }

    private async Task<WriteReceipt> WriteAsync(WriteBatch batch) =>
        await (await _index.WriteAsync(batch)).Visible.WaitAsync(TimeSpan.FromSeconds(30));

    private static WriteBatch Batch(int from) => LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(from, 16));
}
