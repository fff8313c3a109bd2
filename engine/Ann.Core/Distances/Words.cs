using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>Small steps over short arrays of words, by whole registers.</summary>
internal static unsafe class Words
{
    /// <summary>
    /// Moves words up by some places. Inlined, because a call costs as much as moving the few hundred bytes that a beam moves.
    /// </summary>
    /// <param name="start">First word.</param>
    /// <param name="count">Words, 0 or more.</param>
    /// <param name="by">Places, 0 or more; there is room for them behind the last word.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MoveUp(ulong* start, int count, int by)
    {
        Debug.Assert(count >= 0 && by >= 0);
        ulong* from = start + count;
        if (SimdWidth.Has512)
            for (; from - start >= 8; from -= 8)
                Vector512.Store(Vector512.Load(from - 8), from - 8 + by);
        else if (SimdWidth.Has256)
            for (; from - start >= 4; from -= 4)
                Vector256.Store(Vector256.Load(from - 4), from - 4 + by);
        while (from > start)
        {
            from--;
            from[by] = *from;
        }
    }

    /// <summary>Numbers before the first negative one; negative ones are all at the end.</summary>
    /// <param name="start">First number.</param>
    /// <param name="count">Numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountNonNegative(int* start, int count)
    {
        int found = 0;
        if (SimdWidth.Has512 && count % 16 == 0)
        {
            for (int i = 0; i < count; i += 16)
                found += 16 - BitOperations.PopCount(Vector512.Load(start + i).ExtractMostSignificantBits());
            return found;
        }
        while (found < count && start[found] >= 0)
            found++;
        return found;
    }
}
