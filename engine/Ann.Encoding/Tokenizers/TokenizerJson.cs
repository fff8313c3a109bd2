using System.Text.Json;
using Ann.Core;

namespace Ann.Encoding.Tokenizers;

/// <summary>An object of a <c>tokenizer.json</c>. What is missing and what is null are the same, but for <see cref="Has"/>.</summary>
internal sealed class TokenizerJson
{
    private const int Shown = 60;

    private readonly string _path;
    private readonly string _prefix;
    private readonly JsonElement _element;

    /// <param name="path">The file, for messages.</param>
    /// <param name="prefix">Field of this object in front of those within, with its point; empty for the whole.</param>
    /// <param name="element">The object.</param>
    public TokenizerJson(string path, string prefix, JsonElement element)
    {
        _path = path;
        _prefix = prefix;
        _element = element;
        if (element.ValueKind != JsonValueKind.Object)
            throw AnnException.BadInput(
                path, prefix.Length == 0 ? "" : $"field '{prefix.TrimEnd('.')}'", $"expected an object; found {Text(element)}.");
    }

    /// <summary>The file, for messages.</summary>
    public string Path => _path;

    /// <summary>True when the field is there, null or not.</summary>
    public bool Has(string name) => _element.TryGetProperty(name, out _);

    /// <summary>A string.</summary>
    public string? Text(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Wrong(name, "a string", Text(value));

    /// <summary>A whole number from 0 on.</summary>
    public int? Number(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 0 ? number
        : throw Wrong(name, "a whole number from 0 on", Text(value));

    /// <summary>true or false.</summary>
    public bool? Flag(string name) => Find(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Wrong(name, "true or false", Text(value));

    /// <summary>True when the field is a number above another.</summary>
    public bool IsNumberAbove(string name, double least) =>
        Find(name) is { ValueKind: JsonValueKind.Number } value && value.GetDouble() > least;

    /// <summary>A list of pairs of strings, each as a list of two, or as one string with a space between.</summary>
    public IEnumerable<(string First, string Second)> Pairs(string name)
    {
        foreach (JsonElement pair in Elements(name))
        {
            if (pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2
                && pair[0].ValueKind == JsonValueKind.String && pair[1].ValueKind == JsonValueKind.String)
                yield return (pair[0].GetString()!, pair[1].GetString()!);
            else if (pair.ValueKind == JsonValueKind.String && pair.GetString()!.Split(' ') is [var first, var second])
                yield return (first, second);
            else
                throw Wrong(name, "pairs of tokens", Text(pair));
        }
    }

    /// <summary>An object within.</summary>
    public TokenizerJson? Object(string name) =>
        Find(name) is { } value ? new TokenizerJson(_path, $"{_prefix}{name}.", value) : null;

    /// <summary>An object within that must be there.</summary>
    public TokenizerJson Required(string name) => Object(name) ?? throw Wrong(name, "an object", "none");

    /// <summary>The field <c>type</c> of an object within; null where there is no such object.</summary>
    public string? Type(string name) => Object(name)?.Text("type");

    /// <summary>The objects of a list; none where there is no list.</summary>
    public IEnumerable<TokenizerJson> Objects(string name) =>
        Elements(name).Select((element, place) => new TokenizerJson(_path, $"{_prefix}{name}[{place}].", element));

    /// <summary>The elements of a list; none where there is no list.</summary>
    public IEnumerable<JsonElement> Elements(string name) => Find(name) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray()
        : throw Wrong(name, "a list", Text(value));

    /// <summary>The fields of an object within, which must be there.</summary>
    public IEnumerable<JsonProperty> Fields(string name) => Find(name) is { ValueKind: JsonValueKind.Object } value
        ? value.EnumerateObject()
        : throw Wrong(name, "an object", Find(name) is { } other ? Text(other) : "none");

    /// <summary>A field is not as it must be.</summary>
    public AnnException Wrong(string name, string expected, string? found) =>
        AnnException.BadInput(_path, $"field '{_prefix}{name}'", $"expected {expected}; found {found ?? "none"}.");

    /// <summary>The beginning of a value, for messages.</summary>
    public static string Text(JsonElement value) =>
        value.GetRawText() is { Length: > Shown } text ? text[..Shown] + "…" : value.GetRawText();

    private JsonElement? Find(string name) =>
        _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
