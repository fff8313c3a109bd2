using System.Buffers;
using System.Globalization;
using System.Text;

namespace Ann.Encoding.Tokenizers;

/// <summary>
/// The clean-up in front of WordPiece, as BERT's own tokenizer does it: control characters out, blanks to spaces, Chinese characters apart,
/// accents off, lower case.
/// </summary>
/// <remarks>
/// The library's normaliser is not used: it takes accents off with <see cref="string.Normalize()"/>, which does nothing in invariant
/// globalization mode.
/// </remarks>
internal sealed record BertTextNormalizer(bool Lowercase, bool StripAccents, bool SplitCjk)
{
    // A Chinese character becomes itself between two spaces.
    private const int MaxUnitsPerUnit = AccentFolding.MaxUnits;

    /// <summary>Writes the normalised text into an array from the shared pool, which the caller returns.</summary>
    public char[] Normalize(ReadOnlySpan<char> text, out int length)
    {
        char[] normalized = ArrayPool<char>.Shared.Rent(text.Length * MaxUnitsPerUnit + 2);
        length = 0;
        foreach (Rune rune in text.EnumerateRunes())
            length += Append(rune, normalized.AsSpan(length));
        return normalized;
    }

    private int Append(Rune rune, Span<char> target)
    {
        if (rune.IsAscii)
            return AppendAscii((char)rune.Value, target);
        if (IsUnwanted(rune))
            return 0;
        if (Rune.IsWhiteSpace(rune))
        {
            target[0] = ' ';
            return 1;
        }
        if (!SplitCjk || !IsChinese(rune.Value))
            return Fold(rune, target);

        target[0] = ' ';
        int length = 1 + Fold(rune, target[1..]);
        target[length] = ' ';
        return length + 1;
    }

    private int AppendAscii(char character, Span<char> target)
    {
        if (character is '\t' or '\n' or '\r')
            character = ' ';
        else if (char.IsControl(character))
            return 0;
        target[0] = Lowercase ? char.ToLowerInvariant(character) : character;
        return 1;
    }

    private int Fold(Rune rune, Span<char> target)
    {
        int length = StripAccents ? AccentFolding.Fold(rune, target) : rune.EncodeToUtf16(target);
        if (!Lowercase)
            return length;
        if (length == 2 && char.IsHighSurrogate(target[0]))
            return Rune.ToLowerInvariant(rune).EncodeToUtf16(target);
        for (int i = 0; i < length; i++)
            target[i] = char.ToLowerInvariant(target[i]);
        return length;
    }

    private static bool IsUnwanted(Rune rune) =>
        rune.Value == 0xFFFD || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    /// <summary>The blocks that BERT calls Chinese: ideographs, neither kana nor Hangul.</summary>
    private static bool IsChinese(int value) =>
        value is >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x2A6DF or >= 0x2A700 and <= 0x2CEAF
            or >= 0xF900 and <= 0xFAFF or >= 0x2F800 and <= 0x2FA1F;
}
