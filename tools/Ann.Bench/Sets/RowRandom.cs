namespace Ann.Bench.Sets;

/// <summary>
/// Random numbers that follow from (seed, stream, row) alone, so rows can be made in any order on any number of threads. Only integer
/// arithmetic and IEEE additions and multiplications: the same bits on every machine, which the mathematical library does not promise.
/// </summary>
internal struct RowRandom
{
    private ulong _state;

    /// <param name="seed">Of the whole set.</param>
    /// <param name="stream">Kind of row: base, query, cluster centre.</param>
    /// <param name="row">Which one.</param>
    public RowRandom(ulong seed, int stream, long row) =>
        _state = Mix(Mix(seed + (0x9E3779B97F4A7C15UL * (ulong)(stream + 1))) ^ (0xD1342543DE82EF95UL * (ulong)(row + 1)));

    /// <summary>64 uniform bits (SplitMix64).</summary>
    public ulong NextBits() => Mix(_state += 0x9E3779B97F4A7C15UL);

    /// <summary>Uniform in [0, 1).</summary>
    public double NextUniform() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Close to normal, mean 0 and variance 1: the sum of twelve uniform numbers of 16 bits. Never beyond ±6.</summary>
    public float NextNormal()
    {
        uint sum = 0;
        for (int i = 0; i < 3; i++)
        {
            ulong bits = NextBits();
            sum += (uint)(bits & 0xFFFF) + (uint)((bits >> 16) & 0xFFFF) + (uint)((bits >> 32) & 0xFFFF) + (uint)(bits >> 48);
        }
        return (sum * (1.0f / 65536)) - (6 - (6.0f / 65536));
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
