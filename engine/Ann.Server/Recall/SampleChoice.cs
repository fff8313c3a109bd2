namespace Ann.Server.Recall;

/// <summary>
/// Chooses a fixed share of what comes, spread by a hash of its count, so that no rhythm of the traffic meets one of the choice. Safe for
/// any number of threads.
/// </summary>
/// <param name="share">0 to 1.</param>
internal sealed class SampleChoice(double share)
{
    private readonly ulong _threshold = share >= 1 ? ulong.MaxValue : (ulong)(share * ulong.MaxValue);
    private long _seen;

    /// <summary>True when the next one is chosen.</summary>
    public bool Next() => _threshold != 0 && Mix((ulong)Interlocked.Increment(ref _seen)) <= _threshold;

    private static ulong Mix(ulong count)
    {
        ulong x = count * 0x9E37_79B9_7F4A_7C15; // SplitMix64
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
        return x ^ (x >> 31);
    }
}
