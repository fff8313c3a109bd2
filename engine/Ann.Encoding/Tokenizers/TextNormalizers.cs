using System.Text;
using System.Text.RegularExpressions;

namespace Ann.Encoding.Tokenizers;

/// <summary>The normaliser of a <c>tokenizer.json</c> for BPE and Unigram: steps from text to text.</summary>
internal static partial class TextNormalizers
{
    /// <summary>Reads it; a null one has no steps.</summary>
    /// <exception cref="Core.AnnException">A step is not implemented; named.</exception>
    public static IReadOnlyList<Func<string, string>> Read(TokenizerJson root)
    {
        List<Func<string, string>> steps = [];
        if (root.Object("normalizer") is { } normalizer)
            Add(normalizer, steps);
        return steps;
    }

    private static void Add(TokenizerJson step, List<Func<string, string>> steps)
    {
        string? type = step.Text("type");
        switch (type)
        {
            case "Sequence":
                foreach (TokenizerJson part in step.Objects("normalizers"))
                    Add(part, steps);
                break;
            case "NFC":
                steps.Add(ComposedText.Of);
                break;
            case "NFD" or "NFKC" or "NFKD":
                bool isCompatible = type != "NFD", isComposed = type == "NFKC";
                steps.Add(text => ComposedText.Of(text, isCompatible, isComposed));
                break;
            case "StripAccents":
                steps.Add(WithoutAccents);
                break;
            case "Nmt":
                steps.Add(Nmt);
                break;
            case "Lowercase":
                steps.Add(Lowercase);
                break;
            case "Strip":
                bool left = step.Flag("strip_left") ?? true, right = step.Flag("strip_right") ?? true;
                steps.Add(text => Strip(text, left, right));
                break;
            case "Prepend":
                string front = step.Text("prepend") ?? throw step.Wrong("prepend", "a string", null);
                steps.Add(text => text.Length == 0 ? text : front + text);
                break;
            case "Replace":
                steps.Add(Replacement(step));
                break;
            case "Precompiled":
                steps.Add(new PrecompiledMap(step, Base64(step)).Apply);
                break;
            default:
                throw step.Wrong(
                    "type",
                    "Sequence, NFC, NFD, NFKC, NFKD, Nmt, Lowercase, StripAccents, Strip, Prepend, Replace or Precompiled "
                    + "(no other is implemented)",
                    type);
        }
    }

    private static Func<string, string> Replacement(TokenizerJson step)
    {
        string content = step.Text("content") ?? throw step.Wrong("content", "a string", null);
        TokenizerJson pattern = step.Required("pattern");
        if (pattern.Text("String") is { Length: > 0 } literal)
            return text => text.Replace(literal, content, StringComparison.Ordinal);
        string? regex = pattern.Text("Regex");
        return regex is " {2,}"
            ? text => Blanks().Replace(text, _ => content)
            : throw pattern.Wrong("Regex", "' {2,}' (no other is implemented)", regex);
    }

    private static byte[] Base64(TokenizerJson step)
    {
        string text = step.Text("precompiled_charsmap") ?? throw step.Wrong("precompiled_charsmap", "base64", null);
        byte[] bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out int length)
            ? bytes[..length]
            : throw step.Wrong("precompiled_charsmap", "base64", "another text");
    }

    /// <summary>Character by character: a sigma at the end of a word becomes one as in its middle.</summary>
    private static string Lowercase(string text)
    {
        StringBuilder written = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value == 0x130) // The one letter whose small form is two characters.
                written.Append("i\u0307");
            else
                written.Append(Rune.ToLowerInvariant(rune).ToString());
        }
        return written.ToString();
    }

    /// <summary>Marks are left out; a letter that has one in itself stays.</summary>
    private static string WithoutAccents(string text)
    {
        if (Ascii.IsValid(text))
            return text;
        StringBuilder written = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            if (!CharacterKinds.IsMark(rune))
                written.Append(rune.ToString());
        return written.ToString();
    }

    /// <summary>As sentencepiece's normaliser of that name: controls are left out, and other blanks are blanks.</summary>
    private static string Nmt(string text)
    {
        StringBuilder written = new(text.Length);
        foreach (char one in text)
        {
            if (one is (>= '\u0001' and <= '\u0008') or '\u000B' or (>= '\u000E' and <= '\u001F') or '\u007F' or '\u008F' or '\u009F')
                continue;
            bool isBlank = one is '\t' or '\n' or '\f' or '\r' or '\u1680' or (>= '\u200B' and <= '\u200F') or '\u2028' or '\u2029'
                or '\u2581' or '\uFEFF' or '\uFFFD';
            written.Append(isBlank ? ' ' : one);
        }
        return written.ToString();
    }

    private static string Strip(string text, bool left, bool right)
    {
        ReadOnlySpan<char> rest = text;
        if (left)
            rest = rest.TrimStart();
        if (right)
            rest = rest.TrimEnd();
        return rest.Length == text.Length ? text : rest.ToString();
    }

    [GeneratedRegex(" {2,}")]
    private static partial Regex Blanks();
}
