using System.Runtime.InteropServices;
using Ann.Encoding.Batching;
using CsCheck;

namespace Ann.Tests.Encoding.Batching;

/// <summary>
/// Goal: every call ends once and as it should, nothing waits while a thread is free, runs end by the deadlines in them, and what several
/// want is run once; in a time that is made up.
/// </summary>
public sealed class BatchQueueTests
{
    private static readonly Gen<SimulatedCall> Calls = Gen.Select(
        Gen.Int[0, 12], Gen.OneOf(Gen.Int[0, 40].Array[1, 4], Gen.Int[0, 40].Array[1, 30]),
        Gen.OneOf(Gen.Const(0), Gen.Int[1, 200]), Gen.OneOf(Gen.Const(0), Gen.Const(0), Gen.Int[1, 60]))
        .Select(static (gap, inputs, budget, patience) => new SimulatedCall(gap, inputs, budget, patience));

    /// <summary>The checks are those of <see cref="QueueSimulation"/>, at each event.</summary>
    [Fact]
    public void EveryCallEndsOnceAndNothingWaitsByChoice() => Gen
        .Select(Calls.Array[1, 60], Gen.Int[1, 3], Gen.Int[0, 12], Gen.OneOf(Gen.Const(0), Gen.Const(5)), Gen.Double[0.05, 3])
        .Sample(static (calls, threads, limit, cached, cost) => new QueueSimulation(threads, limit, cached, cost).Run(calls), iter: 2000);

    [Fact]
    public void AFullQueueRefuses()
    {
        QueueSimulation queue = new(threads: 1, limit: 3, cachedRows: 0, millisecondsAUnit: 10);
        queue.Run(Enumerable.Range(20, 6).Select(static input => new SimulatedCall(0, [input], 0, 0)));
        Assert.Equal(2, queue.Refusals); // one runs and three wait
    }

    [Fact]
    public void WhatManyWantIsRunOnceAndThenKnown()
    {
        SimulatedCall[] alike = [.. Enumerable.Repeat(new SimulatedCall(1, [7], 0, 0), 50)];
        QueueSimulation queue = new(threads: 2, limit: 100, cachedRows: 1, millisecondsAUnit: 1);
        queue.Run(alike);
        Assert.Equal(1, queue.Runs[7]);

        QueueSimulation forgetful = new(threads: 2, limit: 100, cachedRows: 0, millisecondsAUnit: 1);
        forgetful.Run(alike);
        Assert.InRange(forgetful.Runs[7], 2, 49); // those that came during a run shared it
    }

    [Fact]
    public void ACallOfManyDoesNotHoldUpTheSmallBehindIt()
    {
        BatchQueue<int> queue = Queue(new NumberEncoder { MostWeight = 20 });
        queue.Submit([.. Enumerable.Range(0, 500).Select(static i => 2 * i)], default, TimeSpan.MaxValue, 1);
        BatchedCall<int> small = queue.Submit([1001], default, TimeSpan.MaxValue, 0);

        queue.Take(default);
        List<BatchItem<int>> second = queue.Take(default);

        Assert.Contains(second, static item => item.Input == 1001);
        queue.Give(CollectionsMarshal.AsSpan(second), new float[second.Count]);
        Assert.True(small.Rows.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task ACallThatLeavesTakesNothingFromOthersOfTheSame()
    {
        BatchQueue<int> queue = Queue(new NumberEncoder());
        BatchedCall<int> gone = queue.Submit([1, 2, 3], default, TimeSpan.MaxValue, 1);
        BatchedCall<int> stays = queue.Submit([3, 5], default, TimeSpan.MaxValue, 0);
        queue.End(gone, new OperationCanceledException());

        List<BatchItem<int>> batch = queue.Take(default);

        Assert.Equal([3, 5], batch.Select(static item => item.Input).Order());
        queue.Give(CollectionsMarshal.AsSpan(batch), [.. batch.Select(static item => (float)item.Input)]);
        byte[] rows = await stays.Rows;
        Assert.Equal(new[] { 3f, 5f }, MemoryMarshal.Cast<byte, float>(rows).ToArray());
        Assert.True(gone.Rows.IsFaulted);
    }

    [Fact]
    public void ABatchIsCutWhereItsRunWouldPassADeadline()
    {
        NumberEncoder encoder = new();
        BatchQueue<int> queue = Queue(encoder);
        for (int weight = 1; weight < 20; weight++)
            queue.Learn(weight, TimeSpan.FromMilliseconds(2 + weight)); // 2 ms, and 1 ms a unit
        foreach (int input in new[] { 7, 14, 21, 28, 35 }) // a unit each
            queue.Submit([input], default, TimeSpan.FromMilliseconds(5.5), 0);
        queue.Submit([42], default, TimeSpan.FromMilliseconds(1), 0); // no run at all would do for it, so that it bounds none

        Assert.Equal([7, 14, 21], queue.Take(default).Select(static item => item.Input).Order());
        Assert.Equal([28, 35, 42], queue.Take(default).Select(static item => item.Input).Order());
    }

    [Fact]
    public void TimesOfRunsMakeALine()
    {
        RunTimeEstimate estimate = new();
        Assert.Equal(TimeSpan.Zero, estimate.Of(100));
        estimate.Learn(10, TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.Zero, estimate.Of(100)); // the first tells nothing
        estimate.Learn(10, TimeSpan.FromMilliseconds(5));
        Assert.Equal(10, estimate.Of(20).TotalMilliseconds, 6); // of one run: in proportion
        for (int i = 0; i < 200; i++)
            estimate.Learn(1 + i % 50, TimeSpan.FromMilliseconds(3 + 0.5 * (1 + i % 50)));
        Assert.Equal(3 + 0.5 * 30, estimate.Of(30).TotalMilliseconds, 0.1);

        estimate.Learn(10, TimeSpan.FromMinutes(1)); // the machine stood still
        Assert.InRange(estimate.Of(10).TotalMilliseconds, 8, 30);
    }

    [Fact]
    public void TheCacheForgetsWhatWasNotAskedForTheLongest()
    {
        RowCache<int> cache = new(2);
        cache.Add(1, [1]);
        cache.Add(2, [2]);
        Assert.Equal(1f, Assert.Single(cache.Find(1)!));
        cache.Add(3, [3]);

        Assert.Null(cache.Find(2));
        Assert.Equal(1f, Assert.Single(cache.Find(1)!));
        Assert.Equal(3f, Assert.Single(cache.Find(3)!));
        Assert.Equal(2, cache.Count);
    }

    private static BatchQueue<int> Queue(NumberEncoder encoder) => new(encoder, new BatchQueueLimits(100, 0));
}
