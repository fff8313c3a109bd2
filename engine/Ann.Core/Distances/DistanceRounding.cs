namespace Ann.Core.Distances;

/// <summary>
/// How far a distance that the kernels compute may lie from the true one, whatever the register width. Limits are compared with that much
/// room, so that an item exactly at a limit is within it on every machine.
/// </summary>
/// <remarks>
/// A component goes through at most one operation for each four components of a row, the sums of the scalar kernel, and
/// <see cref="FurtherOperations"/> more: adding the sums up, subtracting, multiplying, and making both rows unit length. Each errs by half
/// a unit in the last place at most, u = 2⁻²⁴ of its value, so that n of them err by n·u/(1 − n·u) of the sum of the terms' magnitudes
/// (Higham, Accuracy and Stability of Numerical Algorithms, 3.1). That sum is the distance itself under L2, and 1 at most under cosine.
/// Under inner product it is known only where all terms have one sign, as those of a row with itself have; where they cancel out, a limit
/// is as sharp as the kernel is.
/// </remarks>
internal static class DistanceRounding
{
    private const double Unit = 1.0 / (1 << 24);
    private const int ComponentsPerOperation = 4;
    private const int FurtherOperations = 8;

    /// <summary>The share of a sum by which it may err: 2.4 · 10⁻⁶ at dimension 128, 2.4 · 10⁻⁵ at 1,536.</summary>
    /// <param name="dimension">Components of a row, 1 or more.</param>
    public static double ShareOf(int dimension)
    {
        double errors = (VectorTable.StrideOf(dimension) / ComponentsPerOperation + FurtherOperations) * Unit;
        return errors / (1 - errors);
    }

    /// <summary>The largest distance that an item may be given which truly lies at a distance, or nearer.</summary>
    /// <param name="metric">How nearness is measured.</param>
    /// <param name="distance">The limit, as <see cref="MetricExtensions.ToDistance"/> gives it.</param>
    /// <param name="dimension">Components of a row, 1 or more.</param>
    public static float FarthestOf(Metric metric, float distance, int dimension)
    {
        double room = ShareOf(dimension) * (metric.Traits().HasUnitRows ? 1 : Math.Abs(distance));
        return float.IsFinite(distance) && room > 0 ? MathF.BitIncrement((float)(distance + room)) : distance;
    }
}
