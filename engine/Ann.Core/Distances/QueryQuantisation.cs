using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>
/// What is computed once a query, over padded rows: written with 512-bit vectors whatever the machine has, so that all register widths
/// agree to the bit.
/// </summary>
internal static unsafe class QueryQuantisation
{
    /// <summary>target = from − what, over a padded row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Subtract(float* target, float* from, float* what, int stride)
    {
        Debug.Assert(stride % VectorTable.Lanes == 0);
        for (int i = 0; i < stride; i += VectorTable.Lanes)
            (Vector512.Load(from + i) - Vector512.Load(what + i)).Store(target + i);
    }

    /// <summary>Largest magnitude of a padded row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Largest(float* values, int stride)
    {
        Vector512<float> largest = default;
        for (int i = 0; i < stride; i += VectorTable.Lanes)
            largest = Vector512.Max(largest, Vector512.Abs(Vector512.Load(values + i)));
        float result = 0;
        for (int lane = 0; lane < VectorTable.Lanes; lane++)
            result = MathF.Max(result, largest[lane]);
        return result;
    }

    /// <summary>Σ aᵢ·bᵢ over padded rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* a, float* b, int stride)
    {
        Vector512<float> sums = default;
        for (int i = 0; i < stride; i += VectorTable.Lanes)
            sums += Vector512.Load(a + i) * Vector512.Load(b + i);
        return Sum(sums);
    }

    /// <summary>Σ (aᵢ − bᵢ)² over padded rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SquaredDifference(float* a, float* b, int stride)
    {
        Vector512<float> sums = default;
        for (int i = 0; i < stride; i += VectorTable.Lanes)
        {
            Vector512<float> difference = Vector512.Load(a + i) - Vector512.Load(b + i);
            sums += difference * difference;
        }
        return Sum(sums);
    }

    /// <summary>Sum of the lanes, halves first.</summary>
    public static float Sum(Vector512<float> values)
    {
        Vector256<float> half = values.GetLower() + values.GetUpper();
        Vector128<float> quarter = half.GetLower() + half.GetUpper();
        return (quarter[0] + quarter[1]) + (quarter[2] + quarter[3]);
    }

    /// <summary>Rounds a padded row, scaled, to 16-bit integers within ±<paramref name="limit"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToInt16(float* values, int stride, float scale, int limit, short* target)
    {
        Vector512<float> most = Vector512.Create((float)limit);
        for (int i = 0; i < stride; i += VectorTable.Lanes)
        {
            Vector512<float> scaled = Vector512.Load(values + i) * Vector512.Create(scale);
            Vector512<int> rounded = Vector512.ConvertToInt32(Vector512.Round(Vector512.Min(Vector512.Max(scaled, -most), most)));
            Vector256.Narrow(rounded.GetLower(), rounded.GetUpper()).Store(target + i);
        }
    }

    /// <summary>
    /// Fills the table of one quad of rotated components for <see cref="FastScan"/>, both copies: entry i is twice the sum of |x| over the
    /// components whose sign agrees with their bit of i.
    /// </summary>
    public static void FillTable(float* values, float scale, byte* table)
    {
        Vector512<float> sum = Agreeing(values[0], Vector512.Create(0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1))
            + Agreeing(values[1], Vector512.Create(0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1))
            + Agreeing(values[2], Vector512.Create(0, 0, 0, 0, -1, -1, -1, -1, 0, 0, 0, 0, -1, -1, -1, -1))
            + Agreeing(values[3], Vector512.Create(0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1));
        Vector512<int> rounded = Vector512.ConvertToInt32(Vector512.Round(sum * Vector512.Create(2 * scale)));
        Vector256<short> words = Vector256.Narrow(rounded.GetLower(), rounded.GetUpper());
        Vector128<byte> bytes = Vector128.Narrow(words.GetLower(), words.GetUpper()).AsByte();
        bytes.Store(table);
        bytes.Store(table + 16);

        static Vector512<float> Agreeing(float value, Vector512<int> positive) => Vector512.ConditionalSelect(
            positive.AsSingle(), Vector512.Create(MathF.Max(value, 0)), Vector512.Create(MathF.Max(-value, 0)));
    }
}
