using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>Insertion into a sorted array of 64-bit words.</summary>
internal static unsafe class SortedWords
{
    /// <summary>Words before the first that must be zero, and behind the last that may be overwritten.</summary>
    public const int Margin = 8;

    /// <summary>Beyond this many words a binary search and one move are faster than a pass from the end.</summary>
    private const int LongArray = 1024;

    /// <summary>Makes room for a word and puts it there. No two words are equal.</summary>
    /// <param name="words">The first of them, with <see cref="Margin"/> on both sides.</param>
    /// <param name="count">Words held before.</param>
    /// <param name="word">The new one.</param>
    /// <returns>Its place.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Insert(ulong* words, int count, ulong word) =>
        SimdWidth.Has512 && count <= LongArray ? InsertFromEnd(words, count, word) : InsertBySearch(words, count, word);

    private static int InsertFromEnd(ulong* words, int count, ulong word)
    {
        Debug.Assert(words[-1] == 0 && words[-Margin] == 0);
        Vector512<ulong> inserted = Vector512.Create(word);
        words[count] = ulong.MaxValue;
        for (int end = count; ; end -= 8)
        {
            // Eight words and the place behind each: a larger word moves there, the first smaller one has the new word behind it.
            Vector512<ulong> before = Vector512.Load(words + end - 8);
            Vector512<ulong> behind = Vector512.Load(words + end - 7);
            Vector512<ulong> larger = Vector512.GreaterThan(before, inserted);
            Vector512.ConditionalSelect(larger, before, Vector512.Min(behind, inserted)).Store(words + end - 7);
            ulong mask = larger.ExtractMostSignificantBits();
            if (mask != 0xFF)
                return end - BitOperations.PopCount(mask);
        }
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
