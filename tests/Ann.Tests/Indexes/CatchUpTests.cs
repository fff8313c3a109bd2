using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Log;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>The replay of the log onto a generation that is behind.</summary>
public sealed class CatchUpTests
{
    [Fact]
    public async Task AReplayThatFoundNoMemoryForAHeadGoesOnWithTheSameWrite()
    {
        const int Records = 4;
        const int Rows = 40;
        SimulatedFileSystem files = new();
        files.CreateDirectory("/live");
        MemoryBudget budget = new(1L << 40);
        LiveIndexOptions options = new() { HeadRows = 64, MaxFrozenHeads = 8 };
        IndexHome home = new(files, "/live", "live", LiveFixture.Schema(), options, budget, TimeProvider.System);
        using Wal wal = Wal.Create(files, "/live", new WalShape(LiveFixture.Dimension, KeyKind.UInt64), 1);
        for (int i = 0; i < Records; i++)
        {
            WriteBatch batch = LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(i * Rows, Rows));
            wal.Append([new WalRecord(WalRecordKind.Upsert, wal.Next, null, "", 0, batch.Keys, batch.Rows)]);
        }
        wal.Flush();
        Generation serving = new(home, "aa", default, [], wal.Next - 1) { Role = GenerationRole.Serving };
        Generation behind = new(home, "bb", default, [], 0);
        LiveState state = new(home, wal, [serving, behind], serving);
        using CatchUp catchUp = new(state);
        Task done = catchUp.Begin(behind);

        long free = budget.Limit - budget.Used;
        budget.Take(free, "something else");
        while (catchUp.Step())
        {
        }
        Assert.Equal(Rows, behind.Applied); // the second record needs a second head
        budget.Return(free);
        while (catchUp.Step())
        {
        }

        await done.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
        foreach (ulong key in LiveFixture.Range(0, Records * Rows))
            Assert.True(behind.Contains(new ItemKey(key)), $"item {key} is missing");
        serving.Close();
        behind.Close();
    }
}
