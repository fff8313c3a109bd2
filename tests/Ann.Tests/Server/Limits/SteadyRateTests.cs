using Ann.Server.Limits;

namespace Ann.Tests.Server.Limits;

/// <summary>Goal: a rate is what it says, and told waits are true. Method: a plain model, and a clock that stands.</summary>
public sealed class SteadyRateTests
{
    private readonly StoppedTime _time = new();

    [Fact]
    public void ASecondsWorthComesAtOnceAndThenTheRate()
    {
        SteadyRate rate = new(10, _time);
        for (int i = 0; i < 10; i++)
            Assert.True(rate.TryTake(1, out _));
        Assert.False(rate.TryTake(1, out TimeSpan wait));
        Assert.Equal(TimeSpan.FromMilliseconds(100), wait);
        Assert.Equal(wait, rate.Wait());

        _time.Advance(wait - TimeSpan.FromTicks(1));
        Assert.False(rate.TryTake(1, out TimeSpan rest));
        Assert.Equal(TimeSpan.FromTicks(1), rest);
        _time.Advance(rest);
        Assert.True(rate.TryTake(1, out _));
        Assert.False(rate.TryTake(1, out _));
    }

    [Fact]
    public void WhatIsLargerThanASecondsWorthPassesOnceAndIsPaidFor()
    {
        SteadyRate rate = new(1000, _time);
        Assert.True(rate.TryTake(5000, out _));
        Assert.False(rate.TryTake(1, out TimeSpan wait));
        Assert.Equal(4.001, wait.TotalSeconds, 6);
        Assert.False(rate.TryTake(5000, out wait));
        Assert.Equal(5.0, wait.TotalSeconds, 6);
        _time.Advance(wait);
        Assert.True(rate.TryTake(5000, out _));
    }

    [Fact]
    public void WhatIsGivenBackCanBeTakenAgainAndWhatIsOwedIsWaitedFor()
    {
        SteadyRate rate = new(2, _time);
        Assert.True(rate.TryTake(2, out _));
        rate.Give(1);
        Assert.True(rate.TryTake(1, out _));
        Assert.Equal(TimeSpan.FromSeconds(2), rate.Owe(4));
        Assert.Equal(TimeSpan.FromSeconds(2.5), rate.Wait());
    }

    [Fact]
    public void ASlowRateLetsOneInAtOnce()
    {
        SteadyRate rate = new(0.1, _time);
        Assert.True(rate.TryTake(1, out _));
        Assert.False(rate.TryTake(1, out TimeSpan wait));
        Assert.Equal(TimeSpan.FromSeconds(10), wait);
    }

    /// <summary>Over any time no more passes than the rate and one second's worth; and whoever waits as he was told passes.</summary>
    [Fact]
    public void RandomCallersGetTheRate()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        SteadyRate rate = new(100, _time);
        double level = 100;
        for (int i = 0; i < 20_000; i++)
        {
            TimeSpan passed = TimeSpan.FromTicks(random.NextInt64(2 * TimeSpan.TicksPerSecond / 100));
            _time.Advance(passed);
            level = Math.Min(100, level + passed.TotalSeconds * 100);
            int amount = random.Next(1, 4);
            bool expected = level >= amount;
            bool isBorder = Math.Abs(level - amount) < 0.001;
            bool taken = rate.TryTake(amount, out TimeSpan wait);
            Assert.True(taken == expected || isBorder, $"seed {seed}, step {i}: level {level}, amount {amount}, taken {taken}");
            if (taken)
                level -= amount;
            else
                Assert.InRange(wait.TotalSeconds, 0, (amount - level) / 100 + 0.0001);
        }
    }

    [Fact]
    public void ManyThreadsTakeNoMoreThanThereIs()
    {
        SteadyRate rate = new(1000, _time);
        int taken = 0;
        Parallel.For(0, 8, _ =>
        {
            for (int i = 0; i < 1000; i++)
                if (rate.TryTake(1, out TimeSpan _))
                    Interlocked.Increment(ref taken);
        });
        Assert.Equal(1000, taken);
    }
}
