using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Ann.Core.Distances;

/// <summary>
/// Inner product of a 16-bit query with an 8-bit code, in exact integers. The query is wider than the code because it is quantised once
/// and read from L1: its precision costs nothing.
/// </summary>
internal static class Int8Dot
{
    /// <summary>Codes are padded to a multiple of this many bytes: one cache line.</summary>
    public const int Lanes = 64;

    /// <summary>Largest magnitude of a query component for which no sum of <paramref name="length"/> products overflows 32 bits.</summary>
    /// <param name="length">Padded dimension.</param>
    public static int MaxQueryComponent(int length) => (int)Math.Min(short.MaxValue, int.MaxValue / (127L * length));

    /// <summary>Σ queryᵢ · codeᵢ.</summary>
    /// <param name="query">Components within ±<see cref="MaxQueryComponent"/>.</param>
    /// <param name="code">Components within ±127.</param>
    /// <param name="length">Padded dimension: a positive multiple of <see cref="Lanes"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe int Between(short* query, sbyte* code, nuint length)
    {
        Debug.Assert(length > 0);
        Debug.Assert(length % Lanes == 0, "codes are padded, so kernels carry no tail loop");

        return SimdWidth.Has512 && Avx512BW.IsSupported ? Between512(query, code, length)
            : Avx2.IsSupported ? Between256(query, code, length)
            : SimdWidth.Has128 ? Between128(query, code, length)
            : BetweenScalar(query, code, length);
    }

    /// <summary>The same, and Σ codeᵢ² of the code, which is read once for both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe int Between(short* query, sbyte* code, nuint length, out int squares)
    {
        Debug.Assert(length > 0);
        Debug.Assert(length % Lanes == 0);

        if (SimdWidth.Has512 && Avx512BW.IsSupported)
            return Between512(query, code, length, out squares);
        if (Avx2.IsSupported)
            return Between256(query, code, length, out squares);
        squares = Int8Pairs.Between(code, code, length);
        return Between(query, code, length);
    }

    /// <summary><paramref name="sum"/> and the products of 16-bit components, of which two neighbours are added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Add(Vector256<int> sum, Vector256<short> a, Vector256<short> b) =>
        AvxVnni.IsSupported ? AvxVnni.MultiplyWideningAndAdd(sum, a, b) : sum + Avx2.MultiplyAddAdjacent(a, b);

    /// <summary>The same in 128 bits, where other components may be added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Add(Vector128<int> sum, Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported)
            return sum + Sse2.MultiplyAddAdjacent(a, b);
        if (AdvSimd.IsSupported)
        {
            sum = AdvSimd.MultiplyWideningLowerAndAdd(sum, a.GetLower(), b.GetLower());
            return AdvSimd.MultiplyWideningLowerAndAdd(sum, a.GetUpper(), b.GetUpper());
        }
        (Vector128<int> a0, Vector128<int> a1) = Vector128.Widen(a);
        (Vector128<int> b0, Vector128<int> b1) = Vector128.Widen(b);
        return sum + a0 * b0 + a1 * b1;
    }

    /// <summary>16 components of a code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe Vector256<short> Wide256(sbyte* code) => Avx2.ConvertToVector256Int16(Vector128.Load(code));

    private static unsafe int Between512(short* query, sbyte* code, nuint length)
    {
        Vector512<int> s0 = default, s1 = default;
        for (nuint i = 0; i < length; i += 64)
        {
            s0 += Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(code + i)), Vector512.Load(query + i));
            s1 += Avx512BW.MultiplyAddAdjacent(
                Avx512BW.ConvertToVector512Int16(Vector256.Load(code + i + 32)), Vector512.Load(query + i + 32));
        }
        return Vector512.Sum(s0 + s1);
    }

    private static unsafe int Between256(short* query, sbyte* code, nuint length)
    {
        Vector256<int> s0 = default, s1 = default;
        for (nuint i = 0; i < length; i += 32)
        {
            s0 = Add(s0, Wide256(code + i), Vector256.Load(query + i));
            s1 = Add(s1, Wide256(code + i + 16), Vector256.Load(query + i + 16));
        }
        return Vector256.Sum(s0 + s1);
    }

    private static unsafe int Between512(short* query, sbyte* code, nuint length, out int squares)
    {
        Vector512<int> dots = default, products = default;
        for (nuint i = 0; i < length; i += 32)
        {
            Vector512<short> wide = Avx512BW.ConvertToVector512Int16(Vector256.Load(code + i));
            dots += Avx512BW.MultiplyAddAdjacent(wide, Vector512.Load(query + i));
            products += Avx512BW.MultiplyAddAdjacent(wide, wide);
        }
        squares = Vector512.Sum(products);
        return Vector512.Sum(dots);
    }

    private static unsafe int Between256(short* query, sbyte* code, nuint length, out int squares)
    {
        Vector256<int> dots = default, products = default;
        for (nuint i = 0; i < length; i += 16)
        {
            Vector256<short> wide = Wide256(code + i);
            dots = Add(dots, wide, Vector256.Load(query + i));
            products = Add(products, wide, wide);
        }
        squares = Vector256.Sum(products);
        return Vector256.Sum(dots);
    }

    private static unsafe int Between128(short* query, sbyte* code, nuint length)
    {
        Vector128<int> s0 = default, s1 = default;
        for (nuint i = 0; i < length; i += 16)
        {
            (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.Load(code + i));
            s0 = Add(s0, low, Vector128.Load(query + i));
            s1 = Add(s1, high, Vector128.Load(query + i + 8));
        }
        return Vector128.Sum(s0 + s1);
    }

    private static unsafe int BetweenScalar(short* query, sbyte* code, nuint length)
    {
        int s0 = 0, s1 = 0;
        for (nuint i = 0; i < length; i += 2)
        {
            s0 += query[i] * code[i];
            s1 += query[i + 1] * code[i + 1];
        }
        return s0 + s1;
    }
}
