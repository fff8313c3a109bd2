using Ann.Core;

namespace Ann.Bench.Sets.Hard;

/// <summary>
/// Families of near-identical rows: product variants, boilerplate, video frames; with centres far apart, tight clusters. Row i is of family
/// i mod <paramref name="families"/>; queries are further members.
/// </summary>
/// <param name="seed">Of the set.</param>
/// <param name="dimension">Components of a row.</param>
/// <param name="metric">Of the truth.</param>
/// <param name="families">How many.</param>
/// <param name="spread">Standard deviation of a centre's components.</param>
/// <param name="noise">Standard deviation of a member's components around its centre's.</param>
internal sealed class FamilyLaw(ulong seed, int dimension, Metric metric, int families, float spread, float noise)
    : HardLaw(seed, dimension, metric)
{
    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = Random(stream, row);
        long family = stream == BaseStream ? row % families : NextBelow(ref random, families);
        RowRandom centre = Random(LawStream, family);
        Normal(ref centre, values, spread);
        AddNoise(ref random, values, noise);
    }
}
