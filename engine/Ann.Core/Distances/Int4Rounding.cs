using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>
/// Rounds vectors to 4 bits a component: written with 512-bit vectors whatever the machine has, so that all register widths agree to the
/// bit.
/// </summary>
internal static unsafe class Int4Rounding
{
    /// <summary>
    /// How well a step suits: ⟨x, c⟩²/|c|² of the components c that it rounds x to. The larger, the smaller the angle between both.
    /// </summary>
    /// <param name="values">x.</param>
    /// <param name="length">Components, a multiple of 16.</param>
    /// <param name="inverse">1 over the step.</param>
    /// <param name="along">⟨x, c⟩.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // of a build
    public static float Fit(float* values, int length, float inverse, out float along)
    {
        Debug.Assert(length % 16 == 0);
        Vector512<float> dots = default, squares = default;
        for (int i = 0; i < length; i += 16)
        {
            Vector512<float> x = Vector512.Load(values + i);
            Vector512<float> c = Levels(x, inverse) - Vector512.Create(7.5f);
            dots += x * c;
            squares += c * c;
        }
        along = QueryQuantisation.Sum(dots);
        return along * along / QueryQuantisation.Sum(squares);
    }

    /// <summary>Rounds.</summary>
    /// <param name="values">x.</param>
    /// <param name="length">Components, a multiple of 16.</param>
    /// <param name="inverse">1 over the step; 0 for a vector that is zero.</param>
    /// <param name="components">0 to 15 each, of which u stands for u − 7½ steps.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(float* values, int length, float inverse, Span<byte> components)
    {
        Debug.Assert(length % 16 == 0 && components.Length == length);
        for (int i = 0; i < length; i += 16)
        {
            Vector512<int> levels = Vector512.ConvertToInt32(Levels(Vector512.Load(values + i), inverse));
            for (int lane = 0; lane < 16; lane++)
                components[i + lane] = (byte)levels[lane];
        }
    }

    /// <summary>The nearest of 0 to 15, ties to even, as the sum is rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Levels(Vector512<float> values, float inverse) => Vector512.Min(
        Vector512.Max(Vector512.Round(values * Vector512.Create(inverse) + Vector512.Create(7.5f)), default),
        Vector512.Create(15f));
}
