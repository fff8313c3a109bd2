using System.Text;
using System.Text.Json;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>One line of a JSONL file: an object with a key, and a vector or a text. Reused from line to line.</summary>
/// <remarks>
/// Members: the key (a string or an unsigned integer), <c>vector</c> or <c>embedding</c> (an array of numbers), texts (strings), and those
/// of <see cref="Attributes"/>. Others are skipped: an item may carry what the index does not need.
/// </remarks>
/// <param name="keyNames">Members that may be the key; one of them is. Null: <c>id</c> and <c>_id</c>.</param>
/// <param name="textNames">Members that are texts, in the order in which they are joined. Null: <c>title</c> and <c>text</c>.</param>
internal sealed class JsonlItem(IReadOnlyList<string>? keyNames = null, IReadOnlyList<string>? textNames = null)
{
    private readonly byte[][] _keyNames = Utf8(keyNames ?? UsualKeyNames);
    private readonly byte[][] _textNames = Utf8(textNames ?? UsualTextNames);
    private readonly string?[] _texts = new string?[(textNames ?? UsualTextNames).Count];
    private float[] _components = [];
    private int _componentCount;

    /// <summary>What the key of an item is called where nothing else is said.</summary>
    public static IReadOnlyList<string> UsualKeyNames { get; } = ["id", "_id"];

    /// <summary>What the texts of an item are called where nothing else is said.</summary>
    public static IReadOnlyList<string> UsualTextNames { get; } = ["title", "text"];

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

    /// <summary>Takes the members that are attributes; null when none are wanted.</summary>
    public AttributeMembers? Attributes { get; set; }

    /// <summary>What an encoder reads: the texts that are not empty, joined by blanks; null when there is no text at all.</summary>
    public string? Document => Joined(_texts);

    /// <summary>Texts that are not empty, joined by blanks; null when all are null.</summary>
    public static string? Joined(ReadOnlySpan<string?> texts)
    {
        string? joined = null;
        foreach (string? text in texts)
            joined = string.IsNullOrEmpty(joined) ? text ?? joined : string.IsNullOrEmpty(text) ? joined : $"{joined} {text}";
        return joined;
    }

    /// <summary>Reads one line.</summary>
    /// <exception cref="FormatException">What is wrong with it, as an end of a sentence that names the line.</exception>
    public void Parse(ReadOnlySpan<byte> line)
    {
        KeyKind = null;
        Array.Clear(_texts);
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
        int text;
        if (PlaceOf(_keyNames, ref json) >= 0)
            ParseKey(ref json);
        else if ((text = PlaceOf(_textNames, ref json)) >= 0)
            _texts[text] = ParseText(ref json);
        else if (json.ValueTextEquals("vector"u8) || json.ValueTextEquals("embedding"u8))
            ParseVector(ref json);
        else if (isAttribute)
            json = behind;
        else
            json.Skip();
    }

    private void ParseKey(ref Utf8JsonReader json)
    {
        if (KeyKind is not null)
            throw new FormatException($"it has two keys ({Quoted(_keyNames)}); one is needed.");
        string name = json.GetString()!;
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
                $"\"{name}\" must be a string or a whole number of 0 to 2^64 − 1; found {JsonFinding.Describe(ref json)}.");
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

    private static string? ParseText(ref Utf8JsonReader json)
    {
        string name = json.GetString()!;
        json.Read();
        return json.TokenType switch
        {
            JsonTokenType.String => json.GetString(),
            JsonTokenType.Null => null,
            _ => throw new FormatException($"\"{name}\" must be a string; found {JsonFinding.Describe(ref json)}."),
        };
    }

    private static byte[][] Utf8(IEnumerable<string> names) => [.. names.Select(Encoding.UTF8.GetBytes)];

    private static string Quoted(byte[][] names) =>
        string.Join(" or ", names.Select(static name => $"\"{Encoding.UTF8.GetString(name)}\""));

    private static int PlaceOf(byte[][] names, ref Utf8JsonReader json)
    {
        for (int place = 0; place < names.Length; place++)
            if (json.ValueTextEquals(names[place]))
                return place;
        return -1;
    }
}
