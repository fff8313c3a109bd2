namespace Ann.Server.Recall;

/// <summary>
/// Chooses a share of what comes, spread by a hash of its count, so that no rhythm of the traffic meets one of the choice. Safe for any
/// number of threads.
/// </summary>
/// <param name="leastShare">Share of what is well known, 0 to 1; 0 chooses nothing at all.</param>
internal sealed class SampleChoice(double leastShare)
{
    /// <summary>Samples of a kind below which all are chosen.</summary>
    public const double Few = 200;

    /// <summary>Samples from which on only the least share is.</summary>
    public const double Many = 1000;

    private long _seen;

    /// <summary>
    /// Share of the queries of which so much is known: 1 below <see cref="Few"/>, the least share from <see cref="Many"/> on, and between
    /// them by the same factor for each sample more.
    /// </summary>
    /// <param name="weight">Of the samples near such a query.</param>
    public double ShareAt(double weight) =>
        leastShare == 0 ? 0 : Math.Pow(leastShare, Math.Clamp((weight - Few) / (Many - 1 - Few), 0, 1));

    /// <summary>True when the next one is chosen.</summary>
    /// <param name="weight">As for <see cref="ShareAt"/>.</param>
    public bool Next(double weight)
    {
        double share = ShareAt(weight);
        return share > 0 && Mix((ulong)Interlocked.Increment(ref _seen)) <= (share >= 1 ? ulong.MaxValue : (ulong)(share * ulong.MaxValue));
    }

    private static ulong Mix(ulong count)
    {
        ulong x = count * 0x9E37_79B9_7F4A_7C15; // SplitMix64
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
        return x ^ (x >> 31);
    }
}
