using System.Buffers;
using System.Globalization;
using System.Text;

namespace Ann.Encoding.Tokenizers;

/// <summary>
/// What happens in front of WordPiece, as BERT's own tokenizer does it: control characters out, blanks to spaces, punctuation and Chinese
/// characters apart, accents off, lower case. The result is words between spaces.
/// </summary>
/// <remarks>
/// The library's own steps are not used. It takes accents off with <see cref="string.Normalize()"/>, which does nothing in invariant
/// globalization mode; and it drops symbols that BERT reads ("$5", "€") and does not part words at "_".
/// </remarks>
internal sealed record BertTextNormalizer(bool Lowercase, bool StripAccents, bool SplitCjk)
{
    // A character that stands apart becomes itself between two spaces, and takes no more room than what a Hangul syllable becomes.
    private const int MaxUnitsPerUnit = AccentFolding.MaxUnitsPerUnit;

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
        if (IsBlank(rune))
        {
            target[0] = ' ';
            return 1;
        }
        if (IsUnwanted(rune))
            return 0;
        if (!StripAccents)
            return AppendFolded(rune, SplitCjk && IsChinese(rune.Value), target);

        Span<char> folded = stackalloc char[AccentFolding.MaxUnits];
        int length = 0;
        foreach (Rune part in folded[..AccentFolding.Fold(rune, folded)].EnumerateRunes())
            length += AppendFolded(part, SplitCjk && IsChinese(rune.Value), target[length..]);
        return length;
    }

    /// <summary>What stands apart is judged without its accents, as BERT does: "≠" is "=" with one.</summary>
    private int AppendFolded(Rune rune, bool isChinese, Span<char> target)
    {
        Rune written = Lowercase ? Rune.ToLowerInvariant(rune) : rune;
        if (!isChinese && !IsPunctuation(rune))
            return written.EncodeToUtf16(target);

        target[0] = ' ';
        int length = 1 + written.EncodeToUtf16(target[1..]);
        target[length] = ' ';
        return length + 1;
    }

    private static bool IsBlank(Rune rune) =>
        rune.Value is '\t' or '\n' or '\r' || Rune.IsWhiteSpace(rune) && !Rune.IsControl(rune);

    /// <summary>BERT counts every ASCII sign as punctuation, and beyond ASCII what Unicode does: "$" stands apart, "€" does not.</summary>
    private static bool IsPunctuation(Rune rune) =>
        rune.IsAscii ? rune.Value > ' ' && !Rune.IsLetterOrDigit(rune) : Rune.IsPunctuation(rune);

    private static bool IsUnwanted(Rune rune) =>
        rune.Value == 0xFFFD || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    /// <summary>The blocks that BERT calls Chinese: ideographs, neither kana nor Hangul.</summary>
    private static bool IsChinese(int value) =>
        value is >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x2A6DF or >= 0x2A700 and <= 0x2CEAF
            or >= 0xF900 and <= 0xFAFF or >= 0x2F800 and <= 0x2FA1F;
}
