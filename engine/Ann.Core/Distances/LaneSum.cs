using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>The term of a distance that is a sum over components, at every register width.</summary>
internal interface ISumTerm
{
    /// <summary>sum + term(a, b), lane by lane.</summary>
    static abstract Vector512<float> Add(Vector512<float> sum, Vector512<float> a, Vector512<float> b);

    /// <inheritdoc cref="Add(Vector512{float}, Vector512{float}, Vector512{float})"/>
    static abstract Vector256<float> Add(Vector256<float> sum, Vector256<float> a, Vector256<float> b);

    /// <inheritdoc cref="Add(Vector512{float}, Vector512{float}, Vector512{float})"/>
    static abstract Vector128<float> Add(Vector128<float> sum, Vector128<float> a, Vector128<float> b);

    /// <inheritdoc cref="Add(Vector512{float}, Vector512{float}, Vector512{float})"/>
    static abstract float Add(float sum, float a, float b);
}

/// <summary>
/// The loops shared by the float kernels, one for each register width. Rows are padded to <see cref="VectorTable.Lanes"/>, so there is
/// no tail. Four independent sums: a single one would wait out the multiply-add latency at every step.
/// </summary>
internal static unsafe class LaneSum<TTerm>
    where TTerm : struct, ISumTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Over(float* a, float* b, nuint length) =>
        SimdWidth.Has512 ? Over512(a, b, length)
        : SimdWidth.Has256 ? Over256(a, b, length)
        : SimdWidth.Has128 ? Over128(a, b, length)
        : OverScalar(a, b, length);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Over512(float* a, float* b, nuint length)
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        nuint i = 0;
        for (; i + 64 <= length; i += 64)
        {
            s0 = TTerm.Add(s0, Vector512.Load(a + i), Vector512.Load(b + i));
            s1 = TTerm.Add(s1, Vector512.Load(a + i + 16), Vector512.Load(b + i + 16));
            s2 = TTerm.Add(s2, Vector512.Load(a + i + 32), Vector512.Load(b + i + 32));
            s3 = TTerm.Add(s3, Vector512.Load(a + i + 48), Vector512.Load(b + i + 48));
        }
        for (; i < length; i += 16)
            s0 = TTerm.Add(s0, Vector512.Load(a + i), Vector512.Load(b + i));
        return Vector512.Sum((s0 + s1) + (s2 + s3));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Over256(float* a, float* b, nuint length)
    {
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        nuint i = 0;
        for (; i + 32 <= length; i += 32)
        {
            s0 = TTerm.Add(s0, Vector256.Load(a + i), Vector256.Load(b + i));
            s1 = TTerm.Add(s1, Vector256.Load(a + i + 8), Vector256.Load(b + i + 8));
            s2 = TTerm.Add(s2, Vector256.Load(a + i + 16), Vector256.Load(b + i + 16));
            s3 = TTerm.Add(s3, Vector256.Load(a + i + 24), Vector256.Load(b + i + 24));
        }
        for (; i < length; i += 8)
            s0 = TTerm.Add(s0, Vector256.Load(a + i), Vector256.Load(b + i));
        return Vector256.Sum((s0 + s1) + (s2 + s3));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Over128(float* a, float* b, nuint length)
    {
        Vector128<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (nuint i = 0; i < length; i += 16)
        {
            s0 = TTerm.Add(s0, Vector128.Load(a + i), Vector128.Load(b + i));
            s1 = TTerm.Add(s1, Vector128.Load(a + i + 4), Vector128.Load(b + i + 4));
            s2 = TTerm.Add(s2, Vector128.Load(a + i + 8), Vector128.Load(b + i + 8));
            s3 = TTerm.Add(s3, Vector128.Load(a + i + 12), Vector128.Load(b + i + 12));
        }
        return Vector128.Sum((s0 + s1) + (s2 + s3));
    }

    private static float OverScalar(float* a, float* b, nuint length)
    {
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (nuint i = 0; i < length; i += 4)
        {
            s0 = TTerm.Add(s0, a[i], b[i]);
            s1 = TTerm.Add(s1, a[i + 1], b[i + 1]);
            s2 = TTerm.Add(s2, a[i + 2], b[i + 2]);
            s3 = TTerm.Add(s3, a[i + 3], b[i + 3]);
        }
        return (s0 + s1) + (s2 + s3);
    }
}
