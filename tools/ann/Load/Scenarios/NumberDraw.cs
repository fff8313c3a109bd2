namespace Ann.Tool.Load.Scenarios;

/// <summary>Numbers drawn for one request: the same for the same seed, stream and request, in whatever order requests are made.</summary>
/// <param name="seed">Of the scenario and the stream.</param>
/// <param name="request">Its number.</param>
internal struct NumberDraw(int seed, long request)
{
    private ulong _state = Mix((ulong)request + ((ulong)(uint)seed << 40) + 1);

    /// <summary>A number of 0 to <paramref name="count"/> − 1, each as likely.</summary>
    public int Below(int count) => (int)(Next() % (ulong)count); // 2^64 is so much larger that no number is favoured

    /// <summary>A number of 0 to below 1.</summary>
    public double Share() => (Next() >> 11) * (1.0 / (1L << 53));

    private ulong Next() => Mix(_state += 0x9E3779B97F4A7C15);

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
