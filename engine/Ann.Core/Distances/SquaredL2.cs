using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>Squared Euclidean distance, Σ(aᵢ − bᵢ)². Zero padding adds nothing.</summary>
public readonly struct SquaredL2 : IDistance
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe float Between(float* a, float* b, nuint length)
    {
        Debug.Assert(length > 0);
        Debug.Assert(length % VectorTable.Lanes == 0, "rows are padded, so kernels carry no tail loop");

        return SimdWidth.Has512 ? Between512(a, b, length)
            : SimdWidth.Has256 ? Between256(a, b, length)
            : SimdWidth.Has128 ? Between128(a, b, length)
            : BetweenScalar(a, b, length);
    }

    private static unsafe float Between512(float* a, float* b, nuint length)
    {
        // Four independent sums: a single one would wait out the multiply-add latency at every step.
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        nuint i = 0;
        for (; i + 64 <= length; i += 64)
        {
            s0 = Add(s0, a + i, b + i);
            s1 = Add(s1, a + i + 16, b + i + 16);
            s2 = Add(s2, a + i + 32, b + i + 32);
            s3 = Add(s3, a + i + 48, b + i + 48);
        }
        for (; i < length; i += 16)
            s0 = Add(s0, a + i, b + i);

        return Vector512.Sum((s0 + s1) + (s2 + s3));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector512<float> Add(Vector512<float> sum, float* a, float* b)
        {
            Vector512<float> delta = Vector512.Load(a) - Vector512.Load(b);
            return Vector512.MultiplyAddEstimate(delta, delta, sum);
        }
    }

    private static unsafe float Between256(float* a, float* b, nuint length)
    {
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        nuint i = 0;
        for (; i + 32 <= length; i += 32)
        {
            s0 = Add(s0, a + i, b + i);
            s1 = Add(s1, a + i + 8, b + i + 8);
            s2 = Add(s2, a + i + 16, b + i + 16);
            s3 = Add(s3, a + i + 24, b + i + 24);
        }
        for (; i < length; i += 8)
            s0 = Add(s0, a + i, b + i);

        return Vector256.Sum((s0 + s1) + (s2 + s3));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<float> Add(Vector256<float> sum, float* a, float* b)
        {
            Vector256<float> delta = Vector256.Load(a) - Vector256.Load(b);
            return Vector256.MultiplyAddEstimate(delta, delta, sum);
        }
    }

    private static unsafe float Between128(float* a, float* b, nuint length)
    {
        Vector128<float> s0 = default, s1 = default, s2 = default, s3 = default;
        nuint i = 0;
        for (; i < length; i += 16)
        {
            s0 = Add(s0, a + i, b + i);
            s1 = Add(s1, a + i + 4, b + i + 4);
            s2 = Add(s2, a + i + 8, b + i + 8);
            s3 = Add(s3, a + i + 12, b + i + 12);
        }
        return Vector128.Sum((s0 + s1) + (s2 + s3));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector128<float> Add(Vector128<float> sum, float* a, float* b)
        {
            Vector128<float> delta = Vector128.Load(a) - Vector128.Load(b);
            return Vector128.MultiplyAddEstimate(delta, delta, sum);
        }
    }

    private static unsafe float BetweenScalar(float* a, float* b, nuint length)
    {
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (nuint i = 0; i < length; i += 4)
        {
            float d0 = a[i] - b[i];
            float d1 = a[i + 1] - b[i + 1];
            float d2 = a[i + 2] - b[i + 2];
            float d3 = a[i + 3] - b[i + 3];
            s0 += d0 * d0;
            s1 += d1 * d1;
            s2 += d2 * d2;
            s3 += d3 * d3;
        }
        return ((s0 + s1) + (s2 + s3));
    }
}
