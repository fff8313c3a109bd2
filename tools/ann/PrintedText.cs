using System.Text.Json.Nodes;
using Ann.Server.Errors;

namespace Ann.Tool;

/// <summary>Text of others, such as keys, titles and values, as it is printed: on one line, with nothing that a terminal obeys.</summary>
internal static class PrintedText
{
    /// <inheritdoc cref="EscapedText.Of"/>
    public static string Of(string text) => EscapedText.Of(text);

    /// <summary>Attributes behind an item, as <c>  brand=acme  cat=1,162,171</c>; empty for none.</summary>
    public static string Of(JsonObject? attributes) => attributes is null
        ? ""
        : string.Concat(attributes.Select(static pair => $"  {Of(pair.Key)}={Of(pair.Value)}"));

    /// <summary>A value: the elements of a set behind each other, without the brackets and blanks of JSON.</summary>
    private static string Of(JsonNode? value) => value is JsonArray set
        ? string.Join(',', set.Select(static element => Of(element?.ToString() ?? "")))
        : Of(value?.ToString() ?? "");
}
