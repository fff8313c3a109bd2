using Ann.Core;

namespace Ann.Bench.Sets.Hard;

/// <summary>A law of the hard family: a small set with one property that catalogues have and that breaks engines.</summary>
internal abstract class HardLaw(ulong seed, int dimension, Metric metric) : VectorLaw(seed, dimension)
{
    /// <summary>Stream of the order in which the rows of a set with kinds of rows lie.</summary>
    private const int PlaceStream = 3;

    /// <inheritdoc/>
    public override Metric Metric => metric;

    /// <summary>Random numbers of one row, which no other row has.</summary>
    protected RowRandom Random(int stream, long row) => new(Seed, stream, row);

    /// <summary>Independent normal components.</summary>
    protected static void Normal(ref RowRandom random, Span<float> values, float scale = 1)
    {
        foreach (ref float value in values)
            value = random.NextNormal() * scale;
    }

    /// <summary>
    /// One normal number in finer steps than <see cref="RowRandom.NextNormal"/> has, 2⁻¹⁶: where it alone tells rows apart, they differ.
    /// </summary>
    protected static double FineNormal(ref RowRandom random) => random.NextNormal() + (random.NextUniform() / (1 << 16));

    /// <summary>Adds independent normal noise.</summary>
    protected static void AddNoise(ref RowRandom random, Span<float> values, float scale)
    {
        foreach (ref float value in values)
            value += random.NextNormal() * scale; // Two roundings: a fused one would give other bits where there is none.
    }

    /// <summary>A direction without structure, of a norm.</summary>
    protected static void Direction(ref RowRandom random, Span<float> values, double norm)
    {
        double squares = 0;
        foreach (ref float value in values)
        {
            value = random.NextNormal();
            squares += (double)value * value;
        }
        double scale = norm / Math.Sqrt(squares);
        foreach (ref float value in values)
            value = (float)(value * scale);
    }

    /// <summary>Uniform in (0, 1], in steps of 2⁻²⁴: its inverse is at most 16,777,216.</summary>
    protected static double NextShare(ref RowRandom random) => ((random.NextBits() >> 40) + 1) * (1.0 / (1 << 24));

    /// <summary>One number below a bound.</summary>
    protected static int NextBelow(ref RowRandom random, int bound) => (int)(random.NextUniform() * bound);

    /// <summary>The numbers below a bound in an order of the seed's.</summary>
    protected int[] Shuffled(int count)
    {
        int[] places = [.. Enumerable.Range(0, count)];
        RowRandom random = Random(PlaceStream, 0);
        for (int i = count - 1; i > 0; i--)
        {
            int other = NextBelow(ref random, i + 1);
            (places[i], places[other]) = (places[other], places[i]);
        }
        return places;
    }
}
