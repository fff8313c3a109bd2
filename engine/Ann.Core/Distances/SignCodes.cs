using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>The signs of a rotated vector, and the sums that tell how well they stand for it.</summary>
internal static unsafe class SignCodes
{
    /// <summary>
    /// Writes the sign bits of one lane for <see cref="FastScan"/> (set for 0 and above), and returns Σ|xᵢ| and Σ±oᵢ with the signs of x.
    /// </summary>
    /// <param name="values">x, rotated.</param>
    /// <param name="origin">o, rotated.</param>
    /// <param name="bits">Components looked at: a multiple of <see cref="FastScan.BitsStep"/>.</param>
    /// <param name="codes">First byte of the lane; the next lies <see cref="FastScan.Lanes"/> bytes behind.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (float Magnitudes, float Along) Encode(float* values, float* origin, int bits, byte* codes)
    {
        Debug.Assert(bits % FastScan.BitsStep == 0);
        Vector512<float> magnitudes = default, along = default;
        for (int i = 0; i < bits; i += FastScan.BitsStep, codes += 2 * FastScan.Lanes)
        {
            Vector512<float> value = Vector512.Load(values + i);
            Vector512<float> negative = Vector512.LessThan(value, Vector512<float>.Zero);
            magnitudes += Vector512.Abs(value);
            Vector512<float> other = Vector512.Load(origin + i);
            along += Vector512.ConditionalSelect(negative, -other, other);
            ulong signs = ~negative.ExtractMostSignificantBits();
            codes[0] = (byte)signs;
            codes[FastScan.Lanes] = (byte)(signs >> 8);
        }
        return (QueryQuantisation.Sum(magnitudes), QueryQuantisation.Sum(along));
    }
}
