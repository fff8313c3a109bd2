using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Ann.Core.Distances;

/// <summary>
/// Scores 32 neighbours in one pass of byte shuffles (FastScan: André, Kermarrec &amp; Le Scouarnec, VLDB 2015): their codes are stored
/// transposed, and a table of 16 partial sums per four bits sits in one register.
/// </summary>
/// <remarks>
/// <para>Codes of one group of 32 lanes: for each two quads of bits (eight bits of every lane) 32 bytes, one a lane: the first quad in
/// the low half, the second in the high half. The number of bits is a multiple of <see cref="BitsStep"/>.</para>
/// <para>Tables: for each four quads 128 bytes: the tables of quads 0, 0, 2, 2 and then those of 1, 1, 3, 3, of 16 bytes each. Doubled,
/// they match 512-bit registers without a permutation. Entries are at most <see cref="MaxEntry"/>, so that two of them add up within a
/// byte.</para>
/// <para>Sums are integers, and the rest is done lane by lane in the same order at every register width: all agree to the bit.</para>
/// </remarks>
internal static unsafe class FastScan
{
    /// <summary>Lanes scored at once.</summary>
    public const int Lanes = 32;

    /// <summary>Codes have a multiple of this many bits.</summary>
    public const int BitsStep = 16;

    /// <summary>Most bits for which no sum overflows 16 bits.</summary>
    public const int MaxBits = 2048;

    /// <summary>Largest table entry.</summary>
    public const int MaxEntry = 127;

    /// <summary>Bytes of the codes of 32 lanes.</summary>
    public static int CodeBytes(int bits) => bits / 8 * Lanes;

    /// <summary>Bytes of the tables of a query.</summary>
    public static int TableBytes(int bits) => bits / 4 * 32;

    /// <summary>First byte of the table of a quad of bits, in its first copy; the second follows 16 bytes later.</summary>
    public static int TableOffset(int quad) => quad / 4 * 128 + (quad & 1) * 64 + (quad / 2 & 1) * 32;

    /// <summary>
    /// One bit a lane, set where <c>basis + addends[lane] + weights[lane] · (step · sum[lane] + offset) &lt; limit</c>, with the sum of the
    /// lane's table entries.
    /// </summary>
    /// <param name="codes">Transposed codes of 32 lanes, 32-byte aligned.</param>
    /// <param name="bits">Bits a lane.</param>
    /// <param name="tables">Tables of the query, 64-byte aligned.</param>
    /// <param name="factors">32 addends, then 32 weights, as bfloat16.</param>
    /// <param name="step">What one unit of a sum is worth.</param>
    /// <param name="offset">Added to each scaled sum.</param>
    /// <param name="basis">Added to each result.</param>
    /// <param name="limit">Results below it are reported.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Below(byte* codes, int bits, byte* tables, ushort* factors, float step, float offset, float basis, float limit)
    {
        Debug.Assert(bits is > 0 and <= MaxBits && bits % BitsStep == 0);

        return SimdWidth.Has512 && Avx512BW.IsSupported
            ? Below512(codes, bits, tables, factors, step, offset, basis, limit)
            : Avx2.IsSupported ? Below256(codes, bits, tables, factors, step, offset, basis, limit)
            : Below128Down(codes, bits, tables, factors, step, offset, basis, limit);
    }

    private static uint Below512(
        byte* codes, int bits, byte* tables, ushort* factors, float step, float offset, float basis, float limit)
    {
        Vector512<byte> lowHalf = Vector512.Create((byte)0x0F);
        Vector512<ushort> all = default, odd = default;
        byte* end = codes + CodeBytes(bits);
        for (; codes < end; codes += 64, tables += 128)
        {
            Vector512<byte> code = Vector512.Load(codes);
            Vector512<byte> sum = Avx512BW.Shuffle(Vector512.Load(tables), code & lowHalf)
                + Avx512BW.Shuffle(Vector512.Load(tables + 64), (code.AsUInt16() >>> 4).AsByte() & lowHalf);
            all += sum.AsUInt16();
            odd += sum.AsUInt16() >>> 8;
        }

        // "all" holds even + 256·odd, modulo 2¹⁶; the two halves hold the same lanes.
        Vector256<ushort> odds = odd.GetLower() + odd.GetUpper();
        Vector256<ushort> evens = all.GetLower() + all.GetUpper() - (odds << 8);
        Vector256<ushort> low = Avx2.UnpackLow(evens, odds);   // lanes 0–7, 16–23
        Vector256<ushort> high = Avx2.UnpackHigh(evens, odds); // lanes 8–15, 24–31
        uint first = Below(Avx2.Permute2x128(low, high, 0x20), factors);
        uint second = Below(Avx2.Permute2x128(low, high, 0x31), factors + 16);
        return first | (second << 16);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        uint Below(Vector256<ushort> sums, ushort* factors)
        {
            Vector512<float> sum = Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(sums));
            Vector512<float> addend = (Avx512F.ConvertToVector512Int32(Vector256.Load(factors)) << 16).AsSingle();
            Vector512<float> weight = (Avx512F.ConvertToVector512Int32(Vector256.Load(factors + Lanes)) << 16).AsSingle();
            Vector512<float> result = Vector512.Create(basis) + addend
                + weight * (Vector512.Create(step) * sum + Vector512.Create(offset));
            return (uint)Vector512.LessThan(result, Vector512.Create(limit)).ExtractMostSignificantBits();
        }
    }

    private static uint Below256(
        byte* codes, int bits, byte* tables, ushort* factors, float step, float offset, float basis, float limit)
    {
        Vector256<byte> lowHalf = Vector256.Create((byte)0x0F);
        Vector256<ushort> all = default, odds = default;
        byte* end = codes + CodeBytes(bits);
        for (; codes < end; codes += 2 * Lanes, tables += 128)
        {
            Vector256<byte> first = Sum(Vector256.Load(codes), tables);
            Vector256<byte> second = Sum(Vector256.Load(codes + Lanes), tables + 32);
            all += first.AsUInt16() + second.AsUInt16();
            odds += (first.AsUInt16() >>> 8) + (second.AsUInt16() >>> 8);
        }

        // "all" holds even + 256·odd, modulo 2¹⁶.
        Vector256<ushort> evens = all - (odds << 8);
        Vector256<ushort> low = Avx2.UnpackLow(evens, odds);   // lanes 0–7, 16–23
        Vector256<ushort> high = Avx2.UnpackHigh(evens, odds); // lanes 8–15, 24–31
        return Below(low.GetLower(), factors) | (Below(high.GetLower(), factors + 8) << 8)
            | (Below(low.GetUpper(), factors + 16) << 16) | (Below(high.GetUpper(), factors + 24) << 24);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        Vector256<byte> Sum(Vector256<byte> code, byte* tables) =>
            Avx2.Shuffle(Vector256.Load(tables), code & lowHalf)
            + Avx2.Shuffle(Vector256.Load(tables + 64), (code.AsUInt16() >>> 4).AsByte() & lowHalf);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        uint Below(Vector128<ushort> sums, ushort* factors)
        {
            Vector256<float> sum = Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(sums));
            Vector256<float> addend = (Avx2.ConvertToVector256Int32(Vector128.Load(factors)) << 16).AsSingle();
            Vector256<float> weight = (Avx2.ConvertToVector256Int32(Vector128.Load(factors + Lanes)) << 16).AsSingle();
            Vector256<float> result = Vector256.Create(basis) + addend
                + weight * (Vector256.Create(step) * sum + Vector256.Create(offset));
            return Vector256.LessThan(result, Vector256.Create(limit)).ExtractMostSignificantBits();
        }
    }

    private static uint Below128Down(
        byte* codes, int bits, byte* tables, ushort* factors, float step, float offset, float basis, float limit)
    {
        ushort* sums = stackalloc ushort[Lanes];
        if (Ssse3.IsSupported || AdvSimd.Arm64.IsSupported)
            Sums128(codes, bits, tables, sums);
        else
            SumsScalar(codes, bits, tables, sums);

        uint below = 0;
        for (int lane = 0; lane < Lanes; lane++)
        {
            float addend = BitConverter.Int32BitsToSingle(factors[lane] << 16);
            float weight = BitConverter.Int32BitsToSingle(factors[Lanes + lane] << 16);
            if (basis + addend + weight * (step * sums[lane] + offset) < limit)
                below |= 1u << lane;
        }
        return below;
    }

    private static void Sums128(byte* codes, int bits, byte* tables, ushort* sums)
    {
        Vector128<byte> lowHalf = Vector128.Create((byte)0x0F);
        for (int lane = 0; lane < Lanes; lane += 16)
        {
            Vector128<ushort> low = default, high = default;
            for (int quads = 0; quads < bits / 4; quads += 2)
            {
                byte* table = tables + TableOffset(quads);
                Vector128<byte> code = Vector128.Load(codes + quads / 2 * Lanes + lane);
                Vector128<byte> sum = Shuffle(Vector128.Load(table), code & lowHalf)
                    + Shuffle(Vector128.Load(table + 64), (code.AsUInt16() >>> 4).AsByte() & lowHalf);
                (Vector128<ushort> first, Vector128<ushort> second) = Vector128.Widen(sum);
                low += first;
                high += second;
            }
            low.Store(sums + lane);
            high.Store(sums + lane + 8);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector128<byte> Shuffle(Vector128<byte> table, Vector128<byte> index) =>
            Ssse3.IsSupported ? Ssse3.Shuffle(table, index) : AdvSimd.Arm64.VectorTableLookup(table, index);
    }

    private static void SumsScalar(byte* codes, int bits, byte* tables, ushort* sums)
    {
        for (int lane = 0; lane < Lanes; lane++)
        {
            int sum = 0;
            for (int quads = 0; quads < bits / 4; quads += 2)
            {
                byte* table = tables + TableOffset(quads);
                byte code = codes[quads / 2 * Lanes + lane];
                sum += table[code & 0x0F] + table[64 + (code >> 4)];
            }
            sums[lane] = (ushort)sum;
        }
    }
}
