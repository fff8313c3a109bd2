using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>
/// Which rows of a tile may be near enough, seen from their products in float32: those that are not cannot be, however the products were
/// rounded.
/// </summary>
internal static unsafe class ProductScreen
{
    /// <summary>
    /// One bit for each row of a panel whose <c>product + slack · length + bias</c> is not below a floor. What is no number passes.
    /// </summary>
    /// <param name="products">Of one query with the panel: <see cref="ProductTile.Rows"/> numbers.</param>
    /// <param name="lengths">Of the rows.</param>
    /// <param name="biases">Of the rows.</param>
    /// <param name="slack">What a product may be wrong by, as a multiple of the row's length.</param>
    /// <param name="floor">Of the query.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Passing(float* products, float* lengths, float* biases, float slack, float floor)
    {
        if (SimdWidth.Has512)
            return Below512(products, lengths, biases, slack, floor) ^ 0xFFFFFFFF;
        return SimdWidth.Has256
            ? Below256(products, lengths, biases, slack, floor) ^ 0xFFFF
            : Below128(products, lengths, biases, slack, floor) ^ 0xFF;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Below512(float* products, float* lengths, float* biases, float slack, float floor)
    {
        Vector512<float> all = Vector512.Create(slack);
        Vector512<float> least = Vector512.Create(floor);
        Vector512<float> low = Vector512.MultiplyAddEstimate(all, Vector512.Load(lengths), Vector512.Load(products));
        Vector512<float> high = Vector512.MultiplyAddEstimate(all, Vector512.Load(lengths + 16), Vector512.Load(products + 16));
        uint lowBits = (uint)Vector512.LessThan(low + Vector512.Load(biases), least).ExtractMostSignificantBits();
        uint highBits = (uint)Vector512.LessThan(high + Vector512.Load(biases + 16), least).ExtractMostSignificantBits();
        return lowBits | (highBits << 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Below256(float* products, float* lengths, float* biases, float slack, float floor)
    {
        Vector256<float> all = Vector256.Create(slack);
        Vector256<float> least = Vector256.Create(floor);
        Vector256<float> low = Vector256.MultiplyAddEstimate(all, Vector256.Load(lengths), Vector256.Load(products));
        Vector256<float> high = Vector256.MultiplyAddEstimate(all, Vector256.Load(lengths + 8), Vector256.Load(products + 8));
        uint lowBits = Vector256.LessThan(low + Vector256.Load(biases), least).ExtractMostSignificantBits();
        uint highBits = Vector256.LessThan(high + Vector256.Load(biases + 8), least).ExtractMostSignificantBits();
        return lowBits | (highBits << 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Below128(float* products, float* lengths, float* biases, float slack, float floor)
    {
        Vector128<float> all = Vector128.Create(slack);
        Vector128<float> least = Vector128.Create(floor);
        Vector128<float> low = Vector128.MultiplyAddEstimate(all, Vector128.Load(lengths), Vector128.Load(products));
        Vector128<float> high = Vector128.MultiplyAddEstimate(all, Vector128.Load(lengths + 4), Vector128.Load(products + 4));
        uint lowBits = Vector128.LessThan(low + Vector128.Load(biases), least).ExtractMostSignificantBits();
        uint highBits = Vector128.LessThan(high + Vector128.Load(biases + 4), least).ExtractMostSignificantBits();
        return lowBits | (highBits << 4);
    }
}
