using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Ann.Encoding.Tokenizers;

/// <summary>
/// The normalization forms of Unicode (UAX 15): letters with their accents in one character where there is one (C) or apart (D), and what
/// is another form of a character as that character (KC, KD).
/// </summary>
/// <remarks>As for <see cref="AccentFolding"/>, tables of our own: invariant globalization mode has none.</remarks>
internal static partial class ComposedText
{
    private const int FirstChange = 0x300; // Nothing below is ever composed, nor changed by form C.
    private const int FirstApart = 0xA0; // Nothing below is changed by any form.
    private const int HangulFirst = 0xAC00, HangulVowels = 21, HangulTails = 28, HangulCount = 19 * HangulVowels * HangulTails;
    private const int LeadFirst = 0x1100, VowelFirst = 0x1161, TailFirst = 0x11A7;

    private static readonly FrozenDictionary<int, (int First, int Second)> Apart =
        Rows(Composites).Concat(Rows(Singles)).ToFrozenDictionary(static row => row[0], static row => (row[1], row[2]));

    private static readonly FrozenDictionary<(int First, int Second), int> Together =
        Rows(Composites).ToFrozenDictionary(static row => (row[1], row[2]), static row => row[0]);

    private static readonly FrozenDictionary<int, int> ClassOf = Rows(Classes)
        .SelectMany(static row => Enumerable.Range(row[0], row[1] + 1), static (row, character) => (character, row[2]))
        .ToFrozenDictionary(static one => one.character, static one => one.Item2);

    private static readonly FrozenDictionary<int, int[]> Compatible = Rows(CompatibleRuns)
        .SelectMany(static row => Enumerable.Range(0, row[1] + 1), static (row, i) => (From: row[0] + i, To: (int[])[row[2] + i]))
        .Concat(CompatibleTexts.Split(' ').Select(static text => text.Split('=')).Select(static pair => (From: Number(pair[0]),
            To: (int[])[.. pair[1].Split('+').Select(Number)])))
        .ToFrozenDictionary(static one => one.From, static one => one.To);

    /// <summary>Form C.</summary>
    public static string Of(string text) =>
        text.AsSpan().ContainsAnyExceptInRange('\0', (char)(FirstChange - 1)) ? Of(text, isCompatible: false, isComposed: true) : text;

    /// <summary>Form C or D, KC or KD.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isCompatible">Forms with a K.</param>
    /// <param name="isComposed">Forms with a C.</param>
    public static string Of(string text, bool isCompatible, bool isComposed)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', (char)(FirstApart - 1)))
            return text;
        List<int> characters = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            TakeApart(rune.Value, isCompatible, characters);
        Order(characters);
        if (isComposed)
            Compose(characters);
        StringBuilder written = new(text.Length);
        foreach (int character in characters)
            written.Append(new Rune(character).ToString());
        return written.ToString();
    }

    private static void TakeApart(int character, bool isCompatible, List<int> characters)
    {
        if (character is >= HangulFirst and < HangulFirst + HangulCount)
        {
            int syllable = character - HangulFirst;
            characters.Add(LeadFirst + syllable / (HangulVowels * HangulTails));
            characters.Add(VowelFirst + syllable / HangulTails % HangulVowels);
            if (syllable % HangulTails != 0)
                characters.Add(TailFirst + syllable % HangulTails);
        }
        else if (Apart.TryGetValue(character, out (int First, int Second) parts))
        {
            TakeApart(parts.First, isCompatible, characters);
            if (parts.Second != 0)
                TakeApart(parts.Second, isCompatible, characters);
        }
        else if (isCompatible && Compatible.TryGetValue(character, out int[]? others))
        {
            foreach (int other in others)
                TakeApart(other, isCompatible, characters);
        }
        else
        {
            characters.Add(character is (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F) ? Ideograph(character) : character);
        }
    }

    private static int Ideograph(int character)
    {
        Span<char> units = stackalloc char[AccentFolding.MaxUnits];
        int length = AccentFolding.Fold(new Rune(character), units);
        return Rune.DecodeFromUtf16(units[..length], out Rune rune, out _) == System.Buffers.OperationStatus.Done ? rune.Value : character;
    }

    /// <summary>Marks behind a letter in the order of their classes; those of one class stay in order.</summary>
    private static void Order(List<int> characters)
    {
        for (int start = 0; start < characters.Count;)
        {
            if (Class(characters[start]) == 0)
            {
                start++;
                continue;
            }
            int end = start;
            while (end < characters.Count && Class(characters[end]) != 0)
                end++;
            if (end - start > 1)
            {
                int[] ordered = [.. characters.Skip(start).Take(end - start).OrderBy(Class)];
                for (int i = 0; i < ordered.Length; i++)
                    characters[start + i] = ordered[i];
            }
            start = end;
        }
    }

    /// <summary>Each character joins the last one of class 0, unless something between them keeps it away (UAX 15, D115).</summary>
    private static void Compose(List<int> characters)
    {
        int kept = 0, letter = -1, lastClass = 0;
        for (int i = 0; i < characters.Count; i++)
        {
            int character = characters[i];
            int itsClass = Class(character);
            bool isNext = kept == letter + 1;
            if (letter >= 0 && (isNext || (lastClass < itsClass && lastClass != 0))
                && Composite(characters[letter], character) is int composite)
            {
                characters[letter] = composite;
                continue;
            }
            if (itsClass == 0)
                letter = kept;
            lastClass = itsClass;
            characters[kept++] = character;
        }
        characters.RemoveRange(kept, characters.Count - kept);
    }

    private static int? Composite(int first, int second)
    {
        if (first is >= LeadFirst and < LeadFirst + 19 && second is >= VowelFirst and < VowelFirst + HangulVowels)
            return HangulFirst + ((first - LeadFirst) * HangulVowels + second - VowelFirst) * HangulTails;
        if (first is >= HangulFirst and < HangulFirst + HangulCount && (first - HangulFirst) % HangulTails == 0
            && second is > TailFirst and < TailFirst + HangulTails)
            return first + second - TailFirst;
        return Together.TryGetValue((first, second), out int composite) ? composite : null;
    }

    private static int Class(int character) => character < FirstChange ? 0 : ClassOf.GetValueOrDefault(character);

    private static IEnumerable<int[]> Rows(string table) => table.Split(' ').Select(Number).Chunk(3);

    private static int Number(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
