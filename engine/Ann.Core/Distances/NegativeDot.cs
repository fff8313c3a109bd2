using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>Negated inner product, −Σ aᵢ·bᵢ: the distance of cosine (on unit rows) and inner product. Zero padding adds nothing.</summary>
internal readonly struct NegativeDot : IDistance
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Between(float* a, float* b, nuint length)
    {
        Debug.Assert(length > 0);
        Debug.Assert(length % VectorTable.Lanes == 0, "rows are padded, so kernels carry no tail loop");

        return -LaneSum<Product>.Over(a, b, length);
    }

    private readonly struct Product : ISumTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Add(Vector512<float> sum, Vector512<float> a, Vector512<float> b) =>
            Vector512.MultiplyAddEstimate(a, b, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Add(Vector256<float> sum, Vector256<float> a, Vector256<float> b) =>
            Vector256.MultiplyAddEstimate(a, b, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Add(Vector128<float> sum, Vector128<float> a, Vector128<float> b) =>
            Vector128.MultiplyAddEstimate(a, b, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Add(float sum, float a, float b) => sum + a * b;
    }
}
