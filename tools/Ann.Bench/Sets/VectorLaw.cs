using Ann.Core;

namespace Ann.Bench.Sets;

/// <summary>How the rows of a synthetic set are drawn. Row i of a stream follows from the seed and i alone.</summary>
internal abstract class VectorLaw(ulong seed, int dimension)
{
    /// <summary>Stream of the base rows.</summary>
    public const int BaseStream = 0;

    /// <summary>Stream of the queries: the same law, other draws.</summary>
    public const int QueryStream = 1;

    private protected const int LawStream = 2;

    /// <summary>Names on the command line.</summary>
    public static string[] Names { get; } = ["clustered", "skewed", "uniform"];

    /// <summary>Components of a row.</summary>
    public int Dimension => dimension;

    /// <summary>The metric that the set is meant for.</summary>
    public abstract Metric Metric { get; }

    private protected ulong Seed => seed;

    /// <summary>The law of a name.</summary>
    public static VectorLaw Create(string name, ulong seed, int dimension) => name switch
    {
        "clustered" => new ClusteredLaw(seed, dimension),
        "skewed" => new SkewedLaw(seed, dimension),
        "uniform" => new UniformLaw(seed, dimension),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such law"),
    };

    /// <summary>Draws one row.</summary>
    public abstract void Draw(int stream, long row, Span<float> values);
}

/// <summary>Independent components, uniform in [0, 1): the hardest set of its dimension, since it has no structure at all.</summary>
internal sealed class UniformLaw(ulong seed, int dimension) : VectorLaw(seed, dimension)
{
    /// <inheritdoc/>
    public override Metric Metric => Metric.L2;

    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = new(Seed, stream, row);
        foreach (ref float value in values)
            value = (random.NextBits() >> 40) * (1.0f / (1 << 24));
    }
}

/// <summary>
/// Directions without structure, norms log-normal with σ = 1: what two-tower models do with popularity, and what breaks a plain
/// inner-product graph.
/// </summary>
internal sealed class SkewedLaw(ulong seed, int dimension) : VectorLaw(seed, dimension)
{
    /// <inheritdoc/>
    public override Metric Metric => Metric.InnerProduct;

    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = new(Seed, stream, row);
        double squares = 0;
        foreach (ref float value in values)
        {
            value = random.NextNormal();
            squares += (double)value * value;
        }
        double scale = Exponential(random.NextNormal()) / Math.Sqrt(squares); // Sqrt is exact by IEEE; Math.Exp is not.
        foreach (ref float value in values)
            value = (float)(value * scale);
    }

    /// <summary>eˣ for |x| ≤ 6, to about 10⁻¹³: Taylor's series at x/16, squared four times.</summary>
    internal static double Exponential(double x)
    {
        double small = x / 16, term = 1, sum = 1;
        for (int i = 1; i <= 16; i++)
        {
            term = term * small / i;
            sum += term;
        }
        for (int i = 0; i < 4; i++)
            sum *= sum;
        return sum;
    }
}
