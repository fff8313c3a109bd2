using Ann.Core;

namespace Ann.Bench.Sets.Hard;

/// <summary>Independent normal components and nothing else: for very small dimensions.</summary>
internal sealed class NormalLaw(ulong seed, int dimension, Metric metric) : HardLaw(seed, dimension, metric)
{
    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = Random(stream, row);
        foreach (ref float value in values)
            value = (float)FineNormal(ref random);
    }
}

/// <summary>
/// One-hot rows: row i is the unit vector of i mod d, so that each comes several times and most distances are equal. Query i is 0.9 of the
/// unit vector of i mod d.
/// </summary>
internal sealed class OneHotLaw(ulong seed, int dimension, Metric metric) : HardLaw(seed, dimension, metric)
{
    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        values.Clear();
        values[(int)(row % values.Length)] = stream == BaseStream ? 1f : 0.9f;
    }
}

/// <summary>Rows on a line, a + t · b with t normal: one property behind all components.</summary>
internal sealed class LineLaw(ulong seed, int dimension, Metric metric) : HardLaw(seed, dimension, metric)
{
    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = Random(stream, row);
        RowRandom start = Random(LawStream, 0);
        RowRandom direction = Random(LawStream, 1);
        double place = FineNormal(ref random);
        foreach (ref float value in values)
            value = (float)(start.NextNormal() + (place * direction.NextNormal()));
    }
}
