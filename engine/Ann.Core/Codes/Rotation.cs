using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Codes;

/// <summary>
/// A pseudo-random rotation: three rounds of random signs and a fast Hadamard transform. It spreads a vector evenly over its components, so
/// that the signs of these tell its direction, and one step suits all. The same for every index of a dimension: it follows from the
/// dimension alone.
/// </summary>
/// <remarks>
/// A transform needs a power of two. Codes would grow by up to twice that way: where theirs (<see cref="ForCodes"/>) have another size, a
/// round transforms the first components, as many as the largest power of two below, mixes both halves of all by sums and differences,
/// and does both again for the last components.
/// </remarks>
internal sealed unsafe class Rotation : IDisposable
{
    private const int Rounds = 3;

    private readonly NativeBlock _signs;

    private readonly int _window;
    private readonly int _transforms;

    /// <summary>For estimates.</summary>
    /// <param name="dimension">Components of a vector, 1 or more.</param>
    public Rotation(int dimension)
        : this(SizeOf(dimension), SizeOf(dimension))
    {
        Debug.Assert(dimension > 0);
    }

    private Rotation(int size, int window)
    {
        Size = size;
        _window = window;
        _transforms = window == size ? Rounds : 2 * Rounds;
        _signs = new NativeBlock((long)_transforms * window * sizeof(float));
        float* signs = (float*)_signs.Start;
        float scale = 1 / MathF.Sqrt(window);
        for (int i = 0; i < _transforms * window; i++)
            signs[i] = (SplitMix64(i) & 1) == 0 ? scale : -scale;
    }

    /// <summary>For 4-bit codes, of which each has as many components as <see cref="Size"/>.</summary>
    /// <param name="size">A multiple of 64.</param>
    public static Rotation ForCodes(int size)
    {
        Debug.Assert(size > 0 && size % 64 == 0);
        return new Rotation(size, 1 << BitOperations.Log2((uint)size));
    }

    /// <summary>
    /// Components of a rotated vector: for estimates the dimension, rounded up to a power of two of at least 16; for codes theirs.
    /// </summary>
    public int Size { get; }

    /// <summary><see cref="Size"/> for a dimension.</summary>
    public static int SizeOf(int dimension) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(dimension, 16));

    /// <summary>Rotates in place. Lengths and angles stay.</summary>
    /// <param name="values"><see cref="Size"/> components, zero beyond the dimension.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* values)
    {
        for (int i = 0; i < _transforms; i++)
        {
            // Of two windows, the odd ones are the last.
            Hadamard.Transform(values + ((i & 1) == 0 ? 0 : Size - _window), (float*)_signs.Start + (long)i * _window, _window);
            if (_window < Size)
                Hadamard.MixHalves(values, Size / 2);
        }
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
