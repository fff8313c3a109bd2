using System.Diagnostics;
using System.Numerics;

namespace Ann.Core.Attributes;

/// <summary>Some numbers, to find out which of a column are among them. Open addressing, at most half full. Immutable.</summary>
internal sealed class NumberTable
{
    /// <summary>Other in every process: nobody can send numbers that all fall in one place.</summary>
    private static readonly ulong Seed = (ulong)HashCode.Combine(0) << 32 | (uint)HashCode.Combine(1);

    private readonly long[] _places;
    private readonly long _none;
    private readonly int _shift;

    /// <param name="numbers">Ascending, each once; one at least.</param>
    public NumberTable(long[] numbers)
    {
        Debug.Assert(numbers.Length > 0);
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)numbers.Length * 2);
        _shift = 64 - BitOperations.Log2((uint)size);
        _none = FirstMissing(numbers);
        _places = new long[size];
        _places.AsSpan().Fill(_none);
        foreach (long number in numbers)
        {
            int place = PlaceOf(number);
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
        for (int i = 0; i < words.Length; i++)
        {
            ReadOnlySpan<long> some = values.Slice(i * 64, Math.Min(64, values.Length - i * 64));
            ulong word = 0;
            for (int bit = 0; bit < some.Length; bit++)
                word |= (Has(some[bit]) ? 1UL : 0) << bit;
            words[i] = word;
        }
    }

    private bool Has(long value)
    {
        if (value == _none)
            return false;
        for (int place = PlaceOf(value); ; place = (place + 1) & (_places.Length - 1))
        {
            long there = _places[place];
            if (there == value)
                return true;
            if (there == _none)
                return false;
        }
    }

    private int PlaceOf(long number)
    {
        ulong mixed = ((ulong)number + Seed) * 0xBF58_476D_1CE4_E5B9;
        return (int)((mixed ^ mixed >> 32 ^ Seed) * 0x9E37_79B9_7F4A_7C15 >> _shift);
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
