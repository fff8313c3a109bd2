using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>
/// Products of a few queries with a panel of rows, kept in registers while all components pass by: a step reads two vectors of rows and one
/// number of each query, and makes a fused multiply-add for each register. That is what comes near the arithmetic of the machine.
/// </summary>
/// <remarks>
/// Queries and rows are packed: component after component, <see cref="Queries"/> and <see cref="Rows"/> numbers each. A product is one sum
/// in the order of the components, so its error is at most <c>length + 2</c> roundings of the product of the lengths.
/// </remarks>
internal static unsafe class ProductTile
{
    /// <summary>Queries of a tile: as many as the registers of the machine hold, twice over, beside those that are read.</summary>
    public static int Queries => SimdWidth.Has512 ? 12 : 6;

    /// <summary>Rows of a panel: two registers.</summary>
    public static int Rows => SimdWidth.Has512 ? 32 : SimdWidth.Has256 ? 16 : 8;

    /// <summary>Most that <see cref="Queries"/> times <see cref="Rows"/> is on any machine.</summary>
    public const int MostProducts = 12 * 32;

    /// <summary>Writes <see cref="Queries"/> times <see cref="Rows"/> products: a query after another.</summary>
    /// <param name="queries">A packed panel of queries.</param>
    /// <param name="rows">A packed panel of rows, 64-byte aligned.</param>
    /// <param name="length">Components, 1 or more.</param>
    /// <param name="products">Where they go, 64-byte aligned.</param>
    /// <param name="continues">True to go on with the sums that are there: those of the components before these.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(float* queries, float* rows, int length, float* products, bool continues)
    {
        Debug.Assert(length > 0);
        if (SimdWidth.Has512)
            Multiply512(queries, rows, length, products, continues);
        else if (SimdWidth.Has256)
            Multiply256(queries, rows, length, products, continues);
        else
            Multiply128(queries, rows, length, products, continues);
    }

    // The three twins are written out: sums in an array, or of a generic vector type, would live in memory instead of in registers.

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply512(float* queries, float* rows, int length, float* products, bool continues)
    {
        Vector512<float> a0 = default, b0 = default, a1 = default, b1 = default, a2 = default, b2 = default, a3 = default, b3 = default;
        Vector512<float> a4 = default, b4 = default, a5 = default, b5 = default, a6 = default, b6 = default, a7 = default, b7 = default;
        Vector512<float> a8 = default, b8 = default, a9 = default, b9 = default, a10 = default, b10 = default, a11 = default, b11 = default;
        if (continues)
        {
            Load(products, out a0, out b0);
            Load(products + 32, out a1, out b1);
            Load(products + 64, out a2, out b2);
            Load(products + 96, out a3, out b3);
            Load(products + 128, out a4, out b4);
            Load(products + 160, out a5, out b5);
            Load(products + 192, out a6, out b6);
            Load(products + 224, out a7, out b7);
            Load(products + 256, out a8, out b8);
            Load(products + 288, out a9, out b9);
            Load(products + 320, out a10, out b10);
            Load(products + 352, out a11, out b11);
        }
        for (float* end = rows + ((long)length * 32); rows < end; rows += 32, queries += 12)
        {
            Vector512<float> low = Vector512.Load(rows);
            Vector512<float> high = Vector512.Load(rows + 16);
            Step(queries[0], low, high, ref a0, ref b0);
            Step(queries[1], low, high, ref a1, ref b1);
            Step(queries[2], low, high, ref a2, ref b2);
            Step(queries[3], low, high, ref a3, ref b3);
            Step(queries[4], low, high, ref a4, ref b4);
            Step(queries[5], low, high, ref a5, ref b5);
            Step(queries[6], low, high, ref a6, ref b6);
            Step(queries[7], low, high, ref a7, ref b7);
            Step(queries[8], low, high, ref a8, ref b8);
            Step(queries[9], low, high, ref a9, ref b9);
            Step(queries[10], low, high, ref a10, ref b10);
            Step(queries[11], low, high, ref a11, ref b11);
        }
        Store(products, a0, b0);
        Store(products + 32, a1, b1);
        Store(products + 64, a2, b2);
        Store(products + 96, a3, b3);
        Store(products + 128, a4, b4);
        Store(products + 160, a5, b5);
        Store(products + 192, a6, b6);
        Store(products + 224, a7, b7);
        Store(products + 256, a8, b8);
        Store(products + 288, a9, b9);
        Store(products + 320, a10, b10);
        Store(products + 352, a11, b11);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Step(float query, Vector512<float> low, Vector512<float> high, ref Vector512<float> a, ref Vector512<float> b)
        {
            Vector512<float> all = Vector512.Create(query);
            a = Vector512.MultiplyAddEstimate(all, low, a);
            b = Vector512.MultiplyAddEstimate(all, high, b);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Load(float* from, out Vector512<float> a, out Vector512<float> b)
        {
            a = Vector512.Load(from);
            b = Vector512.Load(from + 16);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Store(float* to, Vector512<float> a, Vector512<float> b)
        {
            a.Store(to);
            b.Store(to + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply256(float* queries, float* rows, int length, float* products, bool continues)
    {
        Vector256<float> a0 = default, b0 = default, a1 = default, b1 = default, a2 = default, b2 = default;
        Vector256<float> a3 = default, b3 = default, a4 = default, b4 = default, a5 = default, b5 = default;
        if (continues)
        {
            Load(products, out a0, out b0);
            Load(products + 16, out a1, out b1);
            Load(products + 32, out a2, out b2);
            Load(products + 48, out a3, out b3);
            Load(products + 64, out a4, out b4);
            Load(products + 80, out a5, out b5);
        }
        for (float* end = rows + ((long)length * 16); rows < end; rows += 16, queries += 6)
        {
            Vector256<float> low = Vector256.Load(rows);
            Vector256<float> high = Vector256.Load(rows + 8);
            Step(queries[0], low, high, ref a0, ref b0);
            Step(queries[1], low, high, ref a1, ref b1);
            Step(queries[2], low, high, ref a2, ref b2);
            Step(queries[3], low, high, ref a3, ref b3);
            Step(queries[4], low, high, ref a4, ref b4);
            Step(queries[5], low, high, ref a5, ref b5);
        }
        Store(products, a0, b0);
        Store(products + 16, a1, b1);
        Store(products + 32, a2, b2);
        Store(products + 48, a3, b3);
        Store(products + 64, a4, b4);
        Store(products + 80, a5, b5);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Step(float query, Vector256<float> low, Vector256<float> high, ref Vector256<float> a, ref Vector256<float> b)
        {
            Vector256<float> all = Vector256.Create(query);
            a = Vector256.MultiplyAddEstimate(all, low, a);
            b = Vector256.MultiplyAddEstimate(all, high, b);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Load(float* from, out Vector256<float> a, out Vector256<float> b)
        {
            a = Vector256.Load(from);
            b = Vector256.Load(from + 8);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Store(float* to, Vector256<float> a, Vector256<float> b)
        {
            a.Store(to);
            b.Store(to + 8);
        }
    }

    /// <summary>For machines without wide registers; without any, the runtime does these by fours of plain numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply128(float* queries, float* rows, int length, float* products, bool continues)
    {
        for (int query = 0; query < 6; query += 2)
        {
            Vector128<float> a0 = default, b0 = default, a1 = default, b1 = default;
            if (continues)
            {
                (a0, b0) = (Vector128.Load(products + (query * 8)), Vector128.Load(products + (query * 8) + 4));
                (a1, b1) = (Vector128.Load(products + (query * 8) + 8), Vector128.Load(products + (query * 8) + 12));
            }
            for (int i = 0; i < length; i++)
            {
                Vector128<float> low = Vector128.Load(rows + (i * 8L));
                Vector128<float> high = Vector128.Load(rows + (i * 8L) + 4);
                Vector128<float> first = Vector128.Create(queries[(i * 6L) + query]);
                Vector128<float> second = Vector128.Create(queries[(i * 6L) + query + 1]);
                a0 = Vector128.MultiplyAddEstimate(first, low, a0);
                b0 = Vector128.MultiplyAddEstimate(first, high, b0);
                a1 = Vector128.MultiplyAddEstimate(second, low, a1);
                b1 = Vector128.MultiplyAddEstimate(second, high, b1);
            }
            a0.Store(products + (query * 8));
            b0.Store(products + (query * 8) + 4);
            a1.Store(products + (query * 8) + 8);
            b1.Store(products + (query * 8) + 12);
        }
    }
}
