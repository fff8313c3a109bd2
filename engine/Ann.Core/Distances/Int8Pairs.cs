using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ann.Core.Distances;

/// <summary>
/// Inner products of one 8-bit code with four others, in exact integers: the same on every machine. Four at a time, because the
/// horizontal sum of one would take longer than its products.
/// </summary>
internal static unsafe class Int8Pairs
{
    /// <summary>Σ aᵢ · bᵢ for each of four codes b.</summary>
    /// <param name="a">Components within ±127.</param>
    /// <param name="b0">Like <paramref name="a"/>, as are the next three.</param>
    /// <param name="b1">A code.</param>
    /// <param name="b2">A code.</param>
    /// <param name="b3">A code.</param>
    /// <param name="length">
    /// Padded dimension: a positive multiple of <see cref="Int8Dot.Lanes"/>, 65,536 or less, so that no sum overflows.
    /// </param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> OneToFour(sbyte* a, sbyte* b0, sbyte* b1, sbyte* b2, sbyte* b3, nuint length)
    {
        Debug.Assert(length > 0);
        Debug.Assert(length % Int8Dot.Lanes == 0, "codes are padded, so kernels carry no tail loop");

        return SimdWidth.Has512 && Avx512BW.IsSupported ? OneToFour512(a, b0, b1, b2, b3, length)
            : Avx2.IsSupported ? OneToFour256(a, b0, b1, b2, b3, length)
            : Vector128.Create(Between(a, b0, length), Between(a, b1, length), Between(a, b2, length), Between(a, b3, length));
    }

    /// <summary>Σ aᵢ · bᵢ.</summary>
    /// <param name="a">Components within ±127.</param>
    /// <param name="b">Components within ±127.</param>
    /// <param name="length">As above.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Between(sbyte* a, sbyte* b, nuint length) =>
        SimdWidth.Has512 && Avx512BW.IsSupported ? Between512(a, b, length)
        : Avx2.IsSupported ? Between256(a, b, length)
        : SimdWidth.Has128 ? Between128(a, b, length)
        : BetweenScalar(a, b, length);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<int> OneToFour512(sbyte* a, sbyte* b0, sbyte* b1, sbyte* b2, sbyte* b3, nuint length)
    {
        Vector512<int> s0 = default, s1 = default, s2 = default, s3 = default;
        for (nuint i = 0; i < length; i += 32)
        {
            Vector512<short> wide = Widen512(a + i);
            s0 += Avx512BW.MultiplyAddAdjacent(Widen512(b0 + i), wide);
            s1 += Avx512BW.MultiplyAddAdjacent(Widen512(b1 + i), wide);
            s2 += Avx512BW.MultiplyAddAdjacent(Widen512(b2 + i), wide);
            s3 += Avx512BW.MultiplyAddAdjacent(Widen512(b3 + i), wide);
        }
        return Sums(Fold(s0), Fold(s1), Fold(s2), Fold(s3));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<int> Fold(Vector512<int> sums) => sums.GetLower() + sums.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<int> OneToFour256(sbyte* a, sbyte* b0, sbyte* b1, sbyte* b2, sbyte* b3, nuint length)
    {
        Vector256<int> s0 = default, s1 = default, s2 = default, s3 = default;
        for (nuint i = 0; i < length; i += 32)
        {
            Vector256<sbyte> signs = Vector256.Load(a + i);
            Vector256<byte> magnitudes = Avx2.Abs(signs);
            s0 = AddProducts(s0, magnitudes, signs, b0 + i);
            s1 = AddProducts(s1, magnitudes, signs, b1 + i);
            s2 = AddProducts(s2, magnitudes, signs, b2 + i);
            s3 = AddProducts(s3, magnitudes, signs, b3 + i);
        }
        return Sums(s0, s1, s2, s3);
    }

    /// <summary>The horizontal sums of four registers in one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sums(Vector256<int> s0, Vector256<int> s1, Vector256<int> s2, Vector256<int> s3)
    {
        Vector256<int> pairs01 = Avx2.HorizontalAdd(s0, s1);
        Vector256<int> pairs23 = Avx2.HorizontalAdd(s2, s3);
        Vector256<int> sums = Avx2.HorizontalAdd(pairs01, pairs23);
        return sums.GetLower() + sums.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Widen512(sbyte* code) => Avx512BW.ConvertToVector512Int16(Vector256.Load(code));

    /// <summary>
    /// Adds the products of 32 components, as magnitudes of the one times the other with its signs: two products of codes within ±127 add
    /// up within 16 bits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddProducts(Vector256<int> sum, Vector256<byte> magnitudes, Vector256<sbyte> signs, sbyte* code)
    {
        Vector256<sbyte> signed = Avx2.Sign(Vector256.Load(code), signs);
        return AvxVnni.IsSupported
            ? AvxVnni.MultiplyWideningAndAdd(sum, magnitudes, signed)
            : sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitudes, signed), Vector256<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Between512(sbyte* a, sbyte* b, nuint length)
    {
        Vector512<int> sum = default;
        for (nuint i = 0; i < length; i += 32)
            sum += Avx512BW.MultiplyAddAdjacent(Widen512(a + i), Widen512(b + i));
        return Vector512.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Between256(sbyte* a, sbyte* b, nuint length)
    {
        Vector256<int> sum = default;
        for (nuint i = 0; i < length; i += 32)
        {
            Vector256<sbyte> signs = Vector256.Load(a + i);
            sum = AddProducts(sum, Avx2.Abs(signs), signs, b + i);
        }
        return Vector256.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Between128(sbyte* a, sbyte* b, nuint length)
    {
        Vector128<int> sum = default;
        for (nuint i = 0; i < length; i += 16)
        {
            (Vector128<short> a0, Vector128<short> a1) = Vector128.Widen(Vector128.Load(a + i));
            (Vector128<short> b0, Vector128<short> b1) = Vector128.Widen(Vector128.Load(b + i));
            sum += Products(a0, b0) + Products(a1, b1);
        }
        return Vector128.Sum(sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector128<int> Products(Vector128<short> x, Vector128<short> y)
        {
            if (Sse2.IsSupported)
                return Sse2.MultiplyAddAdjacent(x, y);
            (Vector128<int> low, Vector128<int> high) = Vector128.Widen(x * y); // a product of two codes fits in 16 bits
            return low + high;
        }
    }

    private static int BetweenScalar(sbyte* a, sbyte* b, nuint length)
    {
        int sum = 0;
        for (nuint i = 0; i < length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}
