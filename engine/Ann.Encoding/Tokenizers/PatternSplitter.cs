using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Ann.Encoding.Tokenizers;

/// <summary>
/// Cuts texts by the patterns that byte-level tokenizers use. Patterns are known ones: those of other libraries and of .NET agree on these,
/// and on few others for certain.
/// </summary>
internal sealed partial class PatternSplitter
{
    private const string Gpt2Pattern =
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    // One digit at a time (Qwen 2), and up to three (Llama 3, and cl100k of OpenAI).
    private const string Head = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|";
    private const string Tail = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2Pattern = Head + @"\p{N}" + Tail;
    private const string Llama3Pattern = Head + @"\p{N}{1,3}" + Tail;

    // To .NET a long s is no s, whatever its case.
    private const string LongS = @"'\u017F|";

    private static readonly PatternSplitter Qwen2 = new(Qwen2Regex()), Llama3 = new(Llama3Regex());

    private readonly Regex _pattern;

    private PatternSplitter(Regex pattern) => _pattern = pattern;

    /// <summary>That of GPT-2, RoBERTa and ModernBERT.</summary>
    public static PatternSplitter Gpt2 { get; } = new(Gpt2Regex());

    /// <summary>The one of a pattern; null for a pattern that is not known.</summary>
    public static PatternSplitter? Known(string? pattern) => pattern switch
    {
        Gpt2Pattern => Gpt2,
        Qwen2Pattern => Qwen2,
        Llama3Pattern => Llama3,
        _ => null,
    };

    /// <summary>The matches, and what lies between them.</summary>
    public IEnumerable<string> Split(string text)
    {
        // Patterns of .NET read UTF-16, in which a character beyond U+FFFF is two of no kind. One of its kind stands in for each.
        string read = text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? StandIn(text) : text;
        bool isShorter = read.Length < text.Length;
        List<string> parts = [];
        int place = 0, end = 0;
        foreach (ValueMatch match in _pattern.EnumerateMatches(read))
        {
            Take(match.Index);
            Take(match.Index + match.Length);
        }
        Take(read.Length);
        return parts;

        void Take(int to)
        {
            int start = place;
            if (!isShorter)
                place = to;
            else
                for (; end < to; end++)
                    place += char.IsHighSurrogate(text[place]) && place + 1 < text.Length && char.IsLowSurrogate(text[place + 1]) ? 2 : 1;
            if (place > start)
                parts.Add(text[start..place]);
        }
    }

    private static string StandIn(string text)
    {
        StringBuilder read = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            read.Append(rune.IsBmp ? (char)rune.Value : OfCategory(Rune.GetUnicodeCategory(rune)));
        return read.ToString();
    }

    /// <summary>A character of a category, outside ASCII, for patterns name signs of ASCII.</summary>
    private static char OfCategory(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u00C0',
        UnicodeCategory.LowercaseLetter => '\u00E0',
        UnicodeCategory.TitlecaseLetter => '\u01C5',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => '\u00AA',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u2160',
        UnicodeCategory.OtherNumber => '\u00B2',
        UnicodeCategory.NonSpacingMark => '\u0300',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        // No pattern tells the others apart: they are neither letters nor numbers nor blanks.
        _ => '\u00A6',
    };

    [GeneratedRegex(Gpt2Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Gpt2Regex();

    [GeneratedRegex(LongS + Qwen2Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Qwen2Regex();

    [GeneratedRegex(LongS + Llama3Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Llama3Regex();
}
