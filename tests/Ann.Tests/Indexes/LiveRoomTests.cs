using Ann.Core;
using Ann.Core.Attributes;
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
    private readonly LiveIndexOptions _options;
    private readonly LiveIndex _index;

    public LiveRoomTests()
    {
        _busy = Task.Factory.StartNew(_sealing.Wait, CancellationToken.None, TaskCreationOptions.None, _threads);
        _options = new() { HeadRows = 16, MaxFrozenHeads = 1, Background = _threads };
        _index = LiveIndex.Create(
            new(_files, "/live", "live", LiveFixture.Schema(), _options, _budget, TimeProvider.System), new(null, ""));
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

    [Fact]
    public async Task ABatchFarLargerThanAHeadMakesOneHeadAndSoDoesItsReplay()
    {
        await WriteAsync(Batch(0, 5000));
        Assert.Equal((5000, 2), (_index.Generations[0].Items, _index.Generations[0].Segments));

        MemoryBudget budget = new(1L << 40);
        LiveIndex replayed = LiveIndex.Open(_files.Recover(1), "/live", "live", _options, budget, TimeProvider.System);
        Assert.Equal((5000, 2), (replayed.Generations[0].Items, replayed.Generations[0].Segments));
        _sealing.Set(); // it closes when its seal has ended
        await replayed.DisposeAsync();
    }

    [Fact]
    public async Task ABatchThatTheBudgetHasNoRoomForIsRefusedWhole()
    {
        _budget.Take(_budget.Limit - _budget.Used - 500_000, "something else");
        AnnException full = await Assert.ThrowsAsync<AnnException>(() => WriteAsync(Batch(0, 5000)));
        Assert.Equal((AnnError.Overloaded, "memory"), (full.Error, full.Field));
        Assert.True(_budget.Used <= _budget.Limit);
        Assert.Equal((0, 0), (_index.Generations[0].Items, _index.Log.Durable));
    }

    /// <summary>Heads whose attributes take their room before the rows do are heads that wait like others.</summary>
    [Fact]
    public async Task HeadsFullOfTextsWaitForTheirSealingToo()
    {
        using ManualResetEventSlim waits = new();
        AttributeSchema attributes = new([new("texts", AttributeType.KeywordSet)]);
        await using LiveIndex index = LiveIndex.Create(
            new(
                _files, "/texts", "texts", LiveFixture.Schema() with { Attributes = attributes }, _options with { Waiting = waits.Set },
                _budget, TimeProvider.System),
            new(null, ""));
        List<Task> written = [];
        for (int batch = 0; batch < 30 && !waits.IsSet; batch++)
        {
            AttributeBatch items = new(attributes);
            for (int item = 0; item < 7; item++)
            {
                for (int text = 0; text < 40; text++)
                    items.Columns[0].AddToSet(System.Text.Encoding.UTF8.GetBytes($"{batch}.{item}.{text} " + new string('x', 900)));
                items.Columns[0].EndSet();
            }
            WriteBatch write = LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(batch * 7, 7)) with { Attributes = items };
            written.Add((await index.WriteAsync(write)).Visible);
            await Task.WhenAny(written[^1], Task.Run(waits.Wait)).WaitAsync(TimeSpan.FromSeconds(120));
        }

        int segments = index.Generations[0].Segments;
        _sealing.Set(); // without it nothing ends
        Assert.True(waits.IsSet, $"30 batches were written; {segments} segments wait to be sealed");
        Assert.InRange(segments, 2, 6);
        await Task.WhenAll(written).WaitAsync(TimeSpan.FromSeconds(120));
    }

    /// <summary>Nobody who writes hears of a promotion, not even who waits for room meanwhile.</summary>
    [Fact]
    public async Task AWriteThatWaitsForRoomGoesToTheGenerationThatServesThen()
    {
        using ManualResetEventSlim waits = new();
        await using LiveFixture live = new(_options with { MaxFrozenHeads = 2, Waiting = waits.Set });
        await live.UpsertAsync(LiveFixture.Range(0, 10));
        string next = (await live.Index.AttachAsync(live.Build("next.ann", LiveFixture.Range(0, 10)), logPosition: 10)).Id;
        List<Task<WriteReceipt>> written = [];
        while (!waits.IsSet)
        {
            int from = 100 + 16 * written.Count;
            written.Add((await live.Index.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(from, 16)))).Visible);
            await Task.WhenAny(written[^1], Task.Run(waits.Wait)).WaitAsync(TimeSpan.FromSeconds(120));
        }

        await live.Index.PromoteAsync(next, new PromotionGate { Force = true });
        Assert.False(written[^1].IsCompleted);
        _sealing.Set();

        WriteReceipt[] receipts = await Task.WhenAll(written).WaitAsync(TimeSpan.FromSeconds(120));
        Assert.All(receipts, static receipt => Assert.Equal(16, receipt.Applied));
        Assert.NotNull(live.Fetch((ulong)(100 + 16 * written.Count - 1)));
        Assert.NotNull(live.Fetch((ulong)(100 + 16 * written.Count - 1), next));
    }

    private async Task<WriteReceipt> WriteAsync(WriteBatch batch) =>
        await (await _index.WriteAsync(batch)).Visible.WaitAsync(TimeSpan.FromSeconds(120));

    private static WriteBatch Batch(int from, int count = 16) =>
        LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(from, count));
}
