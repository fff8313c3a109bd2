using System.Globalization;
using System.Text;

namespace Ann.Server.Errors;

/// <summary>
/// Text of others, such as keys and names, as people read it in a line of a log or on a terminal: on one line, with nothing that a
/// terminal obeys, and in the order in which it stands.
/// </summary>
internal static class EscapedText
{
    /// <summary>A text; line breaks, tabs, other control characters and those that turn the direction of writing as escapes.</summary>
    public static string Of(string text)
    {
        if (!text.Any(IsEscaped))
            return text;
        StringBuilder shown = new();
        foreach (char c in text)
        {
            if (!IsEscaped(c))
                shown.Append(c);
            else
                shown.Append(c switch
                {
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                });
        }
        return shown.ToString();
    }

    /// <summary>Control characters; the separators that end a line too; overrides and isolates of direction (Unicode, UAX #9).</summary>
    private static bool IsEscaped(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
