using System.Diagnostics;
using System.Text;

namespace Ann.Encoding.Tokenizers;

/// <summary>One character as <see cref="WordList"/> sees it: its part in a word, and its plain lower-case letters.</summary>
internal static class WordFolding
{
    /// <summary>Most UTF-16 units that one rune folds to.</summary>
    public const int MaxUnits = AccentFolding.MaxUnits;

    /// <summary>What a character does to the word being read.</summary>
    public enum Role
    {
        /// <summary>Ends it.</summary>
        Separator,

        /// <summary>Continues it.</summary>
        Letter,

        /// <summary>Continues a word of a script that has no spaces.</summary>
        Ideograph,

        /// <summary>Ends it, but the two sides also make one compound.</summary>
        Hyphen,

        /// <summary>Is not there: accents, apostrophes, soft hyphens.</summary>
        Skipped,
    }

    /// <summary>Folds one rune.</summary>
    /// <param name="rune">Any scalar value.</param>
    /// <param name="folded">Receives the letters; room for <see cref="MaxUnits"/>.</param>
    /// <param name="length">Units written; 0 unless the role is a letter's.</param>
    public static Role Fold(Rune rune, Span<char> folded, out int length)
    {
        Debug.Assert(folded.Length >= MaxUnits);

        length = 0;
        if (rune.Value is '\'' or 0x2019 or 0x2018 or 0x02BC or 0x00AD or 0x200D)
            return Role.Skipped;
        if (rune.Value is '-' or 0x2010 or 0x2011)
            return Role.Hyphen;
        if (rune.Value is >= 0xFF01 and <= 0xFF5E) // full-width forms of ASCII
            rune = new Rune(rune.Value - 0xFEE0);

        length = AccentFolding.Fold(rune, folded);
        if (length == 0)
            return Role.Skipped;
        if (!Rune.IsLetterOrDigit(rune))
        {
            length = 0;
            return Role.Separator;
        }

        if (length == 1)
            length = LowerAndSpellOut(char.ToLowerInvariant(folded[0]), folded);
        else if (length == 2 && Rune.TryCreate(folded[0], folded[1], out Rune beyond))
            Rune.ToLowerInvariant(beyond).EncodeToUtf16(folded);
        return IsIdeograph(rune.Value) ? Role.Ideograph : Role.Letter;
    }

    /// <summary>Letters that have no decomposition but that people spell with plain ones.</summary>
    private static int LowerAndSpellOut(char letter, Span<char> folded)
    {
        ReadOnlySpan<char> spelled = letter switch
        {
            'ß' => "ss",
            'æ' => "ae",
            'œ' => "oe",
            'ø' => "o",
            'đ' or 'ð' => "d",
            'þ' => "th",
            'ł' => "l",
            'ı' => "i",
            'ﬁ' => "fi",
            'ﬂ' => "fl",
            'ﬀ' => "ff",
            _ => new ReadOnlySpan<char>(in letter),
        };
        spelled.CopyTo(folded);
        return spelled.Length;
    }

    private static bool IsIdeograph(int value) =>
        value is >= 0x3041 and <= 0x30FF or >= 0x3400 and <= 0x4DBF or >= 0x4E00 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF
            or >= 0x20000 and <= 0x323AF;
}
