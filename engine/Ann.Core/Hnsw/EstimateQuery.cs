using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>What a query needs to read estimates: the tables of partial sums of its rotated self, and how to scale them.</summary>
/// <param name="tables">Of <see cref="FastScan"/>.</param>
/// <param name="bits">Sign bits a neighbour.</param>
/// <param name="step">What one unit of a table sum is worth.</param>
/// <param name="bias">Added to each scaled sum.</param>
/// <param name="slope">|q − u|² is <paramref name="slope"/> · distance by codes + <paramref name="intercept"/>.</param>
/// <param name="intercept">See <paramref name="slope"/>.</param>
/// <param name="slack">Share of |q − u| by which a sum may err, times the margin that is granted.</param>
/// <param name="leastSlack">What is granted at least: tables are rounded, however near q is to u.</param>
internal readonly unsafe struct EstimateQuery(
    byte* tables, int bits, float step, float bias, float slope, float intercept, float slack, float leastSlack)
{
    /// <summary>
    /// One bit a lane of 32 neighbours of a node at <paramref name="distance"/>, set where the neighbour may be nearer than
    /// <paramref name="limit"/>.
    /// </summary>
    public uint MayBeBelow(byte* codes, ushort* factors, float distance, float limit)
    {
        float far = MathF.Sqrt(MathF.Max(0, slope * distance + intercept));
        return FastScan.Below(codes, bits, tables, factors, step, bias + MathF.Max(slack * far, leastSlack), distance, limit);
    }
}
