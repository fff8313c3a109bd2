using Ann.Server.Admission;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: threads stand ready beside searches whenever there is load, and go when there is none. Method: a pool that notes what is asked of
/// it, and seconds that are counted by hand.
/// </summary>
public sealed class ThreadReserveTests : IDisposable
{
    private const int Few = 2;
    private const int Many = 6;

    private readonly NotedThreads _pool = new();
    private readonly ThreadReserve _reserve;

    public ThreadReserveTests()
    {
        _reserve = new ThreadReserve(new ThreadCounts(Few, Many), _pool, TimeProvider.System);
        _reserve.Begin();
    }

    public void Dispose() => _reserve.Dispose();

    [Fact]
    public void TheReserveGoesAfterCalmSecondsAndNotBefore()
    {
        Pass(ThreadReserve.CalmSeconds - 1);
        Assert.Equal(Many, _pool.Ready);
        Pass(1);
        Assert.Equal(Few, _pool.Ready);
    }

    [Fact]
    public void LoadBringsItBackAndBeginsTheCalmAnew()
    {
        Pass(100);
        _reserve.Raise();
        Assert.Equal(Many, _pool.Ready);
        Pass(ThreadReserve.CalmSeconds - 1);
        _reserve.Raise();
        Pass(ThreadReserve.CalmSeconds - 1);
        Assert.Equal(Many, _pool.Ready);
        Assert.Equal([Many, Few, Many], _pool.Asked);
    }

    [Fact]
    public void ItStaysForAsLongAsACallMayHoldItsThread()
    {
        Pass(100);
        _reserve.Hold();
        _reserve.Hold();
        Assert.Equal(Many, _pool.Ready);
        _reserve.Release();
        Pass(100);
        Assert.Equal(Many, _pool.Ready);
        _reserve.Release();
        Pass(ThreadReserve.CalmSeconds);
        Assert.Equal(Few, _pool.Ready);
    }

    /// <summary>One search in a hundred takes long where the system takes its core away; that is no load of ours.</summary>
    [Theory]
    [InlineData(100, Few)]
    [InlineData(2, Many)]
    public void LongSearchesAreLoadWhereTheyAreMoreThanAFew(int oneIn, int ready)
    {
        Pass(100);
        for (int search = 1; search <= 1000; search++)
            _reserve.Searched(search % oneIn == 0 ? ThreadReserve.Long : TimeSpan.FromMicroseconds(50));
        Assert.Equal(ready, _pool.Ready);
    }

    [Theory]
    [InlineData(ThreadReserve.CrowdPerThread * Few - 1, Few)]
    [InlineData(ThreadReserve.CrowdPerThread * Few, Many)]
    public void ACrowdThatWaitsForAThreadIsLoad(int waiting, int ready)
    {
        Pass(100);
        _pool.Waiting = waiting;
        for (int search = 0; search < 100; search++)
            _reserve.Searched(TimeSpan.FromMicroseconds(50));
        Assert.Equal(ready, _pool.Ready);
    }

    private void Pass(int seconds)
    {
        for (int second = 0; second < seconds; second++)
            _reserve.Look();
    }

    private sealed class NotedThreads : IReadyThreads
    {
        public List<int> Asked { get; } = [];

        public int Ready => Asked[^1];

        public long Waiting { get; set; }

        public void SetReady(int threads) => Asked.Add(threads);
    }
}
