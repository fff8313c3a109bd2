using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ann.Core.Distances;

/// <summary>
/// Inner products of a 16-bit query with 4-bit codes, in exact integers. A code is blocks of 32 bytes for 64 components: 16 words of 16
/// bits, of which word j holds the components j, 16 + j, 32 + j and 48 + j, the first lowest. A shift and a mask so give components in the
/// order of the query, at every register width.
/// </summary>
/// <remarks>
/// A component u, 0 to 15, stands for u − 7½. Sums are of 2u − 15, so that they are whole numbers: Σ q·(2u − 15) = 2·Σ q·u − 15·Σ q.
/// </remarks>
internal static unsafe class Int4Dot
{
    /// <summary>Components of a block: a code is padded to a multiple of them.</summary>
    public const int Lanes = 64;

    /// <summary>Largest magnitude of 2u − 15.</summary>
    public const int Largest = 15;

    private const int WordsOfBlock = 16;

    /// <summary>Largest magnitude of a query component for which no sum of <paramref name="length"/> products overflows 32 bits.</summary>
    /// <param name="length">Components.</param>
    public static int MaxQueryComponent(int length) => (int)Math.Min(short.MaxValue, int.MaxValue / ((long)Largest * length));

    /// <summary>Σ queryᵢ · (2·codeᵢ − 15).</summary>
    /// <param name="query">Components within ±<see cref="MaxQueryComponent"/>.</param>
    /// <param name="code">The code.</param>
    /// <param name="length">Components: a positive multiple of <see cref="Lanes"/>.</param>
    /// <param name="bias">15 · Σ queryᵢ: <see cref="BiasOf"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Between(short* query, byte* code, nuint length, int bias)
    {
        Debug.Assert(length > 0 && length % Lanes == 0, "codes are padded, so kernels carry no tail loop");
        int dot = Avx2.IsSupported ? Between256(query, code, length)
            : SimdWidth.Has128 ? Between128(query, code, length)
            : BetweenScalar(query, code, length);
        return 2 * dot - bias;
    }

    /// <summary>
    /// Writes <paramref name="unit"/> times the same of four codes, whose sums across lanes are made together and rounded to float32.
    /// </summary>
    /// <inheritdoc cref="Between"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Four(
        short* query, byte* a, byte* b, byte* c, byte* d, nuint length, int bias, float unit, float* results)
    {
        Debug.Assert(length > 0 && length % Lanes == 0);
        Vector128<int> dots = SimdWidth.Has512 && Avx512BW.IsSupported ? Four512(query, a, b, c, d, length)
            : Avx2.IsSupported ? Four256(query, a, b, c, d, length)
            : SimdWidth.Has128 ? Vector128.Create(
                Between128(query, a, length), Between128(query, b, length), Between128(query, c, length), Between128(query, d, length))
            : Vector128.Create(
                BetweenScalar(query, a, length), BetweenScalar(query, b, length), BetweenScalar(query, c, length),
                BetweenScalar(query, d, length));
        (Vector128.ConvertToSingle(dots + dots - Vector128.Create(bias)) * unit).Store(results);
    }

    /// <summary>15 · Σ queryᵢ.</summary>
    public static int BiasOf(ReadOnlySpan<short> query)
    {
        int sum = 0;
        foreach (short component in query)
            sum += component;
        return Largest * sum;
    }

    /// <summary>Writes a code.</summary>
    /// <param name="components">0 to 15 each; a multiple of <see cref="Lanes"/> of them.</param>
    /// <param name="code">Room for half as many bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // of a build
    public static void Pack(ReadOnlySpan<byte> components, byte* code)
    {
        Debug.Assert(components.Length % Lanes == 0);
        ushort* words = (ushort*)code;
        for (int from = 0; from < components.Length; from += Lanes, words += WordsOfBlock)
        {
            ReadOnlySpan<byte> block = components.Slice(from, Lanes);
            for (int j = 0; j < WordsOfBlock; j++)
                words[j] = (ushort)(block[j] | block[16 + j] << 4 | block[32 + j] << 8 | block[48 + j] << 12);
        }
    }

    private static Vector128<int> Four512(short* query, byte* a, byte* b, byte* c, byte* d, nuint length)
    {
        Vector512<int> sa = default, sb = default, sc = default, sd = default;
        nuint i = 0;
        for (; i + 2 * Lanes <= length; i += 2 * Lanes)
        {
            short* first = query + i;
            Vector512<short> q0 = Planes(first), q1 = Planes(first + 16), q2 = Planes(first + 32), q3 = Planes(first + 48);
            sa = AddTwo(sa, a + i / 2, q0, q1, q2, q3);
            sb = AddTwo(sb, b + i / 2, q0, q1, q2, q3);
            sc = AddTwo(sc, c + i / 2, q0, q1, q2, q3);
            sd = AddTwo(sd, d + i / 2, q0, q1, q2, q3);
        }
        Vector256<int> ha = sa.GetLower() + sa.GetUpper(), hb = sb.GetLower() + sb.GetUpper();
        Vector256<int> hc = sc.GetLower() + sc.GetUpper(), hd = sd.GetLower() + sd.GetUpper();
        if (i < length) // an odd block
        {
            ha = Add(ha, query + i, a + i / 2);
            hb = Add(hb, query + i, b + i / 2);
            hc = Add(hc, query + i, c + i / 2);
            hd = Add(hd, query + i, d + i / 2);
        }
        return Sums(ha, hb, hc, hd);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector512<short> Planes(short* plane) => Vector512.Create(Vector256.Load(plane), Vector256.Load(plane + Lanes));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector512<int> AddTwo(
            Vector512<int> sum, byte* code, Vector512<short> q0, Vector512<short> q1, Vector512<short> q2, Vector512<short> q3)
        {
            Vector512<ushort> words = Vector512.Load((ushort*)code);
            Vector512<ushort> low = Vector512.Create((ushort)15);
            return sum + (Avx512BW.MultiplyAddAdjacent((words & low).AsInt16(), q0)
                    + Avx512BW.MultiplyAddAdjacent(((words >>> 4) & low).AsInt16(), q1))
                + (Avx512BW.MultiplyAddAdjacent(((words >>> 8) & low).AsInt16(), q2)
                    + Avx512BW.MultiplyAddAdjacent((words >>> 12).AsInt16(), q3));
        }
    }

    private static Vector128<int> Four256(short* query, byte* a, byte* b, byte* c, byte* d, nuint length)
    {
        Vector256<int> sa = default, sb = default, sc = default, sd = default;
        for (nuint i = 0; i < length; i += Lanes)
        {
            sa = Add(sa, query + i, a + i / 2);
            sb = Add(sb, query + i, b + i / 2);
            sc = Add(sc, query + i, c + i / 2);
            sd = Add(sd, query + i, d + i / 2);
        }
        return Sums(sa, sb, sc, sd);
    }

    private static int Between256(short* query, byte* code, nuint length)
    {
        Vector256<int> sum = default;
        for (nuint i = 0; i < length; i += Lanes)
            sum = Add(sum, query + i, code + i / 2);
        return Vector256.Sum(sum);
    }

    /// <summary>Adds the products of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Add(Vector256<int> sum, short* query, byte* code)
    {
        Vector256<ushort> words = Vector256.Load((ushort*)code);
        Vector256<ushort> low = Vector256.Create((ushort)15);
        sum = Int8Dot.Add(sum, (words & low).AsInt16(), Vector256.Load(query));
        sum = Int8Dot.Add(sum, ((words >>> 4) & low).AsInt16(), Vector256.Load(query + 16));
        sum = Int8Dot.Add(sum, ((words >>> 8) & low).AsInt16(), Vector256.Load(query + 32));
        return Int8Dot.Add(sum, (words >>> 12).AsInt16(), Vector256.Load(query + 48));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sums(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        Vector256<int> abcd = Avx2.HorizontalAdd(Avx2.HorizontalAdd(a, b), Avx2.HorizontalAdd(c, d));
        return abcd.GetLower() + abcd.GetUpper();
    }

    private static int Between128(short* query, byte* code, nuint length)
    {
        Vector128<int> s0 = default, s1 = default;
        Vector128<ushort> low = Vector128.Create((ushort)15);
        for (nuint i = 0; i < length; i += Lanes)
        {
            for (nuint half = 0; half < WordsOfBlock; half += 8)
            {
                Vector128<ushort> words = Vector128.Load((ushort*)(code + i / 2) + half);
                short* q = query + i + half;
                s0 = Int8Dot.Add(s0, (words & low).AsInt16(), Vector128.Load(q));
                s1 = Int8Dot.Add(s1, ((words >>> 4) & low).AsInt16(), Vector128.Load(q + 16));
                s0 = Int8Dot.Add(s0, ((words >>> 8) & low).AsInt16(), Vector128.Load(q + 32));
                s1 = Int8Dot.Add(s1, (words >>> 12).AsInt16(), Vector128.Load(q + 48));
            }
        }
        return Vector128.Sum(s0 + s1);
    }

    private static int BetweenScalar(short* query, byte* code, nuint length)
    {
        int sum = 0;
        ushort* words = (ushort*)code;
        for (nuint i = 0; i < length; i += Lanes, words += WordsOfBlock)
        {
            for (nuint j = 0; j < WordsOfBlock; j++)
            {
                short* q = query + i + j;
                sum += q[0] * (words[j] & 15) + q[16] * (words[j] >> 4 & 15) + q[32] * (words[j] >> 8 & 15) + q[48] * (words[j] >> 12);
            }
        }
        return sum;
    }
}
