using System.Buffers;

namespace Ann.Encoding.Tokenizers;

/// <summary>Arrays of the shared pool that grow.</summary>
internal static class PooledArray
{
    /// <summary>Replaces an array by one of twice its length.</summary>
    /// <param name="array">Of the pool; goes back to it.</param>
    /// <param name="count">Elements that are kept.</param>
    public static void Grow<T>(ref T[] array, int count)
    {
        T[] larger = ArrayPool<T>.Shared.Rent(2 * array.Length);
        array.AsSpan(0, count).CopyTo(larger);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }
}
