using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Codes;

/// <summary>
/// A pseudo-random rotation: three rounds of random signs and a fast Hadamard transform. It spreads a vector evenly over its components, so
/// that the signs of these tell its direction. The same for every index of a dimension: it follows from the dimension alone.
/// </summary>
internal sealed unsafe class Rotation : IDisposable
{
    private const int Rounds = 3;

    private readonly NativeBlock _signs;

    /// <param name="dimension">Components of a vector, 1 or more.</param>
    public Rotation(int dimension)
    {
        Debug.Assert(dimension > 0);
        Size = SizeOf(dimension);
        _signs = new NativeBlock((long)Rounds * Size * sizeof(float));
        float* signs = (float*)_signs.Start;
        float scale = 1 / MathF.Sqrt(Size);
        for (int i = 0; i < Rounds * Size; i++)
            signs[i] = (SplitMix64(i) & 1) == 0 ? scale : -scale;
    }

    /// <summary>Components of a rotated vector: the dimension, rounded up to a power of two of at least 16.</summary>
    public int Size { get; }

    /// <summary><see cref="Size"/> for a dimension.</summary>
    public static int SizeOf(int dimension) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(dimension, 16));

    /// <summary>Rotates in place. Lengths and angles stay.</summary>
    /// <param name="values"><see cref="Size"/> components, zero beyond the dimension.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* values)
    {
        for (int round = 0; round < Rounds; round++)
            Hadamard.Transform(values, (float*)_signs.Start + (long)round * Size, Size);
    }

    public void Dispose() => _signs.Dispose();

    /// <summary>Steele, Lea &amp; Flood 2014, seed 0. Part of the file format: never changes.</summary>
    private static ulong SplitMix64(int counter)
    {
        ulong z = ((ulong)counter + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
