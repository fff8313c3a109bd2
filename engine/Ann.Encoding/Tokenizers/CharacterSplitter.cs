using System.Globalization;
using System.Text;

namespace Ann.Encoding.Tokenizers;

/// <summary>What becomes of the characters at which a text is cut.</summary>
internal enum SplitBehavior
{
    /// <summary>Each is a piece.</summary>
    Isolated,

    /// <summary>They are left out.</summary>
    Removed,

    /// <summary>Those that follow each other are a piece.</summary>
    Contiguous,

    /// <summary>Each ends the piece in front of it.</summary>
    MergedWithPrevious,

    /// <summary>Each begins the piece behind it.</summary>
    MergedWithNext,
}

/// <summary>Cuts texts at characters of some kind, as Hugging Face's library does.</summary>
internal static class CharacterSplitter
{
    /// <summary>Cuts a text.</summary>
    /// <param name="text">Not empty.</param>
    /// <param name="isCut">At which characters.</param>
    /// <param name="behavior">What becomes of those.</param>
    public static IReadOnlyList<string> Split(string text, Func<Rune, bool> isCut, SplitBehavior behavior)
    {
        List<(int Start, int End, bool IsCut)> parts = [];
        int place = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int end = place + rune.Utf16SequenceLength;
            bool cuts = isCut(rune);
            bool joins = parts.Count > 0 && parts[^1].IsCut == cuts && (!cuts || behavior == SplitBehavior.Contiguous);
            if (joins)
                parts[^1] = parts[^1] with { End = end };
            else
                parts.Add((place, end, cuts));
            place = end;
        }
        if (behavior == SplitBehavior.Removed)
            parts.RemoveAll(static part => part.IsCut);
        else if (behavior is SplitBehavior.MergedWithPrevious or SplitBehavior.MergedWithNext)
            parts = Merged(parts, behavior == SplitBehavior.MergedWithNext);
        return [.. parts.Select(part => text[part.Start..part.End])];
    }

    /// <summary>
    /// Words and runs of signs, without what is blank: the pattern <c>\w+|[^\w\s]+</c> in its meaning for Unicode (UTS 18).
    /// </summary>
    public static IReadOnlyList<string> Words(string text)
    {
        List<string> pieces = [];
        int start = 0, place = 0;
        (bool IsWord, bool IsBlank) last = (false, true);
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isWord = IsWord(rune);
            (bool IsWord, bool IsBlank) found = (isWord, !isWord && Rune.IsWhiteSpace(rune));
            if (found != last)
            {
                if (!last.IsBlank)
                    pieces.Add(text[start..place]);
                (start, last) = (place, found);
            }
            place += rune.Utf16SequenceLength;
        }
        if (!last.IsBlank)
            pieces.Add(text[start..]);
        return pieces;
    }

    /// <summary>A cut joins its neighbour on one side, unless that is a cut itself.</summary>
    private static List<(int Start, int End, bool IsCut)> Merged(List<(int Start, int End, bool IsCut)> parts, bool isNext)
    {
        List<(int Start, int End, bool IsCut)> merged = [];
        bool wasCut = false;
        if (isNext)
            parts.Reverse();
        foreach ((int Start, int End, bool IsCut) part in parts)
        {
            if (part.IsCut && !wasCut && merged.Count > 0)
                merged[^1] = isNext ? merged[^1] with { Start = part.Start } : merged[^1] with { End = part.End };
            else
                merged.Add(part);
            wasCut = part.IsCut;
        }
        if (isNext)
            merged.Reverse();
        return merged;
    }

    private static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => true,
        // Letters in circles and squares are signs by category and letters by what they are; joiners hold words together.
        UnicodeCategory.OtherSymbol => rune.Value is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149)
            or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
        UnicodeCategory.Format => rune.Value is 0x200C or 0x200D,
        _ => false,
    };
}
