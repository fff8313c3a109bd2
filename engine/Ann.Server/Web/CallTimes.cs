namespace Ann.Server.Web;

/// <summary>
/// How many calls took how long, since it was last asked. Written by any thread without a lock; read by one. Buckets are an eighth of a
/// power of two wide, so a percentile is known to 9 %.
/// </summary>
internal sealed class CallTimes
{
    private const int PerOctave = 8;

    /// <summary>Up to 2^30 µs, which is 18 minutes.</summary>
    private const int Octaves = 30;

    private readonly long[] _counts = new long[Octaves * PerOctave];

    /// <summary>Counts a call.</summary>
    public void Add(double seconds)
    {
        double microseconds = Math.Max(1, seconds * 1e6);
        int bucket = (int)(Math.Log2(microseconds) * PerOctave);
        Interlocked.Increment(ref _counts[Math.Clamp(bucket, 0, _counts.Length - 1)]);
    }

    /// <summary>What was counted since the last time, and forgets it.</summary>
    public CallTimesTaken Take()
    {
        long[] taken = new long[_counts.Length];
        long count = 0;
        for (int i = 0; i < taken.Length; i++)
            count += taken[i] = Interlocked.Exchange(ref _counts[i], 0);
        return new CallTimesTaken(count, Percentile(taken, count, 0.50), Percentile(taken, count, 0.99));
    }

    /// <summary>Milliseconds; null of no calls.</summary>
    private static double? Percentile(long[] counts, long count, double share)
    {
        if (count == 0)
            return null;
        long wanted = (long)Math.Ceiling(share * count);
        int bucket = 0;
        for (long seen = counts[0]; seen < wanted; seen += counts[bucket])
            bucket++;
        return Math.Round(Math.Pow(2, (bucket + 0.5) / PerOctave) / 1000, 4);
    }
}

/// <summary>What was counted.</summary>
/// <param name="Count">Calls.</param>
/// <param name="P50Ms">Their median, milliseconds; null of no calls.</param>
/// <param name="P99Ms">Their 99th percentile.</param>
internal readonly record struct CallTimesTaken(long Count, double? P50Ms, double? P99Ms);
