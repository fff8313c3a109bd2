using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>Makes distances of four inner products with codes that have factors of their own.</summary>
internal static unsafe class FourFactors
{
    /// <summary>Puts offset + weight · product in the place of each of four products.</summary>
    /// <param name="products">The four.</param>
    /// <param name="a">Offset and weight of the first.</param>
    /// <param name="b">Of the second.</param>
    /// <param name="c">Of the third.</param>
    /// <param name="d">Of the fourth.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* products, float* a, float* b, float* c, float* d) =>
        (Vector128.Create(a[0], b[0], c[0], d[0]) + Vector128.Create(a[1], b[1], c[1], d[1]) * Vector128.Load(products)).Store(products);
}
