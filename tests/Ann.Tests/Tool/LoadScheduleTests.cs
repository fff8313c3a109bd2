using Ann.Tool.Load;

namespace Ann.Tests.Tool;

/// <summary>Goal: the intended times of an open loop are those of the rate, and the same for the same seed.</summary>
public sealed class LoadScheduleTests
{
    private const long Frequency = 1_000_000_000;

    [Fact]
    public void ConstantArrivalsKeepTheirRateForHours()
    {
        ArrivalSchedule schedule = new(3000, Arrivals.Constant, seed: 1, Frequency);
        long last = 0;
        for (int i = 0; i <= 3 * 3000; i++)
            last = schedule.Next();

        Assert.Equal(3 * Frequency, last, tolerance: 1.0);
    }

    [Fact]
    public void PoissonGapsHaveTheMeanAndTheSpreadOfTheirRate()
    {
        const int Count = 200_000;
        const double Rate = 500;
        ArrivalSchedule schedule = new(Rate, Arrivals.Poisson, seed: 7, Frequency);
        double sum = 0;
        double squares = 0;
        long previous = 0;
        for (int i = 0; i < Count; i++)
        {
            long now = schedule.Next();
            Assert.True(now >= previous);
            double gap = (double)(now - previous) / Frequency;
            sum += gap;
            squares += gap * gap;
            previous = now;
        }
        double mean = sum / Count;
        double deviation = Math.Sqrt(squares / Count - mean * mean);

        Assert.Equal(1 / Rate, mean, tolerance: 0.01 / Rate);
        Assert.Equal(1 / Rate, deviation, tolerance: 0.02 / Rate); // Exponential: the deviation is the mean.
    }

    [Fact]
    public void ASeedGivesOneSchedule()
    {
        Assert.Equal(Times(seed: 3), Times(seed: 3));
        Assert.NotEqual(Times(seed: 3), Times(seed: 4));
    }

    private static long[] Times(int seed)
    {
        ArrivalSchedule schedule = new(100, Arrivals.Poisson, seed, Frequency);
        return [.. Enumerable.Range(0, 50).Select(_ => schedule.Next())];
    }
}
