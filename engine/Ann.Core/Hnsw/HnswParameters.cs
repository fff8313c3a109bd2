using System.Diagnostics;

namespace Ann.Core.Hnsw;

/// <summary>Shape of a graph (Malkov &amp; Yashunin 2018, §4).</summary>
/// <param name="M">Neighbours kept per node on levels ≥ 1, <see cref="MinM"/> to <see cref="MaxM"/>.</param>
/// <param name="EfConstruction">Beam width while inserting, M to <see cref="MaxEfConstruction"/>.</param>
/// <param name="Seed">Seed of level sampling and insertion order.</param>
internal readonly record struct HnswParameters(int M, int EfConstruction, ulong Seed)
{
    /// <summary>With fewer than two edges the level law 1/ln M has no value, and the graph is a rope.</summary>
    public const int MinM = 2;

    /// <summary>More edges than this only cost: hop cost grows, recall does not.</summary>
    public const int MaxM = 128;

    /// <summary>Largest <see cref="EfConstruction"/>.</summary>
    public const int MaxEfConstruction = 4096;

    /// <summary>Levels above this are not sampled: M = 2 reaches it once in 2³¹ nodes.</summary>
    public const int MaxLevel = 31;

    /// <summary>Neighbours kept per node on level 0.</summary>
    public int M0 => 2 * M;

    /// <summary>Refuses values out of range.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the option, the range and the value.</exception>
    public void Validate()
    {
        if (M is < MinM or > MaxM)
            throw AnnException.Invalid("m", $"M is {M}; it must be {MinM} to {MaxM}.");
        if (EfConstruction < M || EfConstruction > MaxEfConstruction)
            throw AnnException.Invalid(
                "ef_construction", $"efConstruction is {EfConstruction}; it must be M ({M}) to {MaxEfConstruction}.");
    }

    /// <summary>
    /// Level of a node: ⌊−ln u / ln M⌋ with u in (0, 1] drawn from the seed and the node alone, so that it depends on neither the order
    /// nor the threads of a build.
    /// </summary>
    public int LevelOf(int node)
    {
        double u = ((Mix(Seed ^ 0x5851F42D4C957F2D, node) >> 11) + 1) * (1.0 / (1L << 53));
        int level = (int)(-Math.Log(u) / Math.Log(M));
        Debug.Assert(level >= 0);
        return Math.Min(level, MaxLevel);
    }

    /// <summary>Place of a node in the insertion order: a draw from the seed and the node alone.</summary>
    public ulong OrderOf(int node) => Mix(Seed, node);

    /// <summary>SplitMix64 (Steele, Lea &amp; Flood 2014) of a seed and a counter.</summary>
    private static ulong Mix(ulong seed, int counter)
    {
        ulong z = seed + ((ulong)counter + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
