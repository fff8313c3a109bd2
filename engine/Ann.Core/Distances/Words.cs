using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>Small steps over short arrays of words, by whole registers.</summary>
internal static unsafe class Words
{
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
