using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>Squared Euclidean distance, Σ(aᵢ − bᵢ)². Zero padding adds nothing.</summary>
internal readonly struct SquaredL2 : IDistance
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Between(float* a, float* b, nuint length)
    {
        Debug.Assert(length > 0);
        Debug.Assert(length % VectorTable.Lanes == 0, "rows are padded, so kernels carry no tail loop");

        return LaneSum<SquaredDifference>.Over(a, b, length);
    }

    private readonly struct SquaredDifference : ISumTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Add(Vector512<float> sum, Vector512<float> a, Vector512<float> b) =>
            Vector512.MultiplyAddEstimate(a - b, a - b, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Add(Vector256<float> sum, Vector256<float> a, Vector256<float> b) =>
            Vector256.MultiplyAddEstimate(a - b, a - b, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Add(Vector128<float> sum, Vector128<float> a, Vector128<float> b) =>
            Vector128.MultiplyAddEstimate(a - b, a - b, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Add(float sum, float a, float b) => sum + (a - b) * (a - b);
    }
}
