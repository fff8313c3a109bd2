using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ann.Core.Distances;

/// <summary>Brings vectors into the order in which <see cref="ProductTile"/> reads them.</summary>
internal static unsafe class ProductPanels
{
    /// <summary>Packs vectors that lie one after another: the first component of all, then the second of all.</summary>
    /// <param name="vectors">The first component of the first one; each as long as <paramref name="stride"/>, padded with zeros.</param>
    /// <param name="count">How many; places behind them become zero.</param>
    /// <param name="stride">Floats from one to the next, a multiple of four.</param>
    /// <param name="length">Components that are packed.</param>
    /// <param name="width">Vectors of a panel.</param>
    /// <param name="panel">Room for <paramref name="width"/> times <paramref name="length"/> floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* vectors, int count, int stride, int length, int width, float* panel)
    {
        Debug.Assert(count <= width);
        Debug.Assert(stride % 4 == 0 && length <= stride);
        int vector = 0;
        for (; vector + 4 <= count; vector += 4)
        {
            float* from = vectors + ((long)vector * stride);
            int i = 0;
            for (; i + 4 <= length; i += 4)
                Transpose(from + i, stride, panel + ((long)i * width) + vector, width);
            for (; i < length; i++)
                for (int j = 0; j < 4; j++)
                    panel[((long)i * width) + vector + j] = from[((long)j * stride) + i];
        }
        for (; vector < width; vector++)
            for (int i = 0; i < length; i++)
                panel[((long)i * width) + vector] = vector < count ? vectors[((long)vector * stride) + i] : 0;
    }

    /// <summary>Writes the difference of two vectors; each component is rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Subtract(ReadOnlySpan<float> vector, ReadOnlySpan<float> shift, Span<float> difference)
    {
        int i = 0;
        for (; i + Vector256<float>.Count <= vector.Length; i += Vector256<float>.Count)
            (Vector256.Create(vector[i..]) - Vector256.Create(shift[i..])).CopyTo(difference[i..]);
        for (; i < vector.Length; i++)
            difference[i] = vector[i] - shift[i];
    }

    /// <summary>Four components of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(float* from, long stride, float* to, long width)
    {
        if (!Sse.IsSupported)
        {
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++)
                    to[(i * width) + j] = from[(j * stride) + i];
            return;
        }
        Vector128<float> a = Vector128.Load(from);
        Vector128<float> b = Vector128.Load(from + stride);
        Vector128<float> c = Vector128.Load(from + (2 * stride));
        Vector128<float> d = Vector128.Load(from + (3 * stride));
        (Vector128<float> abLow, Vector128<float> abHigh) = (Sse.UnpackLow(a, b), Sse.UnpackHigh(a, b));
        (Vector128<float> cdLow, Vector128<float> cdHigh) = (Sse.UnpackLow(c, d), Sse.UnpackHigh(c, d));
        Sse.MoveLowToHigh(abLow, cdLow).Store(to);
        Sse.MoveHighToLow(cdLow, abLow).Store(to + width);
        Sse.MoveLowToHigh(abHigh, cdHigh).Store(to + (2 * width));
        Sse.MoveHighToLow(cdHigh, abHigh).Store(to + (3 * width));
    }
}
