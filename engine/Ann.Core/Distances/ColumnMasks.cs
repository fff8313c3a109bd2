using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>
/// Compares a column of values with constants, and writes one bit a value: value i is bit i % 64 of word i / 64. Bits beyond the last value
/// are 0.
/// </summary>
internal static class ColumnMasks
{
    /// <summary>Most constants that <see cref="AnyEqual"/> takes: with more, a table is quicker.</summary>
    public const int MaxEqual = 4;

    private const int PerWord = 64;

    /// <summary>Values that lie between two constants, both included.</summary>
    /// <param name="values">No NaN among them.</param>
    /// <param name="from">Least.</param>
    /// <param name="to">Greatest.</param>
    /// <param name="words">One for each 64 values begun.</param>
    public static void InRange<T>(ReadOnlySpan<T> values, T from, T to, Span<ulong> words)
        where T : struct, IComparisonOperators<T, T, bool>
    {
        Debug.Assert(words.Length == (values.Length + PerWord - 1) / PerWord);
        ref T start = ref MemoryMarshal.GetReference(values);
        int whole = values.Length / PerWord;
        if (SimdWidth.Has512)
        {
            Vector512<T> least = Vector512.Create(from);
            Vector512<T> most = Vector512.Create(to);
            for (int i = 0; i < whole; i++)
                words[i] = InRange512(ref start, (nuint)i * PerWord, least, most);
        }
        else
        {
            Vector256<T> least = Vector256.Create(from);
            Vector256<T> most = Vector256.Create(to);
            for (int i = 0; i < whole; i++)
                words[i] = InRange256(ref start, (nuint)i * PerWord, least, most);
        }
        if (whole == words.Length)
            return;

        ulong last = 0;
        for (int i = whole * PerWord; i < values.Length; i++)
            last |= (values[i] >= from && values[i] <= to ? 1UL : 0) << i;
        words[whole] = last;
    }

    /// <summary>Values that equal one of some constants.</summary>
    /// <param name="values">Any.</param>
    /// <param name="wanted">1 to <see cref="MaxEqual"/>.</param>
    /// <param name="words">One for each 64 values begun.</param>
    public static void AnyEqual<T>(ReadOnlySpan<T> values, ReadOnlySpan<T> wanted, Span<ulong> words)
        where T : struct, IEquatable<T>
    {
        Debug.Assert(wanted.Length is >= 1 and <= MaxEqual);
        Debug.Assert(words.Length == (values.Length + PerWord - 1) / PerWord);
        ref T start = ref MemoryMarshal.GetReference(values);
        int whole = values.Length / PerWord;

        // Always four constants, the last one again in the places left: a loop over them would keep them out of registers.
        T a = wanted[0];
        T b = wanted[Math.Min(1, wanted.Length - 1)];
        T c = wanted[Math.Min(2, wanted.Length - 1)];
        T d = wanted[^1];
        if (wanted.Length == 1)
            Equal(ref start, a, words[..whole]);
        else if (SimdWidth.Has512)
            Equal512(ref start, Vector512.Create(a), Vector512.Create(b), Vector512.Create(c), Vector512.Create(d), words[..whole]);
        else
            Equal256(ref start, Vector256.Create(a), Vector256.Create(b), Vector256.Create(c), Vector256.Create(d), words[..whole]);
        if (whole == words.Length)
            return;

        ulong last = 0;
        for (int i = whole * PerWord; i < values.Length; i++)
            last |= (wanted.Contains(values[i]) ? 1UL : 0) << i;
        words[whole] = last;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong InRange512<T>(ref T start, nuint first, Vector512<T> least, Vector512<T> most)
        where T : struct
    {
        ulong word = 0;
        for (int lane = 0; lane < PerWord; lane += Vector512<T>.Count)
        {
            Vector512<T> values = Vector512.LoadUnsafe(ref start, first + (nuint)lane);
            Vector512<T> inside = Vector512.GreaterThanOrEqual(values, least) & Vector512.LessThanOrEqual(values, most);
            word |= inside.ExtractMostSignificantBits() << lane;
        }
        return word;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong InRange256<T>(ref T start, nuint first, Vector256<T> least, Vector256<T> most)
        where T : struct
    {
        ulong word = 0;
        for (int lane = 0; lane < PerWord; lane += Vector256<T>.Count)
        {
            Vector256<T> values = Vector256.LoadUnsafe(ref start, first + (nuint)lane);
            Vector256<T> inside = Vector256.GreaterThanOrEqual(values, least) & Vector256.LessThanOrEqual(values, most);
            word |= (ulong)inside.ExtractMostSignificantBits() << lane;
        }
        return word;
    }

    private static void Equal<T>(ref T start, T wanted, Span<ulong> words)
        where T : struct
    {
        if (SimdWidth.Has512)
        {
            Vector512<T> value = Vector512.Create(wanted);
            for (int i = 0; i < words.Length; i++)
            {
                ulong word = 0;
                for (int lane = 0; lane < PerWord; lane += Vector512<T>.Count)
                {
                    Vector512<T> values = Vector512.LoadUnsafe(ref start, (nuint)(i * PerWord + lane));
                    word |= Vector512.Equals(values, value).ExtractMostSignificantBits() << lane;
                }
                words[i] = word;
            }
            return;
        }
        Vector256<T> narrow = Vector256.Create(wanted);
        for (int i = 0; i < words.Length; i++)
        {
            ulong word = 0;
            for (int lane = 0; lane < PerWord; lane += Vector256<T>.Count)
            {
                Vector256<T> values = Vector256.LoadUnsafe(ref start, (nuint)(i * PerWord + lane));
                word |= (ulong)Vector256.Equals(values, narrow).ExtractMostSignificantBits() << lane;
            }
            words[i] = word;
        }
    }

    private static void Equal512<T>(
        ref T start, Vector512<T> a, Vector512<T> b, Vector512<T> c, Vector512<T> d, Span<ulong> words)
        where T : struct
    {
        for (int i = 0; i < words.Length; i++)
        {
            ulong word = 0;
            for (int lane = 0; lane < PerWord; lane += Vector512<T>.Count)
            {
                Vector512<T> values = Vector512.LoadUnsafe(ref start, (nuint)(i * PerWord + lane));
                Vector512<T> equal = (Vector512.Equals(values, a) | Vector512.Equals(values, b))
                    | (Vector512.Equals(values, c) | Vector512.Equals(values, d));
                word |= equal.ExtractMostSignificantBits() << lane;
            }
            words[i] = word;
        }
    }

    private static void Equal256<T>(
        ref T start, Vector256<T> a, Vector256<T> b, Vector256<T> c, Vector256<T> d, Span<ulong> words)
        where T : struct
    {
        for (int i = 0; i < words.Length; i++)
        {
            ulong word = 0;
            for (int lane = 0; lane < PerWord; lane += Vector256<T>.Count)
            {
                Vector256<T> values = Vector256.LoadUnsafe(ref start, (nuint)(i * PerWord + lane));
                Vector256<T> equal = (Vector256.Equals(values, a) | Vector256.Equals(values, b))
                    | (Vector256.Equals(values, c) | Vector256.Equals(values, d));
                word |= (ulong)equal.ExtractMostSignificantBits() << lane;
            }
            words[i] = word;
        }
    }
}
