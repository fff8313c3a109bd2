using System.Text.Json;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>One line of a JSONL file: an object with a key, and a vector or a text. Reused from line to line.</summary>
/// <remarks>
/// Members: <c>id</c> or <c>_id</c> (a string or an unsigned integer), <c>vector</c> or <c>embedding</c> (an array of numbers),
/// <c>title</c> and <c>text</c> (strings), and those of <see cref="Attributes"/>. Others are skipped: an item may carry what the index
/// does not need.
/// </remarks>
internal sealed class JsonlItem
{
    private float[] _components = [];
    private int _componentCount;

    /// <summary>What the key is; null when the line has none.</summary>
    public KeyKind? KeyKind { get; private set; }

    /// <summary>A numeric key.</summary>
    public ulong NumberKey { get; private set; }

    /// <summary>A string key.</summary>
    public string StringKey { get; private set; } = "";

    /// <summary>True when the line has a vector.</summary>
    public bool HasVector { get; private set; }

    /// <summary>The vector; empty when the line has none. Valid until the next <see cref="Parse"/>.</summary>
    public ReadOnlySpan<float> Vector => _components.AsSpan(0, _componentCount);

    /// <summary>The title; null when the line has none.</summary>
    public string? Title { get; private set; }

    /// <summary>The text; null when the line has none.</summary>
    public string? Text { get; private set; }

    /// <summary>Takes the members that are attributes; null when none are wanted.</summary>
    public AttributeMembers? Attributes { get; set; }

    /// <summary>What an encoder reads: title and text, joined by a blank when both are there; null when neither is.</summary>
    public string? Document =>
        string.IsNullOrEmpty(Title) ? Text ?? Title : string.IsNullOrEmpty(Text) ? Title : $"{Title} {Text}";

    /// <summary>Reads one line.</summary>
    /// <exception cref="FormatException">What is wrong with it, as an end of a sentence that names the line.</exception>
    public void Parse(ReadOnlySpan<byte> line)
    {
        KeyKind = null;
        Title = Text = null;
        HasVector = false;
        _componentCount = 0;
        try
        {
            Utf8JsonReader json = new(line);
            json.Read();
            if (json.TokenType != JsonTokenType.StartObject)
                throw new FormatException($"expected an object, {{\"id\": …}}; found {JsonFinding.Describe(json.TokenType)}.");
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
                ParseMember(ref json);
            json.Read(); // Throws when something follows the object.
            Attributes?.EndItem();
        }
        catch (Exception e) when (JsonFinding.IsNoJson(e))
        {
            throw new FormatException(JsonFinding.Describe(e), e);
        }
    }

    private void ParseMember(ref Utf8JsonReader json)
    {
        // An attribute may be what the item needs as well, such as its title: its member is read twice.
        Utf8JsonReader behind = json;
        bool isAttribute = Attributes is not null && Attributes.TryRead(ref behind);
        if (json.ValueTextEquals("id"u8) || json.ValueTextEquals("_id"u8))
            ParseKey(ref json);
        else if (json.ValueTextEquals("vector"u8) || json.ValueTextEquals("embedding"u8))
            ParseVector(ref json);
        else if (json.ValueTextEquals("title"u8))
            Title = ParseText(ref json, "title");
        else if (json.ValueTextEquals("text"u8))
            Text = ParseText(ref json, "text");
        else if (isAttribute)
            json = behind;
        else
            json.Skip();
    }

    private void ParseKey(ref Utf8JsonReader json)
    {
        if (KeyKind is not null)
            throw new FormatException("it has two keys (\"id\" or \"_id\"); one is needed.");
        json.Read();
        if (json.TokenType == JsonTokenType.String)
        {
            KeyKind = Keys.KeyKind.String;
            StringKey = json.GetString()!;
        }
        else if (json.TokenType == JsonTokenType.Number && json.TryGetUInt64(out ulong number))
        {
            KeyKind = Keys.KeyKind.UInt64;
            NumberKey = number;
        }
        else
        {
            throw new FormatException(
                $"\"id\" must be a string or a whole number of 0 to 2^64 − 1; found {JsonFinding.Describe(ref json)}.");
        }
    }

    private void ParseVector(ref Utf8JsonReader json)
    {
        if (HasVector)
            throw new FormatException("it has two vectors (\"vector\" or \"embedding\"); one is needed.");
        json.Read();
        if (json.TokenType == JsonTokenType.Null)
            return;
        if (json.TokenType != JsonTokenType.StartArray)
            throw new FormatException($"\"vector\" must be an array of numbers; found {JsonFinding.Describe(ref json)}.");

        HasVector = true;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetSingle(out float component) || !float.IsFinite(component))
            {
                throw new FormatException(
                    $"component {_componentCount} of \"vector\" must be a finite 32-bit number; found {JsonFinding.Describe(ref json)}.");
            }
            if (_componentCount == RowLayout.MaxColumns)
                throw new FormatException($"\"vector\" has more than {RowLayout.MaxColumns} components.");
            if (_componentCount == _components.Length)
                Array.Resize(ref _components, Math.Max(256, 2 * _componentCount));
            _components[_componentCount++] = component;
        }
    }

    private static string? ParseText(ref Utf8JsonReader json, string member)
    {
        json.Read();
        return json.TokenType switch
        {
            JsonTokenType.String => json.GetString(),
            JsonTokenType.Null => null,
            _ => throw new FormatException($"\"{member}\" must be a string; found {JsonFinding.Describe(ref json)}."),
        };
    }
}
