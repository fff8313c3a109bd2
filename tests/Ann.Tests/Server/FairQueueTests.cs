using Ann.Core;
using Ann.Server.Admission;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: callers take turns, by the time that their calls take, and none keeps another out of the queue. Method: one place, held by the
/// test and handed on one call at a time, so that nothing depends on how long anything takes; and a run of many threads that counts.
/// </summary>
public sealed class FairQueueTests
{
    private readonly Caller _flood = new("key:flood");
    private readonly Caller _steady = new("key:steady");
    private readonly Caller _third = new("key:third");

    [Fact]
    public async Task OneCallerGoesInOrderOfArrival()
    {
        AdmissionQueue queue = new("search", running: 1, waiting: 100);
        QueuePlace place = await queue.EnterAsync(default, _flood);
        List<int> order = [];
        Task[] calls = [.. Enumerable.Range(0, 50).Select(number => PassAsync(queue, _flood, () => order.Add(number)))];

        place.Dispose();
        await Task.WhenAll(calls);

        Assert.Equal(Enumerable.Range(0, 50), order);
    }

    [Fact]
    public async Task CallersTakeTurns()
    {
        AdmissionQueue queue = new("search", running: 1, waiting: 100);
        QueuePlace place = await queue.EnterAsync(default, _flood);
        List<string> order = [];
        List<Task> calls = [];
        foreach ((Caller caller, int count) in new[] { (_flood, 40), (_steady, 3), (_third, 3) })
            calls.AddRange(Enumerable.Range(0, count).Select(_ => PassAsync(queue, caller, () => order.Add(caller.Name))));

        place.Dispose();
        await Task.WhenAll(calls);

        Assert.Equal(3, order.Take(9).Count(name => name == _steady.Name));
        Assert.Equal(3, order.Take(9).Count(name => name == _third.Name));
    }

    /// <summary>The searches of one take ten times as long, so it gets a turn where the other gets ten.</summary>
    [Fact]
    public async Task TurnsAreOfTimeAndNotOfCalls()
    {
        AdmissionQueue queue = new("search", running: 1, waiting: 200);
        _flood.Held(TimeSpan.FromMilliseconds(10));
        _steady.Held(TimeSpan.FromMilliseconds(1));
        QueuePlace place = await queue.EnterAsync(default, _flood);
        List<string> order = [];
        List<Task> calls = [.. Enumerable.Range(0, 50).Select(_ => PassAsync(queue, _flood, () => order.Add(_flood.Name)))];
        calls.AddRange(Enumerable.Range(0, 50).Select(_ => PassAsync(queue, _steady, () => order.Add(_steady.Name))));

        place.Dispose();
        await Task.WhenAll(calls);

        Assert.InRange(order.Take(44).Count(name => name == _steady.Name), 38, 41);
    }

    [Fact]
    public async Task ACallerThatComesNowAndThenWaitsForNoBacklog()
    {
        AdmissionQueue queue = new("search", running: 1, waiting: 1000);
        QueuePlace place = await queue.EnterAsync(default, _flood);
        int passed = 0;
        List<Task> flood = [.. Enumerable.Range(0, 500).Select(_ => PassAsync(queue, _flood, () => passed++))];
        List<int> waits = [];
        async Task AskAsync()
        {
            for (int i = 0; i < 20; i++)
            {
                int before = passed;
                (await queue.EnterAsync(default, _steady)).Dispose();
                waits.Add(passed - before);
            }
        }
        Task asking = AskAsync();

        place.Dispose();
        await asking;
        await Task.WhenAll(flood);

        Assert.Equal(20, waits.Count);
        Assert.True(waits.Count(static wait => wait <= 50) >= 15, $"turns of the flood before each call: {string.Join(", ", waits)}");
    }

    [Fact]
    public async Task AFullQueueMakesRoomForWhoHasLess()
    {
        AdmissionQueue queue = new("search", running: 1, waiting: 10);
        QueuePlace place = await queue.EnterAsync(default, _flood);
        Task<QueuePlace>[] flood = [.. Enumerable.Range(0, 10).Select(_ => queue.EnterAsync(default, _flood).AsTask())];
        await Assert.ThrowsAsync<AnnException>(async () => await queue.EnterAsync(default, _flood));

        Task<QueuePlace>[] steady = [.. Enumerable.Range(0, 5).Select(_ => queue.EnterAsync(default, _steady).AsTask())];
        AnnException refused = await Assert.ThrowsAsync<AnnException>(async () => await queue.EnterAsync(default, _steady));

        Assert.Equal(AnnError.Overloaded, refused.Error);
        Assert.Equal(10, queue.Waiting);
        // Those that came last made room, and were told so.
        for (int i = 0; i < 10; i++)
        {
            if (i >= 5)
                Assert.Equal(AnnError.Overloaded, (await Assert.ThrowsAsync<AnnException>(() => flood[i])).Error);
            else
                Assert.False(flood[i].IsCompleted);
        }
        place.Dispose();
        foreach (Task<QueuePlace> call in flood[..5].Concat(steady).OrderBy(static call => call.IsCompleted ? 0 : 1))
            _ = call.ContinueWith(static entered => entered.Result.Dispose(), TaskScheduler.Default);
        await Task.WhenAll(flood[..5].Concat(steady));
        Assert.Equal(0, queue.Waiting);
    }

    [Fact]
    public void OneCallerMayFillTheQueueAloneAndStandsAsIfThereWereNoOthers()
    {
        AdmissionQueue queue = new("search", running: 1, waiting: 8);
        Assert.True(queue.TryEnter(out _));
        for (int i = 0; i < 8; i++)
            _ = queue.EnterAsync(default, _flood).AsTask();

        Assert.Equal(new Standing(8, 8, 8, IsRefused: true), queue.StandingOf(_flood));
        Assert.Equal(new Standing(0, 1, 4, IsRefused: false), queue.StandingOf(_steady));
    }

    /// <summary>Every place is given back and every call ends, whatever is cancelled meanwhile.</summary>
    [Fact]
    public async Task NoPlaceIsLostAmongManyThreads()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        AdmissionQueue queue = new("search", running: 3, waiting: 12);
        int inside = 0;
        int most = 0;
        int entered = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(async () =>
        {
            Random random = new(seed + number);
            Caller caller = number % 3 == 0 ? _flood : number % 3 == 1 ? _steady : _third;
            for (int i = 0; i < 2000; i++)
            {
                using CancellationTokenSource patience = new();
                ValueTask<QueuePlace> entering = default;
                try
                {
                    entering = queue.EnterAsync(patience.Token, caller);
                    if (!entering.IsCompleted && random.Next(4) == 0)
                        await patience.CancelAsync();
                    using QueuePlace place = await entering;
                    InterlockedMost(ref most, Interlocked.Increment(ref inside));
                    Interlocked.Increment(ref entered);
                    if (random.Next(2) == 0)
                        await Task.Yield();
                    Interlocked.Decrement(ref inside);
                }
                catch (Exception e) when (e is AnnException or OperationCanceledException)
                {
                    // Refused, pushed out, or gone.
                }
            }
        }, TestContext.Current.CancellationToken)));

        Assert.Equal(0, queue.Waiting);
        Assert.InRange(most, 1, 3);
        Assert.True(entered > 1000);
        Assert.True(queue.TryEnter(out _) && queue.TryEnter(out _) && queue.TryEnter(out _));
        Assert.False(queue.TryEnter(out _));
    }

    [Fact]
    public void CallersAreForgottenAndNeverTooMany()
    {
        StoppedTime time = new();
        CallerBook book = new(static _ => null, "server:itself", time);
        for (int i = 0; i < CallerBook.MostCallers + 10; i++)
            book.Of($"token:{i}");
        Assert.Equal(CallerBook.MostCallers, book.Count);
        Assert.Equal("others", book.Of("token:new").Name);

        time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("token:new", book.Of("token:new").Name);
        Assert.Equal(1, book.Count);
    }

    [Fact]
    public void PressureOfOneCallerIsNotHeldAgainstAnother()
    {
        AdmissionQueue queue = new("search", running: 1, waiting: 8);
        SearchAdmission admission = new(queue, running: 1, brownOut: true);
        Assert.True(queue.TryEnter(out _));
        for (int i = 0; i < 8; i++)
            _ = queue.EnterAsync(default, _flood).AsTask();

        Assert.Equal(4, _flood.Observe(queue.StandingOf(_flood).Waiting, queue.StandingOf(_flood).Share, TimeSpan.Zero, isLate: false));
        Assert.Equal(0, _steady.Observe(queue.StandingOf(_steady).Waiting, queue.StandingOf(_steady).Share, TimeSpan.Zero, isLate: false));
        Assert.True(admission.IsBusy);
    }

    private static async Task PassAsync(AdmissionQueue queue, Caller caller, Action inside)
    {
        using QueuePlace place = await queue.EnterAsync(default, caller);
        inside(); // one place: nobody else is here
    }

    private static void InterlockedMost(ref int most, int now)
    {
        int seen = Volatile.Read(ref most);
        while (now > seen)
            seen = Interlocked.CompareExchange(ref most, now, seen) is int before && before == seen ? now : before;
    }
}
