namespace Ann.Core.Attributes;

/// <summary>How the values of an attribute are held, in columns, files, the log and on the wire: numbers have 64 bits.</summary>
internal enum AttributeForm : byte
{
    Text,
    TextSet,
    Integer,
    Real,
    Bit,
}

/// <summary>What is particular to a type of attributes, in one place. All else depends on the form of the values.</summary>
/// <param name="Name">The word on the command line, in files of attributes and in reports.</param>
/// <param name="Form">How its values are held.</param>
/// <param name="CanBeCapped">True where a cap may count its values.</param>
/// <param name="IsTime">True for integers that are microseconds since 1970, and read and shown as times.</param>
/// <param name="ManifestName">The word in manifests.</param>
internal sealed record AttributeTraits(string Name, AttributeForm Form, bool CanBeCapped, bool IsTime, string ManifestName)
{
    private static readonly AttributeTraits Keyword = new("keyword", AttributeForm.Text, true, false, "keyword");
    private static readonly AttributeTraits KeywordSet = new("keywords", AttributeForm.TextSet, true, false, "keyword_set");
    private static readonly AttributeTraits Int64 = new("int64", AttributeForm.Integer, true, false, "int64");
    private static readonly AttributeTraits Double = new("double", AttributeForm.Real, false, false, "double");
    private static readonly AttributeTraits Bool = new("bool", AttributeForm.Bit, true, false, "bool");
    private static readonly AttributeTraits Timestamp = new("timestamp", AttributeForm.Integer, false, true, "timestamp");

    /// <summary>The words for all types.</summary>
    public static EnumNames<AttributeType> Names { get; } = new(static type => Of(type).Name);

    /// <summary>The words of manifests.</summary>
    public static EnumNames<AttributeType> ManifestNames { get; } = new(static type => Of(type).ManifestName);

    /// <summary>All words, for a message that tells what would have been right.</summary>
    public static string AllNames { get; } = string.Join(", ", Names.All);

    /// <summary>True for texts, alone or in sets.</summary>
    public bool HasText => Form is AttributeForm.Text or AttributeForm.TextSet;

    /// <summary>The description of a type. A value that is none throws, and is named.</summary>
    public static AttributeTraits Of(AttributeType type) => type switch
    {
        AttributeType.Keyword => Keyword,
        AttributeType.KeywordSet => KeywordSet,
        AttributeType.Int64 => Int64,
        AttributeType.Double => Double,
        AttributeType.Bool => Bool,
        AttributeType.Timestamp => Timestamp,
    };

    /// <summary>Reads a word, as manifests have it too.</summary>
    public static bool TryParse(string name, out AttributeType type) =>
        Names.TryParse(name, out type) || ManifestNames.TryParse(name, out type);
}
