namespace Ann.Core.Attributes;

/// <summary>Types of attributes as command lines, files of attributes and reports spell them.</summary>
internal static class AttributeTypeNames
{
    private static readonly (AttributeType Type, string Name)[] Names =
    [
        (AttributeType.Keyword, "keyword"), (AttributeType.KeywordSet, "keywords"), (AttributeType.Int64, "int64"),
        (AttributeType.Double, "double"), (AttributeType.Bool, "bool"), (AttributeType.Timestamp, "timestamp"),
    ];

    /// <summary>All names, for a message that tells what would have been right.</summary>
    public static string All { get; } = string.Join(", ", Names.Select(static pair => pair.Name));

    /// <summary>The name of a type.</summary>
    public static string ToName(this AttributeType type) => Names.First(pair => pair.Type == type).Name;

    /// <summary>Reads a name; <c>keyword_set</c>, as manifests have it, is one of <see cref="AttributeType.KeywordSet"/>, too.</summary>
    public static bool TryParse(string name, out AttributeType type)
    {
        string canonical = name == "keyword_set" ? "keywords" : name;
        type = Names.FirstOrDefault(pair => pair.Name == canonical).Type;
        return type != default;
    }
}
