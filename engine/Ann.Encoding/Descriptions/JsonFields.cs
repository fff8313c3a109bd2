using System.Text.Json;
using Ann.Core;

namespace Ann.Encoding.Descriptions;

/// <summary>Fields of a JSON object, each looked at once and checked. A missing field and null mean the same.</summary>
internal sealed class JsonFields
{
    private readonly string _path;
    private readonly string _prefix;
    private readonly JsonElement _element;
    private readonly List<string> _known = [];

    public JsonFields(string path, string prefix, JsonElement element)
    {
        _path = path;
        _prefix = prefix;
        _element = element;
        if (element.ValueKind != JsonValueKind.Object)
            throw Wrong(prefix.TrimEnd('.'), "an object", element);
    }

    /// <summary>Reads JSON, in which comments and trailing commas are allowed.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: it is none; names file and line.</exception>
    public static JsonDocument Parse(string path, byte[] content)
    {
        // Some editors of Windows begin files with a mark that JSON has not.
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        ReadOnlyMemory<byte> json = content.AsSpan().StartsWith(mark) ? content.AsMemory(mark.Length) : content;
        try
        {
            return JsonDocument.Parse(
                json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException e)
        {
            throw AnnException.BadInput(path, $"line {e.LineNumber + 1}", "is not JSON: " + e.Message, e);
        }
    }

    /// <summary>A string that is not empty.</summary>
    public string? Text(string name)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.String || value.GetString() is not { Length: > 0 } text)
            throw Wrong(_prefix + name, "a string that is not empty", value);
        return text;
    }

    /// <summary>A string of at most so many characters, which may be empty.</summary>
    public string? AnyText(string name, int most)
    {
        if (Find(name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.String && value.GetString() is { } text && text.Length <= most
            ? text
            : throw Wrong(_prefix + name, $"a string of at most {most} characters", value);
    }

    /// <summary>A token as Hugging Face writes one: its text, or an object that has it as <c>content</c>.</summary>
    public string? Token(string name) => Find(name) is { ValueKind: JsonValueKind.Object } ? Object(name)!.Text("content") : Text(name);

    /// <summary>A path below the directory of the file.</summary>
    public string? RelativePath(string name)
    {
        string? text = Text(name);
        if (text is not null && (Path.IsPathRooted(text) || text.Split('/', '\\').Contains("..")))
            throw Wrong(_prefix + name, "a path below the encoder's directory", _element.GetProperty(name));
        return text;
    }

    /// <summary>true or false.</summary>
    public bool? Flag(string name)
    {
        if (Find(name) is not { } value)
            return null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Wrong(_prefix + name, "true or false", value);
    }

    /// <summary>A whole number of a range, both ends included.</summary>
    public int? Number(string name, int least, int most)
    {
        if (Find(name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= least && number <= most
            ? number
            : throw Wrong(_prefix + name, $"a whole number from {least} to {most}", value);
    }

    /// <summary>A number from 1 on, as large as it likes: other programs write 1e30 for "no limit".</summary>
    /// <returns>What an int holds of it.</returns>
    public int? Length(string name)
    {
        if (Find(name) is not { } value)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= 1
            ? (int)Math.Min(number, int.MaxValue)
            : throw Wrong(_prefix + name, "a number from 1 on", value);
    }

    /// <summary>One of some words.</summary>
    public T? Choice<T>(string name, params ReadOnlySpan<(string Word, T Meaning)> choices)
        where T : struct
    {
        if (Find(name) is not { } value)
            return null;
        List<string> words = [];
        foreach ((string word, T meaning) in choices)
        {
            if (value.ValueKind == JsonValueKind.String && value.ValueEquals(word))
                return meaning;
            words.Add($"\"{word}\"");
        }
        throw Wrong(_prefix + name, "one of " + string.Join(", ", words), value);
    }

    /// <summary>An object inside this one.</summary>
    public JsonFields? Object(string name) =>
        Find(name) is { } value ? new JsonFields(_path, $"{_prefix}{name}.", value) : null;

    /// <summary>A list of objects, 1 to so many.</summary>
    public IReadOnlyList<JsonFields>? Objects(string name, int most)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() is 0 || value.GetArrayLength() > most)
            throw Wrong(_prefix + name, $"a list of 1 to {most} objects", value);
        return [.. value.EnumerateArray().Select((one, place) => new JsonFields(_path, $"{_prefix}{name}[{place}].", one))];
    }

    /// <summary>A field that must be there.</summary>
    public T Required<T>(string name, T? value)
        where T : class =>
        value ?? throw AnnException.BadInput(_path, $"field '{_prefix}{name}'", "expected a value; found none.");

    /// <summary>Call last: refuses every field that nobody asked for.</summary>
    public void RefuseOthers()
    {
        foreach (JsonProperty field in _element.EnumerateObject())
            if (!_known.Contains(field.Name))
                throw AnnException.BadInput(
                    _path, $"field '{_prefix}{field.Name}'", $"is unknown; expected one of {string.Join(", ", _known)}.");
    }

    private JsonElement? Find(string name)
    {
        _known.Add(name);
        return _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private AnnException Wrong(string field, string expected, JsonElement found)
    {
        const int Shown = 60;
        string text = found.GetRawText();
        return AnnException.BadInput(
            _path, field.Length == 0 ? "" : $"field '{field}'",
            $"expected {expected}; found {(text.Length > Shown ? text[..Shown] + "…" : text)}.");
    }
}
