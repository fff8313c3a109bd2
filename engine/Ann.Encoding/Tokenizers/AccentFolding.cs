using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Ann.Encoding.Tokenizers;

/// <summary>Letters without their accents: canonical decomposition (NFD) with the non-spacing marks dropped.</summary>
/// <remarks>
/// The product runs in invariant globalization mode, where <see cref="string.Normalize()"/> returns its input unchanged; and rows
/// must not depend on the ICU version of a machine. Hence tables of our own, of Unicode 17.
/// </remarks>
internal static partial class AccentFolding
{
    private const int HangulFirst = 0xAC00, HangulLast = 0xD7A3;
    private const int HangulVowels = 21, HangulTails = 28;

    /// <summary>Most UTF-16 units that one rune folds to: three characters beyond U+FFFF (musical symbols).</summary>
    public const int MaxUnits = 6;

    /// <summary>Most UTF-16 units that each unit of a text folds to: the three jamo of a Hangul syllable.</summary>
    public const int MaxUnitsPerUnit = 3;

    static AccentFolding()
    {
        Debug.Assert(Table.Length % 2 == 0, "the table is made of pairs");
        Debug.Assert(LongTable.Length % LongRow == 0, "the long table is made of rows");
    }

    /// <summary>Writes the rune without its accents.</summary>
    /// <param name="rune">Any scalar value.</param>
    /// <param name="units">Receives UTF-16; room for <see cref="MaxUnits"/>.</param>
    /// <returns>Units written; 0 when the rune is itself a non-spacing mark.</returns>
    public static int Fold(Rune rune, Span<char> units)
    {
        Debug.Assert(units.Length >= MaxUnits);

        if (rune.Value < 0xC0)
            return rune.EncodeToUtf16(units);
        if (rune.Value is >= HangulFirst and <= HangulLast)
            return FoldHangul(rune.Value - HangulFirst, units);
        if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark)
            return 0;
        if (Find<char>(Table, 2, rune.Value) is int pair and >= 0)
        {
            units[0] = Table[pair + 1];
            return 1;
        }
        if (rune.Value - IdeographsFirst is int place and >= 0 && place < Ideographs.Length)
            return new Rune(Ideographs[place]).EncodeToUtf16(units);
        return FoldLong(rune, units);
    }

    private static int FoldLong(Rune rune, Span<char> units)
    {
        int place = Find(LongTable, LongRow, rune.Value);
        if (place < 0)
            return rune.EncodeToUtf16(units);
        int length = 0;
        foreach (int part in LongTable.Slice(place + 1, LongRow - 1))
            length += part == 0 ? 0 : new Rune(part).EncodeToUtf16(units[length..]);
        return length;
    }

    private static int FoldHangul(int syllable, Span<char> units)
    {
        int tail = syllable % HangulTails;
        units[0] = (char)(0x1100 + syllable / (HangulVowels * HangulTails));
        units[1] = (char)(0x1161 + syllable / HangulTails % HangulVowels);
        if (tail == 0)
            return 2;
        units[2] = (char)(0x11A7 + tail);
        return 3;
    }

    /// <summary>Place of the row that begins with a character; −1 where there is none. The rows are sorted.</summary>
    private static int Find<T>(ReadOnlySpan<T> table, int row, int character)
        where T : IBinaryInteger<T>
    {
        int low = 0, high = table.Length / row - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int found = int.CreateTruncating(table[middle * row]);
            if (found == character)
                return middle * row;
            if (found < character)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return -1;
    }
}
