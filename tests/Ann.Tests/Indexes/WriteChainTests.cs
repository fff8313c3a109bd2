using Ann.Core;
using Ann.Core.Indexes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>Batches of a stream: what comes behind one that failed is not written either.</summary>
public sealed class WriteChainTests
{
    [Fact]
    public async Task WhatFollowsABatchThatFailedDoesNotMakeItsRetryLookWritten()
    {
        SimulatedFileSystem files = new();
        await using LiveIndex index = LiveIndex.Create(
            new(files, "/live", "live", LiveFixture.Schema(), new LiveIndexOptions(), MemoryBudget.Unlimited(), TimeProvider.System),
            new(null, ""));
        WriteChain stream = new();
        files.FreeBytes = 100;
        Assert.Equal(AnnError.Overloaded, (await FailAsync(Batch(1, 0, 20, stream))).Error);
        files.FreeBytes = 1 << 20; // somebody else made room
        Assert.Equal(AnnError.Overloaded, (await FailAsync(Batch(2, 20, 1, stream))).Error);

        WriteChain again = new();
        WriteReceipt first = await WriteAsync(Batch(1, 0, 20, again));
        Assert.Equal((20, false), (first.Applied, first.IsRetry));
        Assert.Equal(1, (await WriteAsync(Batch(2, 20, 1, again))).Applied);

        async Task<WriteReceipt> WriteAsync(WriteBatch batch) => await (await index.WriteAsync(batch)).Visible;
        Task<AnnException> FailAsync(WriteBatch batch) => Assert.ThrowsAsync<AnnException>(() => WriteAsync(batch));
    }

    private static WriteBatch Batch(ulong sequence, int from, int count, WriteChain chain) =>
        LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(from, count)) with
        {
            Producer = "p",
            ProducerSequence = sequence,
            Chain = chain,
        };
}
