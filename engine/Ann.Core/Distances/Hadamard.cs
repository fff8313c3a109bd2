using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>The fast Walsh–Hadamard transform of float32 vectors.</summary>
internal static unsafe class Hadamard
{
    /// <summary>Multiplies component by component, then transforms in place. All register widths sum in the same order.</summary>
    /// <param name="values">The vector.</param>
    /// <param name="factors">As many.</param>
    /// <param name="size">A power of two, at least 16.</param>
    public static void Transform(float* values, float* factors, int size)
    {
        Debug.Assert(size >= 16 && BitOperations.IsPow2(size));
        if (SimdWidth.Has512)
            Transform512(values, factors, size);
        else if (SimdWidth.Has256)
            Transform256(values, factors, size);
        else
            Transform128(values, factors, size);
    }

    /// <summary>(a, b) becomes ((a + b)/√2, (a − b)/√2), for each a of the first half and its b of the second.</summary>
    /// <param name="values">The vector.</param>
    /// <param name="half">Half of its components, a multiple of 16.</param>
    public static void MixHalves(float* values, int half)
    {
        Debug.Assert(half % 16 == 0);
        Vector512<float> scale = Vector512.Create(0.70710678f);
        for (int i = 0; i < half; i += 16)
        {
            Vector512<float> a = Vector512.Load(values + i);
            Vector512<float> b = Vector512.Load(values + half + i);
            ((a + b) * scale).Store(values + i);
            ((a - b) * scale).Store(values + half + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transform512(float* values, float* factors, int size)
    {
        // Steps 1, 2, 4, 8 stay within a register: x·s + permuted(x), with s = ±1.
        Vector512<float> s1 = Vector512.Create(1f, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1);
        Vector512<float> s2 = Vector512.Create(1f, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1);
        Vector512<float> s4 = Vector512.Create(1f, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1);
        Vector512<float> s8 = Vector512.Create(1f, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1);
        Vector512<int> p1 = Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
        Vector512<int> p2 = Vector512.Create(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
        Vector512<int> p4 = Vector512.Create(4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
        Vector512<int> p8 = Vector512.Create(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
        for (int i = 0; i < size; i += 16)
        {
            Vector512<float> x = Vector512.Load(values + i) * Vector512.Load(factors + i);
            x = x * s1 + Vector512.Shuffle(x, p1);
            x = x * s2 + Vector512.Shuffle(x, p2);
            x = x * s4 + Vector512.Shuffle(x, p4);
            x = x * s8 + Vector512.Shuffle(x, p8);
            x.Store(values + i);
        }
        for (int step = 16; step < size; step *= 2)
        {
            for (int from = 0; from < size; from += 2 * step)
            {
                for (int i = from; i < from + step; i += 16)
                {
                    Vector512<float> a = Vector512.Load(values + i);
                    Vector512<float> b = Vector512.Load(values + i + step);
                    (a + b).Store(values + i);
                    (a - b).Store(values + i + step);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transform256(float* values, float* factors, int size)
    {
        // As above: steps 1, 2, 4 stay within a register.
        Vector256<float> s1 = Vector256.Create(1f, -1, 1, -1, 1, -1, 1, -1);
        Vector256<float> s2 = Vector256.Create(1f, 1, -1, -1, 1, 1, -1, -1);
        Vector256<float> s4 = Vector256.Create(1f, 1, 1, 1, -1, -1, -1, -1);
        for (int i = 0; i < size; i += 8)
        {
            Vector256<float> x = Vector256.Load(values + i) * Vector256.Load(factors + i);
            x = x * s1 + Vector256.Shuffle(x, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
            x = x * s2 + Vector256.Shuffle(x, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5));
            x = x * s4 + Vector256.Shuffle(x, Vector256.Create(4, 5, 6, 7, 0, 1, 2, 3));
            x.Store(values + i);
        }
        for (int step = 8; step < size; step *= 2)
        {
            for (int from = 0; from < size; from += 2 * step)
            {
                for (int i = from; i < from + step; i += 8)
                {
                    Vector256<float> a = Vector256.Load(values + i);
                    Vector256<float> b = Vector256.Load(values + i + step);
                    (a + b).Store(values + i);
                    (a - b).Store(values + i + step);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transform128(float* values, float* factors, int size)
    {
        for (int i = 0; i < size; i += 4)
        {
            (Vector128.Load(values + i) * Vector128.Load(factors + i)).Store(values + i);
            (float a, float b, float c, float d) = (values[i], values[i + 1], values[i + 2], values[i + 3]);
            (a, b, c, d) = (a + b, a - b, c + d, c - d);
            (values[i], values[i + 1], values[i + 2], values[i + 3]) = (a + c, b + d, a - c, b - d);
        }
        for (int step = 4; step < size; step *= 2)
        {
            for (int from = 0; from < size; from += 2 * step)
            {
                for (int i = from; i < from + step; i += 4)
                {
                    Vector128<float> a = Vector128.Load(values + i);
                    Vector128<float> b = Vector128.Load(values + i + step);
                    (a + b).Store(values + i);
                    (a - b).Store(values + i + step);
                }
            }
        }
    }
}
