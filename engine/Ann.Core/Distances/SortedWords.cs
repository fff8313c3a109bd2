using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ann.Core.Distances;

/// <summary>Insertion into a sorted array of 64-bit words.</summary>
internal static unsafe class SortedWords
{
    /// <summary>Words before the first that must be zero, and behind the last that may be overwritten.</summary>
    public const int Margin = 8;

    /// <summary>Beyond this many words a binary search and one move are faster than a pass from the end, with 512-bit vectors.</summary>
    private const int LongArray = 1024;

    /// <summary>The same with 256-bit vectors.</summary>
    private const int LongArray256 = 384;

    /// <summary>Makes room for a word and puts it there. No two words are equal.</summary>
    /// <param name="words">The first of them, with <see cref="Margin"/> on both sides.</param>
    /// <param name="count">Words held before.</param>
    /// <param name="word">The new one.</param>
    /// <returns>Its place.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Insert(ulong* words, int count, ulong word) =>
        SimdWidth.Has512 && count <= LongArray ? InsertFromEnd512(words, count, word)
        : Avx2.IsSupported && count <= LongArray256 ? InsertFromEnd256(words, count, word)
        : InsertBySearch(words, count, word);

    /// <summary>The lowest bit of each of <see cref="Margin"/> words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint LowestBits(ulong* words) => (uint)(Vector512.Load(words) << 63).ExtractMostSignificantBits();

    /// <summary>Eight words at a time: those that are larger move one place on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int InsertFromEnd512(ulong* words, int count, ulong word)
    {
        Debug.Assert(words[-1] == 0 && words[-Margin] == 0);
        Vector512<ulong> inserted = Vector512.Create(word);
        for (int end = count; ; end -= 8)
        {
            Vector512<ulong> before = Vector512.Load(words + end - 8);
            Vector512<ulong> behind = Vector512.Load(words + end - 7);
            Vector512.ConditionalSelect(Vector512.GreaterThan(before, inserted), before, behind).Store(words + end - 7);
            ulong smaller = Vector512.LessThanOrEqual(before, inserted).ExtractMostSignificantBits();
            if (smaller != 0)
                return Put(words, end - 8 + BitOperations.PopCount(smaller), word);
        }
    }

    /// <summary>Four words at a time. Flipping the highest bit makes signed comparison the unsigned one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int InsertFromEnd256(ulong* words, int count, ulong word)
    {
        Debug.Assert(words[-1] == 0 && words[-Margin] == 0);
        Vector256<long> highest = Vector256.Create(long.MinValue);
        Vector256<long> inserted = Vector256.Create((long)word) ^ highest;
        for (int end = count; ; end -= 4)
        {
            Vector256<long> before = Vector256.Load((long*)words + end - 4);
            Vector256<long> behind = Vector256.Load((long*)words + end - 3);
            Vector256<long> larger = Vector256.GreaterThan(before ^ highest, inserted);
            Avx2.BlendVariable(behind, before, larger).Store((long*)words + end - 3);
            uint mask = larger.ExtractMostSignificantBits();
            if (mask != 0xF)
                return Put(words, end - BitOperations.PopCount(mask), word);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Put(ulong* words, int place, ulong word)
    {
        words[place] = word;
        return place;
    }

    private static int InsertBySearch(ulong* words, int count, ulong word)
    {
        ulong* place = words;
        for (int left = count; left > 0;)
        {
            int half = left >> 1;
            bool right = place[half] < word;
            place = right ? place + half + 1 : place;
            left = right ? left - half - 1 : half;
        }
        long moved = (words + count - place) * sizeof(ulong);
        Buffer.MemoryCopy(place, place + 1, moved, moved);
        *place = word;
        return (int)(place - words);
    }
}
