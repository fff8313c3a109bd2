using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>Tells whether rows are the same vector: component by component, where zero has no sign.</summary>
internal static class IdenticalRows
{
    /// <summary>A hash of a row: the same for identical ones.</summary>
    /// <param name="row">Prepared (<see cref="RowPreparation"/>).</param>
    /// <param name="scratch">As long as the row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong Hash(ReadOnlySpan<float> row, Span<float> scratch)
    {
        int i = 0;
        for (; i + Vector256<float>.Count <= row.Length; i += Vector256<float>.Count)
            (Vector256.Create(row[i..]) + Vector256<float>.Zero).CopyTo(scratch[i..]); // −0 becomes 0
        for (; i < row.Length; i++)
            scratch[i] = row[i] + 0f;
        return XxHash3.HashToUInt64(MemoryMarshal.AsBytes(scratch[..row.Length]));
    }

    /// <summary>True when two rows are the same vector.</summary>
    public static bool AreSame(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => a.SequenceEqual(b);
}
