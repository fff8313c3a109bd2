using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>
/// The rotated differences of all rows from their mean, as many components as signs are taken of. The rotation is linear, so that the
/// difference of two rows is rotated by a subtraction, where it would take a transform for every link.
/// </summary>
/// <remarks>
/// A subtraction of rotated rows errs by what their own rotations err by: <see cref="IsNear"/> tells of rows that are too near to each
/// other for that.
/// </remarks>
internal sealed unsafe class RotatedRows : IDisposable
{
    /// <summary>
    /// Of the square of a row's distance from the mean: rows nearer to each other than that are a 32nd of the row's length apart. Those
    /// beyond are told by differences that err by some 10⁻⁵ of their length.
    /// </summary>
    private const float NearShare = 1f / (32 * 32);

    private readonly VectorTable _table;

    private RotatedRows(VectorTable table) => _table = table;

    /// <summary>Rotates every row.</summary>
    /// <param name="rows">Prepared rows.</param>
    /// <param name="mean">Of the rows, padded.</param>
    /// <param name="threads">Of the work. The result does not depend on them.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <returns>Null where <see cref="ComponentsOf"/> is 0.</returns>
    public static RotatedRows? Of(VectorTable rows, float* mean, int threads, CancellationToken cancellation)
    {
        int components = ComponentsOf(rows.Dimension);
        if (components == 0)
            return null;
        RotatedRows rotated = new(new VectorTable(rows.Count, components));
        bool done = false;
        try
        {
            using Rotation rotation = new(rows.Dimension);
            ParallelBuild.For(
                rows.Count, threads, Math.Max(1, rows.Count / threads / 8), (_, from, to) => rotated.Fill(rotation, rows, mean, from, to),
                cancellation);
            done = true;
            return rotated;
        }
        finally
        {
            if (!done)
                rotated.Dispose();
        }
    }

    /// <summary>
    /// Components that are kept of a row of some dimension. 0, so that none are, where that would be more than half of a rotated row: a
    /// transform costs little then, and memory is dear.
    /// </summary>
    public static int ComponentsOf(int dimension)
    {
        int bits = EstimateTables.BitsOf(dimension);
        return 2 * bits <= Rotation.SizeOf(dimension) ? bits : 0;
    }

    /// <summary>The rotated difference of a row from the mean.</summary>
    public float* Row(int row) => _table.Row(row);

    /// <summary>True where the difference of two rows is too short to be told by the difference of what is kept of them.</summary>
    /// <param name="squares">Square of the difference.</param>
    /// <param name="away">Square of the distance of one of them from the mean.</param>
    public static bool IsNear(float squares, float away) => !(squares >= NearShare * away);

    public void Dispose() => _table.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Fill(Rotation rotation, VectorTable rows, float* mean, int from, int to)
    {
        using NativeBlock scratch = new((long)rotation.Size * sizeof(float));
        float* values = (float*)scratch.Start;
        for (int row = from; row < to; row++)
        {
            QueryQuantisation.Subtract(values, rows.Row(row), mean, rows.Stride);
            new Span<float>(values + rows.Stride, rotation.Size - rows.Stride).Clear();
            rotation.Apply(values);
            new ReadOnlySpan<float>(values, _table.Stride).CopyTo(new Span<float>(_table.Row(row), _table.Stride));
        }
    }
}
