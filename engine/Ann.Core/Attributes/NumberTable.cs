using System.Diagnostics;
using System.Numerics;

namespace Ann.Core.Attributes;

/// <summary>Some numbers, to find out which values of a column are among them. Immutable.</summary>
/// <remarks>
/// Most values are none of them, and a bit for each hash says so without a branch. The others are looked up: open addressing, half full at
/// most.
/// </remarks>
internal sealed class NumberTable
{
    private const int HashesPerNumber = 16;

    /// <summary>Other in every process: nobody can send numbers that all fall in one place.</summary>
    private static readonly ulong Seed = (ulong)HashCode.Combine(0) << 32 | (uint)HashCode.Combine(1);

    private readonly long[] _places;
    private readonly long _none;
    private readonly int _shift;
    private readonly ulong[] _hashes;
    private readonly int _hashShift;

    /// <param name="numbers">Ascending, each once; one at least.</param>
    public NumberTable(long[] numbers)
    {
        Debug.Assert(numbers.Length > 0);
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)numbers.Length * 2);
        _shift = 64 - BitOperations.Log2((uint)size);
        _none = FirstMissing(numbers);
        _places = new long[size];
        _places.AsSpan().Fill(_none);
        int hashes = (int)BitOperations.RoundUpToPowerOf2((uint)numbers.Length * HashesPerNumber);
        _hashShift = 64 - BitOperations.Log2((uint)hashes);
        _hashes = new ulong[(hashes + 63) / 64];
        foreach (long number in numbers)
        {
            ulong hash = HashOf(number);
            _hashes[hash >> _hashShift >> 6] |= 1UL << (int)(hash >> _hashShift);
            int place = (int)(hash >> _shift);
            while (_places[place] != _none)
                place = (place + 1) & (size - 1);
            _places[place] = number;
        }
    }

    /// <summary>Writes which values are among the numbers.</summary>
    /// <param name="values">Any.</param>
    /// <param name="words">One for each 64 values begun.</param>
    public void Find(ReadOnlySpan<long> values, Span<ulong> words)
    {
        ReadOnlySpan<ulong> hashes = _hashes;
        for (int i = 0; i < words.Length; i++)
        {
            ReadOnlySpan<long> some = values.Slice(i * 64, Math.Min(64, values.Length - i * 64));
            ulong word = 0;
            for (int bit = 0; bit < some.Length; bit++)
            {
                ulong hash = HashOf(some[bit]) >> _hashShift;
                word |= (hashes[(int)(hash >> 6)] >> (int)hash & 1) << bit;
            }
            for (ulong left = word; left != 0; left &= left - 1)
            {
                int bit = BitOperations.TrailingZeroCount(left);
                if (!Has(some[bit]))
                    word &= ~(1UL << bit);
            }
            words[i] = word;
        }
    }

    private bool Has(long value)
    {
        if (value == _none)
            return false;
        for (int place = (int)(HashOf(value) >> _shift); ; place = (place + 1) & (_places.Length - 1))
        {
            long there = _places[place];
            if (there == value)
                return true;
            if (there == _none)
                return false;
        }
    }

    private static ulong HashOf(long number)
    {
        ulong mixed = ((ulong)number + Seed) * 0xBF58_476D_1CE4_E5B9;
        return (mixed ^ mixed >> 32 ^ Seed) * 0x9E37_79B9_7F4A_7C15;
    }

    private static long FirstMissing(long[] numbers)
    {
        long missing = long.MinValue;
        foreach (long number in numbers)
        {
            if (number != missing)
                break;
            missing++;
        }
        return missing;
    }
}
