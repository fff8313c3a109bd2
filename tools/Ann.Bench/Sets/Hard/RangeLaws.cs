using Ann.Core;

namespace Ann.Bench.Sets.Hard;

/// <summary>Ordinary rows, of which the last is out of all proportion: one broken item of a feed. Queries are ordinary rows.</summary>
/// <param name="seed">Of the set.</param>
/// <param name="dimension">Components of a row.</param>
/// <param name="metric">Of the truth.</param>
/// <param name="last">Number of the outlier: the last of the base, so that a live index gets it last.</param>
/// <param name="value">Every component of the outlier; 0 multiplies an ordinary row instead.</param>
/// <param name="factor">What an ordinary row is multiplied by.</param>
internal sealed class OutlierLaw(ulong seed, int dimension, Metric metric, int last, float value, float factor)
    : HardLaw(seed, dimension, metric)
{
    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = Random(stream, row);
        if (value != 0)
        {
            foreach (ref float component in values)
                component = (random.NextBits() >> 40) * (1.0f / (1 << 24)) - 0.5f;
        }
        else
        {
            Normal(ref random, values);
        }
        if (stream != BaseStream || row != last)
            return;
        foreach (ref float component in values)
            component = value != 0 ? value : component * factor;
    }
}

/// <summary>The first component is 0 or 1,000, a flag beside learnt components.</summary>
internal sealed class FlagLaw(ulong seed, int dimension, Metric metric) : HardLaw(seed, dimension, metric)
{
    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = Random(stream, row);
        Normal(ref random, values);
        values[0] = NextBelow(ref random, 2) * 1000f;
    }
}

/// <summary>Half of the rows are shifted by one vector of 100 · N(0, 1): two models, or two languages, in one index.</summary>
/// <param name="seed">Of the set.</param>
/// <param name="dimension">Components of a row.</param>
/// <param name="metric">Of the truth.</param>
/// <param name="firstShifted">
/// Base rows from here on are the shifted ones, so that a live index knows nothing of them at first; 0 shifts every other row.
/// </param>
internal sealed class OffsetLaw(ulong seed, int dimension, Metric metric, int firstShifted) : HardLaw(seed, dimension, metric)
{
    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = Random(stream, row);
        RowRandom shift = Random(LawStream, 0);
        bool isShifted = stream == BaseStream && firstShifted > 0 ? row >= firstShifted : row % 2 == 1;
        Normal(ref shift, values, isShifted ? 100 : 0);
        AddNoise(ref random, values, 1);
    }
}

/// <summary>Directions without structure, norms log-normal: what two-tower models do with popularity.</summary>
/// <param name="seed">Of the set.</param>
/// <param name="dimension">Components of a row.</param>
/// <param name="metric">Of the truth.</param>
/// <param name="sigma">Standard deviation of the norm's logarithm, 1 to 16.</param>
internal sealed class LogNormalLaw(ulong seed, int dimension, Metric metric, int sigma) : HardLaw(seed, dimension, metric)
{
    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = Random(stream, row);
        double once = SkewedLaw.Exponential(random.NextNormal());
        double norm = 1;
        for (int i = 0; i < sigma; i++)
            norm *= once;
        Direction(ref random, values, norm);
    }
}

/// <summary>Pareto norms with shape 1: no mean.</summary>
internal sealed class ParetoNormLaw(ulong seed, int dimension, Metric metric) : HardLaw(seed, dimension, metric)
{
    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = Random(stream, row);
        double norm = 1 / NextShare(ref random);
        Direction(ref random, values, norm);
    }
}

/// <summary>Every component by itself has a random sign and a Pareto size with shape 2: no variance. Counts, prices, durations.</summary>
internal sealed class ParetoLaw(ulong seed, int dimension, Metric metric) : HardLaw(seed, dimension, metric)
{
    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = Random(stream, row);
        foreach (ref float value in values)
        {
            bool isNegative = (random.NextBits() & 1) == 1;
            double size = 1 / Math.Sqrt(NextShare(ref random)); // Sqrt is exact by IEEE; Math.Pow is not.
            value = (float)(isNegative ? -size : size);
        }
    }
}
