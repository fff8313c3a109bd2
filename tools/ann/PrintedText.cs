using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Ann.Tool;

/// <summary>Text of others, such as keys, titles and values, as it is printed: on one line, with nothing that a terminal obeys.</summary>
internal static class PrintedText
{
    /// <summary>A text; line breaks, tabs and other control characters as escapes.</summary>
    public static string Of(string text)
    {
        if (!text.Any(IsEscaped))
            return text;
        StringBuilder printed = new();
        foreach (char c in text)
        {
            if (!IsEscaped(c))
                printed.Append(c);
            else
                printed.Append(c switch
                {
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                });
        }
        return printed.ToString();
    }

    /// <summary>Attributes behind an item, as <c>  brand=acme  cat=1,162,171</c>; empty for none.</summary>
    public static string Of(JsonObject? attributes) => attributes is null
        ? ""
        : string.Concat(attributes.Select(static pair => $"  {Of(pair.Key)}={Of(pair.Value)}"));

    /// <summary>A value: the elements of a set behind each other, without the brackets and blanks of JSON.</summary>
    private static string Of(JsonNode? value) => value is JsonArray set
        ? string.Join(',', set.Select(static element => Of(element?.ToString() ?? "")))
        : Of(value?.ToString() ?? "");

    /// <summary>Control characters, and the two separators that end a line as well.</summary>
    private static bool IsEscaped(char c) => char.IsControl(c) || c is '\u2028' or '\u2029';
}
