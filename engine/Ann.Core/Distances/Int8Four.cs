using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ann.Core.Distances;

/// <summary>Inner products of a 16-bit query with four 8-bit codes at once: their sums across lanes are made together.</summary>
internal static unsafe class Int8Four
{
    /// <summary>Writes <paramref name="dotWeight"/> · Σ queryᵢ · codeᵢ of four codes.</summary>
    /// <inheritdoc cref="Int8Dot.Between(short*, sbyte*, nuint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dots(
        short* query, sbyte* a, sbyte* b, sbyte* c, sbyte* d, nuint length, float dotWeight, float* results)
    {
        Vector128<int> dots = SimdWidth.Has512 && Avx512BW.IsSupported ? Dots512(query, a, b, c, d, length)
            : Avx2.IsSupported ? Dots256(query, a, b, c, d, length)
            : OneByOne(query, a, b, c, d, length);
        (Vector128.ConvertToSingle(dots) * dotWeight).Store(results);
    }

    /// <summary>The same plus <paramref name="squareWeight"/> · Σ codeᵢ².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DotsAndSquares(
        short* query, sbyte* a, sbyte* b, sbyte* c, sbyte* d, nuint length, float dotWeight, float squareWeight, float* results)
    {
        Vector128<int> squares;
        Vector128<int> dots;
        if (SimdWidth.Has512 && Avx512BW.IsSupported)
        {
            dots = Dots512(query, a, b, c, d, length, out squares);
        }
        else if (Avx2.IsSupported)
        {
            dots = Dots256(query, a, b, c, d, length, out squares);
        }
        else
        {
            dots = Vector128.Create(
                Int8Dot.Between(query, a, length, out int ra), Int8Dot.Between(query, b, length, out int rb),
                Int8Dot.Between(query, c, length, out int rc), Int8Dot.Between(query, d, length, out int rd));
            squares = Vector128.Create(ra, rb, rc, rd);
        }
        (Vector128.ConvertToSingle(squares) * squareWeight + Vector128.ConvertToSingle(dots) * dotWeight).Store(results);
    }

    private static Vector128<int> OneByOne(short* query, sbyte* a, sbyte* b, sbyte* c, sbyte* d, nuint length) => Vector128.Create(
        Int8Dot.Between(query, a, length), Int8Dot.Between(query, b, length), Int8Dot.Between(query, c, length),
        Int8Dot.Between(query, d, length));

    private static Vector128<int> Dots512(short* query, sbyte* a, sbyte* b, sbyte* c, sbyte* d, nuint length)
    {
        Debug.Assert(length % Int8Dot.Lanes == 0);
        Vector512<int> sa = default, sb = default, sc = default, sd = default;
        for (nuint i = 0; i < length; i += 32)
        {
            Vector512<short> q = Vector512.Load(query + i);
            sa += Avx512BW.MultiplyAddAdjacent(Wide(a + i), q);
            sb += Avx512BW.MultiplyAddAdjacent(Wide(b + i), q);
            sc += Avx512BW.MultiplyAddAdjacent(Wide(c + i), q);
            sd += Avx512BW.MultiplyAddAdjacent(Wide(d + i), q);
        }
        return Sums(sa, sb, sc, sd);
    }

    private static Vector128<int> Dots512(
        short* query, sbyte* a, sbyte* b, sbyte* c, sbyte* d, nuint length, out Vector128<int> squares)
    {
        Debug.Assert(length % Int8Dot.Lanes == 0);
        Vector512<int> sa = default, sb = default, sc = default, sd = default;
        Vector512<int> ra = default, rb = default, rc = default, rd = default;
        for (nuint i = 0; i < length; i += 32)
        {
            Vector512<short> q = Vector512.Load(query + i);
            Vector512<short> wa = Wide(a + i), wb = Wide(b + i), wc = Wide(c + i), wd = Wide(d + i);
            sa += Avx512BW.MultiplyAddAdjacent(wa, q);
            sb += Avx512BW.MultiplyAddAdjacent(wb, q);
            sc += Avx512BW.MultiplyAddAdjacent(wc, q);
            sd += Avx512BW.MultiplyAddAdjacent(wd, q);
            ra += Avx512BW.MultiplyAddAdjacent(wa, wa);
            rb += Avx512BW.MultiplyAddAdjacent(wb, wb);
            rc += Avx512BW.MultiplyAddAdjacent(wc, wc);
            rd += Avx512BW.MultiplyAddAdjacent(wd, wd);
        }
        squares = Sums(ra, rb, rc, rd);
        return Sums(sa, sb, sc, sd);
    }

    private static Vector128<int> Dots256(short* query, sbyte* a, sbyte* b, sbyte* c, sbyte* d, nuint length)
    {
        Debug.Assert(length % Int8Dot.Lanes == 0);
        Vector256<int> sa = default, sb = default, sc = default, sd = default;
        for (nuint i = 0; i < length; i += 16)
        {
            Vector256<short> q = Vector256.Load(query + i);
            sa = Int8Dot.Add(sa, Int8Dot.Wide256(a + i), q);
            sb = Int8Dot.Add(sb, Int8Dot.Wide256(b + i), q);
            sc = Int8Dot.Add(sc, Int8Dot.Wide256(c + i), q);
            sd = Int8Dot.Add(sd, Int8Dot.Wide256(d + i), q);
        }
        return Sums(sa, sb, sc, sd);
    }

    private static Vector128<int> Dots256(
        short* query, sbyte* a, sbyte* b, sbyte* c, sbyte* d, nuint length, out Vector128<int> squares)
    {
        Debug.Assert(length % Int8Dot.Lanes == 0);
        Vector256<int> sa = default, sb = default, sc = default, sd = default;
        Vector256<int> ra = default, rb = default, rc = default, rd = default;
        for (nuint i = 0; i < length; i += 16)
        {
            Vector256<short> q = Vector256.Load(query + i);
            Vector256<short> wa = Int8Dot.Wide256(a + i), wb = Int8Dot.Wide256(b + i);
            Vector256<short> wc = Int8Dot.Wide256(c + i), wd = Int8Dot.Wide256(d + i);
            sa = Int8Dot.Add(sa, wa, q);
            sb = Int8Dot.Add(sb, wb, q);
            sc = Int8Dot.Add(sc, wc, q);
            sd = Int8Dot.Add(sd, wd, q);
            ra = Int8Dot.Add(ra, wa, wa);
            rb = Int8Dot.Add(rb, wb, wb);
            rc = Int8Dot.Add(rc, wc, wc);
            rd = Int8Dot.Add(rd, wd, wd);
        }
        squares = Sums(ra, rb, rc, rd);
        return Sums(sa, sb, sc, sd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Wide(sbyte* code) => Avx512BW.ConvertToVector512Int16(Vector256.Load(code));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sums(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d) => Sums(
        a.GetLower() + a.GetUpper(), b.GetLower() + b.GetUpper(), c.GetLower() + c.GetUpper(), d.GetLower() + d.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sums(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        Vector256<int> ab = Avx2.HorizontalAdd(a, b);
        Vector256<int> cd = Avx2.HorizontalAdd(c, d);
        Vector256<int> abcd = Avx2.HorizontalAdd(ab, cd);
        return abcd.GetLower() + abcd.GetUpper();
    }
}
