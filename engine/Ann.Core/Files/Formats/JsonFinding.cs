using System.Text;
using System.Text.Json;

namespace Ann.Core.Files.Formats;

/// <summary>What was found in a JSON text where something else was expected, for messages.</summary>
internal static class JsonFinding
{
    private const int MaxShownNumber = 40;

    /// <summary>The value that a reader is at: a short number itself, otherwise what kind of value it is.</summary>
    public static string Describe(ref Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.Number && json.ValueSpan.Length <= MaxShownNumber
            ? Encoding.UTF8.GetString(json.ValueSpan)
            : Describe(json.TokenType);

    /// <summary>A kind of value.</summary>
    public static string Describe(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Null => "null",
        _ => token.ToString(),
    };

    /// <summary>True for what a reader throws of a text that is no JSON, or not in UTF-8.</summary>
    public static bool IsNoJson(Exception e) => e is JsonException or InvalidOperationException;

    /// <summary>What is wrong with such a text, as an end of a sentence that names its line.</summary>
    public static string Describe(Exception e)
    {
        if (e is not JsonException json)
            return "not JSON: a string is not valid UTF-8 text.";
        // The message ends with a place counted inside this line, "LineNumber: 0 | BytePositionInLine: 7.": only the byte is of use.
        int place = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return $"not JSON: {(place < 0 ? e.Message : e.Message[..place])} (byte {json.BytePositionInLine})";
    }
}
