using System.Collections.Concurrent;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Tests.Tool;

namespace Ann.Tests.Indexes;

/// <summary>A generation that is found by somebody before its attach has ended.</summary>
public sealed class AttachRaceTests
{
    [Fact]
    public async Task WhoFindsAGenerationBeingAttachedWaitsForEveryWrite()
    {
        await using LiveFixture files = new();
        string built = files.Build("built.ann", [1UL]);
        LiveState? state = null;
        ConcurrentQueue<bool> found = []; // the writer goes on adding
        FaultyFileSystem disk = new(long.MaxValue)
        {
            Writing = () =>
            {
                if (state?.Generations is [_, { } attached])
                    found.Enqueue(attached.CaughtUp.IsCompleted);
            },
        };
        string directory = Directory.CreateDirectory(Path.Combine(files.Root, "other")).FullName;
        IndexHome home = new(
            disk, directory, "other", LiveFixture.Schema(), new LiveIndexOptions(), MemoryBudget.Unlimited(), TimeProvider.System);
        state = IndexOpening.Create(home, default);
        using (IndexWriter writer = new(state, []))
        {
            WriteBatch batch = LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(0, 20));
            await (await writer.WriteAsync(batch, CancellationToken.None)).Visible;
            await new GenerationChange(state, writer).AttachAsync(built, 0, CancellationToken.None);
            Assert.NotEmpty(found);
            Assert.False(found.First(), "a promotion would not have waited");
        }
        foreach (Generation generation in state.Generations)
            generation.Close();
        state.Wal.Dispose();
    }
}
