using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>
/// Squared Euclidean distance in one order of operations, whatever registers the machine has: for what must come out the same everywhere.
/// Slower than <see cref="SquaredL2"/>.
/// </summary>
internal readonly struct SteadySquaredL2 : IDistance
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Between(float* a, float* b, nuint length)
    {
        Debug.Assert(length > 0 && length % VectorTable.Lanes == 0);
        Vector512<float> even = default, odd = default;
        nuint i = 0;
        for (; i + 2 * VectorTable.Lanes <= length; i += 2 * VectorTable.Lanes)
        {
            even += Square(a + i, b + i);
            odd += Square(a + i + VectorTable.Lanes, b + i + VectorTable.Lanes);
        }
        if (i < length)
            even += Square(a + i, b + i);
        return QueryQuantisation.Sum(even + odd);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector512<float> Square(float* a, float* b)
        {
            Vector512<float> apart = Vector512.Load(a) - Vector512.Load(b);
            return apart * apart;
        }
    }
}

/// <summary>Negative dot product in one order of operations, as <see cref="SteadySquaredL2"/>.</summary>
internal readonly struct SteadyNegativeDot : IDistance
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Between(float* a, float* b, nuint length)
    {
        Debug.Assert(length > 0 && length % VectorTable.Lanes == 0);
        Vector512<float> even = default, odd = default;
        nuint i = 0;
        for (; i + 2 * VectorTable.Lanes <= length; i += 2 * VectorTable.Lanes)
        {
            even += Vector512.Load(a + i) * Vector512.Load(b + i);
            odd += Vector512.Load(a + i + VectorTable.Lanes) * Vector512.Load(b + i + VectorTable.Lanes);
        }
        if (i < length)
            even += Vector512.Load(a + i) * Vector512.Load(b + i);
        return -QueryQuantisation.Sum(even + odd);
    }
}
