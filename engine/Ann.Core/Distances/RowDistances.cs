using System.Diagnostics;

namespace Ann.Core.Distances;

/// <summary>Distances among the rows of one table.</summary>
internal static unsafe class RowDistances
{
    /// <summary>Distances from one row to others.</summary>
    /// <param name="metric">How nearness is measured. The rows are prepared for it (<see cref="RowPreparation"/>).</param>
    /// <param name="rows">The table.</param>
    /// <param name="row">The one.</param>
    /// <param name="others">Rows of the same table.</param>
    /// <param name="distances">As many. The core's: smaller is nearer.</param>
    public static void Between(Metric metric, VectorTable rows, int row, ReadOnlySpan<int> others, Span<float> distances)
    {
        Debug.Assert(others.Length == distances.Length);
        metric.Dispatch<OneToMany, Span<float>>(new OneToMany(rows, row, others, distances));
    }

    private readonly ref struct OneToMany(VectorTable rows, int row, ReadOnlySpan<int> others, Span<float> distances)
        : IDistanceVisitor<Span<float>>
    {
        private readonly ReadOnlySpan<int> _others = others;
        private readonly Span<float> _distances = distances;

        public Span<float> Visit<TDistance>()
            where TDistance : struct, IDistance
        {
            float* one = rows.Row(row);
            nuint stride = (nuint)rows.Stride;
            for (int i = 0; i < _others.Length; i++)
                _distances[i] = TDistance.Between(one, rows.Row(_others[i]), stride);
            return _distances;
        }
    }
}
