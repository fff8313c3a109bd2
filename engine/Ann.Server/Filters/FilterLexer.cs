using System.Text;

namespace Ann.Server.Filters;

/// <summary>
/// Takes a filter's text apart. Blanks separate; a word is whatever holds no blank, sign or quote, so that times and numbers are words.
/// </summary>
internal static class FilterLexer
{
    private const string Signs = "(),=<>";

    /// <summary>The tokens, the last one <see cref="FilterTokenKind.End"/>.</summary>
    /// <exception cref="FilterSyntaxException">A quote that does not end, or an escape that is none.</exception>
    public static List<FilterToken> Read(string text)
    {
        List<FilterToken> tokens = [];
        int at = 0;
        while (at < text.Length)
        {
            char c = text[at];
            if (char.IsWhiteSpace(c))
                at++;
            else if (c is '"' or '\'')
                tokens.Add(ReadQuoted(text, ref at));
            else if (Signs.Contains(c, StringComparison.Ordinal) || IsUnequal(text, at))
                tokens.Add(ReadSign(text, ref at));
            else
                tokens.Add(ReadWord(text, ref at));
        }
        tokens.Add(new FilterToken(FilterTokenKind.End, "", text.Length + 1));
        return tokens;
    }

    /// <summary>True when a text is one word as it stands.</summary>
    public static bool IsOneWord(string text) => text.Length > 0 && text.All(static c => !EndsWord(c));

    private static FilterToken ReadSign(string text, ref int at)
    {
        int start = at++;
        if (text[start] is '<' or '>' or '!' or '=' && at < text.Length && text[at] == '=')
            at++;
        string sign = text[start..at];
        return new FilterToken(FilterTokenKind.Sign, sign == "==" ? "=" : sign, start + 1);
    }

    private static FilterToken ReadWord(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && !EndsWord(text[at]) && !IsUnequal(text, at))
            at++;
        return new FilterToken(FilterTokenKind.Word, text[start..at], start + 1);
    }

    private static FilterToken ReadQuoted(string text, ref int at)
    {
        int start = at;
        char quote = text[at++];
        StringBuilder held = new();
        for (; at < text.Length; at++)
        {
            if (text[at] == quote)
            {
                at++;
                return new FilterToken(FilterTokenKind.Quoted, held.ToString(), start + 1);
            }
            if (text[at] == '\\' && ++at < text.Length && text[at] is not ('\\' or '"' or '\''))
                throw new FilterSyntaxException(at, "\\\\, \\\" or \\' (in quotes a \\ stands before these only)", $"'\\{text[at]}'");
            if (at < text.Length)
                held.Append(text[at]);
        }
        throw new FilterSyntaxException(start + 1, $"a closing {quote} for this one", "the end");
    }

    /// <summary>An exclamation mark alone is part of a word.</summary>
    private static bool IsUnequal(string text, int at) => text.AsSpan(at).StartsWith("!=");

    private static bool EndsWord(char c) => char.IsWhiteSpace(c) || c is '"' or '\'' || Signs.Contains(c, StringComparison.Ordinal);
}

/// <summary>A filter's text is none.</summary>
/// <param name="position">The character where it goes wrong, from 1.</param>
/// <param name="expected">What may stand there.</param>
/// <param name="found">What does.</param>
internal sealed class FilterSyntaxException(int position, string expected, string found)
    : Exception($"character {position}: expected {expected}; found {found}.");
