using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Encoding;
using Ann.Encoding.Batching;

namespace Ann.Tests.Encoding.Batching;

/// <summary>
/// Goal: callers on many threads get their own rows from shared runs; failures, deadlines and ends reach those they concern.
/// </summary>
public sealed class MicroBatcherTests : IDisposable
{
    private readonly NumberEncoder _encoder = new() { Refused = [13] };
    private readonly EncoderThreads _threads = new(1);
    private readonly SemaphoreSlim _held = new(0);
    private readonly SemaphoreSlim _begun = new(0);

    public void Dispose()
    {
        _encoder.Running = null;
        _held.Release(1000);
        _threads.Dispose();
        _held.Dispose();
        _begun.Dispose();
    }

    [Fact]
    public async Task WhatComesDuringARunIsTheNext()
    {
        MicroBatcher<int> batches = Batches();
        Hold();
        Task<byte[]> first = batches.EncodeAsync([2], null, default);
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        Task<byte[]>[] others = [.. Enumerable.Range(2, 8).Select(i => batches.EncodeAsync([2 * i], null, default))];
        _held.Release(2);

        Equal(await first, 4f);
        for (int i = 0; i < others.Length; i++)
            Equal(await others[i], 4f * (i + 2) * (i + 2));
        Assert.Equal([1, 8], _encoder.Runs.Select(static run => run.Length));
    }

    [Fact]
    public async Task GroupsHaveRunsOfTheirOwn()
    {
        byte[] rows = await Batches().EncodeAsync([5, 2, 3, 4], null, default);
        Equal(rows, 25f, 4f, 9f, 16f);
        Assert.All(_encoder.Runs, static run => Assert.Single(run.Select(static input => input % 2).Distinct()));
    }

    [Fact]
    public async Task WhatCannotBeEncodedFailsItsOwnCallerOnly()
    {
        MicroBatcher<int> batches = Batches();
        Hold();
        Task<byte[]> first = batches.EncodeAsync([2], null, default);
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        Task<byte[]>[] sound = [.. new[] { 1, 3, 5, 7, 9, 11, 15 }.Select(input => batches.EncodeAsync([input], null, default))];
        Task<byte[]> unsound = batches.EncodeAsync([4, 13], null, default);
        _held.Release(100);

        await first;
        foreach (Task<byte[]> call in sound)
            Assert.Single(Floats(await call));
        AnnException refused = await Assert.ThrowsAsync<AnnException>(() => unsound);
        Assert.Equal((AnnError.InvalidArgument, "rows[1]"), (refused.Error, refused.Field));
        Assert.Equal("rows[1]: encoder 'numbers' is 13.", refused.Message);
        Equal(await batches.EncodeAsync([6], null, default), 36f);
    }

    [Fact]
    public async Task AFailureThatNobodyExpectedEndsNoThread()
    {
        MicroBatcher<int> batches = Batches();
        _encoder.Running = static _ => throw new InvalidOperationException("broken");
        await Assert.ThrowsAsync<InvalidOperationException>(() => batches.EncodeAsync([2, 4], null, default));
        _encoder.Running = null;
        Equal(await batches.EncodeAsync([2], null, default), 4f);
    }

    [Fact]
    public async Task WithoutPlacesToWaitAFreeThreadStillTakesACall()
    {
        MicroBatcher<int> batches = Batches(new BatchQueueLimits(0, 0));
        for (int i = 0; i < 50; i++) // each comes at the moment that the thread is done with the one before
            await batches.EncodeAsync([2 * i], null, default);
        Hold();
        Task<byte[]> first = batches.EncodeAsync([2], null, default);
        await _begun.WaitAsync(TestContext.Current.CancellationToken);

        AnnException full = await Assert.ThrowsAsync<AnnException>(() => batches.EncodeAsync([4], null, default));
        Assert.Equal(AnnError.Overloaded, full.Error);
        Task<byte[]> same = batches.EncodeAsync([2], null, default); // in the run already, so that it waits for no place
        _held.Release(1);
        Assert.Equal(await first, await same);
    }

    [Fact]
    public async Task ACallEndsAtItsDeadlineAndWhenItsCallerLeaves()
    {
        ManualTimers time = new();
        MicroBatcher<int> batches = Batches(new BatchQueueLimits(10, 0), time);
        using CancellationTokenSource leaving = new();
        Hold();
        Task<byte[]> runs = batches.EncodeAsync([2], TimeSpan.FromSeconds(1), default);
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        Task<byte[]> leaves = batches.EncodeAsync([4], null, leaving.Token);
        Task<byte[]> late = batches.EncodeAsync([6], TimeSpan.FromSeconds(2), default);

        await leaving.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => leaves);
        time.FireAll();
        await Assert.ThrowsAsync<TimeoutException>(() => runs);
        await Assert.ThrowsAsync<TimeoutException>(() => late);
        await Assert.ThrowsAsync<TimeoutException>(() => batches.EncodeAsync([8], TimeSpan.Zero, default));
        Assert.Equal(0, batches.Waiting);
        _held.Release(10);
        await batches.EncodeAsync([10], null, default);
        Assert.Equal([2, 10], _encoder.Runs.SelectMany(static run => run)); // nothing was run that nobody waited for
    }

    [Fact]
    public async Task ClosingEndsWhatWaits()
    {
        MicroBatcher<int> batches = Batches();
        Hold();
        Task<byte[]> runs = batches.EncodeAsync([2], null, default);
        await _begun.WaitAsync(TestContext.Current.CancellationToken);
        Task<byte[]> waits = batches.EncodeAsync([4], null, default);

        batches.Close();

        Assert.Equal(AnnError.Unavailable, (await Assert.ThrowsAsync<AnnException>(() => waits)).Error);
        Assert.Equal(AnnError.Unavailable, (await Assert.ThrowsAsync<AnnException>(() => batches.EncodeAsync([4], null, default))).Error);
        _held.Release(1);
        Equal(await runs, 4f);
    }

    [Fact]
    public async Task EncodersShareTheirThreadsInTurn()
    {
        NumberEncoder other = new();
        MicroBatcher<int> second = new(other, new BatchQueueLimits(10, 0), _threads, new ManualTimers());
        MicroBatcher<int> first = Batches();
        Equal(await first.EncodeAsync([2], null, default), 4f);
        Equal(await second.EncodeAsync([3], null, default), 9f);
        Assert.Equal([[3]], other.Runs);
    }

    /// <summary>Rows from shared runs are those that the encoder makes alone.</summary>
    [Fact]
    public async Task TextsOfManyCallersBecomeTheirRows()
    {
        using TemporaryFolder folder = TextEncoderTests.Described("""{ "query_prefix": "red ", "document_prefix": "blue " }""");
        using TextEncoder encoder = TextEncoder.Open(folder.Path);
        using EncoderThreads threads = new(2);
        MicroBatcher<RoleText> batches = new(new TextBatches(encoder), new BatchQueueLimits(1000, 0), threads, TimeProvider.System);
        RoleText[] texts =
        [
            .. Enumerable.Range(0, 40).Select(static i => new RoleText(
                string.Join(' ', Enumerable.Repeat(i % 3 == 0 ? "shoe" : "red blue", 1 + i % 5)), (TextRole)(i % 2))),
        ];

        byte[][] rows = await Task.WhenAll(texts.Select(text => batches.EncodeAsync([text], null, default)));

        float[] alone = new float[encoder.Info.Dimension];
        for (int i = 0; i < texts.Length; i++)
        {
            encoder.Encode([texts[i].Text], texts[i].Role, alone);
            Assert.Equal(alone, Floats(rows[i]));
        }
    }

    private void Hold() => _encoder.Running = _ =>
    {
        _begun.Release();
        _held.Wait();
    };

    private MicroBatcher<int> Batches(BatchQueueLimits? limits = null, TimeProvider? time = null) =>
        new(_encoder, limits ?? new BatchQueueLimits(100, 0), _threads, time ?? new ManualTimers());

    private static void Equal(byte[] rows, params float[] expected) => Assert.Equal(expected, Floats(rows));

    private static float[] Floats(byte[] rows) => MemoryMarshal.Cast<byte, float>(rows).ToArray();

    /// <summary>A clock that stands, whose timers go off when a test says so: no run takes time, whatever the machine does.</summary>
    private sealed class ManualTimers : TimeProvider
    {
        private readonly List<(TimerCallback Callback, object? State)> _timers = [];

        public override long GetTimestamp() => 0;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Add((callback, state));
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period);
        }

        public void FireAll()
        {
            foreach ((TimerCallback callback, object? state) in _timers)
                callback(state);
        }
    }
}
