using Ann.Server.Admission;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: memory goes back after a burst, and nothing is collected for its sake otherwise. Method: seconds that are counted by hand.
/// </summary>
public sealed class HeapReturnTests : IDisposable
{
    private readonly ByteBudget _messages = new(64 << 20);
    private readonly ByteBudget _replies = new(64 << 20);
    private readonly HeapReturn _return;
    private int _collections;

    public HeapReturnTests() => _return = new HeapReturn(_messages, _replies, new ManualTimer(), () => _collections++);

    public void Dispose() => _return.Dispose();

    [Fact]
    public void NothingIsCollectedWhereNothingMuchWasHeld()
    {
        Burst(_replies, (int)HeapReturn.Much - 1);
        Pass(200);
        Assert.Equal(0, _collections);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ABurstBetweenTwoLooksIsSeenAndCollectedTwice(bool isMessage)
    {
        Burst(isMessage ? _messages : _replies, (int)HeapReturn.Much);
        Pass(HeapReturn.First); // the first look sees the burst
        Assert.Equal(0, _collections);
        Pass(1);
        Assert.Equal(1, _collections);
        Pass(HeapReturn.Second - HeapReturn.First);
        Assert.Equal(2, _collections);
        Pass(1000);
        Assert.Equal(2, _collections);
    }

    [Fact]
    public void WhatIsHeldPutsItOff()
    {
        Assert.True(_messages.TryTake(HeapReturn.Much));
        Pass(100);
        Assert.Equal(0, _collections);
        _messages.Release(HeapReturn.Much);
        Pass(HeapReturn.First);
        Assert.Equal(1, _collections);
    }

    private static void Burst(ByteBudget budget, int bytes)
    {
        Assert.True(budget.TryTake(bytes));
        budget.Release(bytes);
    }

    private void Pass(int seconds)
    {
        for (int second = 0; second < seconds; second++)
            _return.Look();
    }

    /// <summary>Timers that never ring.</summary>
    private sealed class ManualTimer : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
