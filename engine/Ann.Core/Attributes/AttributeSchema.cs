using System.Collections.Frozen;

namespace Ann.Core.Attributes;

/// <summary>Type of an attribute. Stored in files: values never change.</summary>
public enum AttributeType : byte
{
    /// <summary>One UTF-8 text of at most <see cref="AttributeSchema.MaxKeywordBytes"/> bytes, compared byte by byte.</summary>
    Keyword = 1,

    /// <summary>At most <see cref="AttributeSchema.MaxSetSize"/> such texts, without order or repetition.</summary>
    KeywordSet = 2,

    /// <summary>A signed 64-bit number.</summary>
    Int64 = 3,

    /// <summary>IEEE 754 binary64, not NaN.</summary>
    Double = 4,

    /// <summary>True or false.</summary>
    Bool = 5,

    /// <summary>Microseconds since 1970-01-01T00:00:00Z.</summary>
    Timestamp = 6,
}

/// <summary>One attribute of an index's items.</summary>
/// <param name="Name">1 to 128 characters: letters, digits, '.', '_', '-'; the first a letter or '_'.</param>
/// <param name="Type">What its values are.</param>
public sealed record AttributeField(string Name, AttributeType Type)
{
    /// <summary>What is particular to the type.</summary>
    internal AttributeTraits Traits => AttributeTraits.Of(Type);
}

/// <summary>The attributes of an index, in their order. Never changes.</summary>
internal sealed class AttributeSchema : IEquatable<AttributeSchema>
{
    /// <summary>Most attributes of an index.</summary>
    public const int MaxFields = 64;

    /// <summary>Longest name, in characters.</summary>
    public const int MaxNameLength = 128;

    /// <summary>Longest keyword, in UTF-8 bytes.</summary>
    public const int MaxKeywordBytes = 1024;

    /// <summary>Most keywords of a set.</summary>
    public const int MaxSetSize = 256;

    private readonly AttributeField[] _fields;
    private readonly FrozenDictionary<string, int> _columns;

    /// <param name="fields">In the order of their columns.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: too many, a name that cannot be one or comes twice, an unknown type.
    /// </exception>
    public AttributeSchema(IEnumerable<AttributeField> fields)
    {
        _fields = [.. fields];
        if (_fields.Length > MaxFields)
            throw AnnException.Invalid("attributes", $"there are {_fields.Length} attributes; an index takes at most {MaxFields}.");
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (AttributeField field in _fields)
        {
            RequireName(field.Name);
            if (!Enum.IsDefined(field.Type))
                throw AnnException.Invalid("attributes", $"attribute '{field.Name}' has no type, or an unknown one.");
            if (!names.Add(field.Name))
                throw AnnException.Invalid("attributes", $"attribute '{field.Name}' is there twice.");
        }
        _columns = _fields.Select(static (field, column) => (field.Name, column))
            .ToFrozenDictionary(static pair => pair.Name, static pair => pair.column, StringComparer.Ordinal);
    }

    /// <summary>No attributes.</summary>
    public static AttributeSchema Empty { get; } = new([]);

    /// <summary>The attributes in the order of their columns.</summary>
    public IReadOnlyList<AttributeField> Fields => _fields;

    /// <summary>Attributes.</summary>
    public int Count => _fields.Length;

    /// <summary>Column of an attribute; −1 when there is none of that name.</summary>
    public int Find(string name) => _columns.GetValueOrDefault(name, -1);

    /// <summary>Column of an attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="field">Where the name was given, for the error.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: no such attribute; names those there are.</exception>
    public int Require(string name, string field)
    {
        int column = Find(name);
        if (column >= 0)
            return column;
        string known = Count == 0 ? "the index has none" : "there are " + string.Join(", ", _fields.Select(static one => one.Name));
        throw AnnException.Invalid(field, $"attribute '{name}' is unknown; {known}.");
    }

    /// <summary>Tells the first difference of two schemas that are not equal, for an error.</summary>
    /// <param name="other">The other one.</param>
    /// <param name="have">Who has these, as in "the file has".</param>
    /// <param name="expected">Who has the other ones, as in "the index has".</param>
    public string DifferenceFrom(AttributeSchema other, string have, string expected)
    {
        int column = 0;
        while (column < Math.Min(Count, other.Count) && _fields[column] == other._fields[column])
            column++;
        return $"{have} {Described(column)}; {expected} {other.Described(column)}.";
    }

    /// <summary>True for what an attribute may be called.</summary>
    public static bool IsName(string name) => name.Length is >= 1 and <= MaxNameLength
        && (char.IsAsciiLetter(name[0]) || name[0] == '_')
        && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    public bool Equals(AttributeSchema? other) => other is not null && _fields.AsSpan().SequenceEqual(other._fields);

    public override bool Equals(object? obj) => Equals(obj as AttributeSchema);

    public override int GetHashCode() => _fields.Aggregate(0, HashCode.Combine);

    private string Described(int column)
    {
        if (column >= Count)
            return Count == 0 ? "no attributes" : $"no attribute {column + 1}";
        AttributeField field = _fields[column];
        return $"'{field.Name}' of type {field.Type} as attribute {column + 1}";
    }

    private static void RequireName(string name)
    {
        if (!IsName(name))
        {
            throw AnnException.Invalid(
                "attributes",
                $"'{name}' is no name of an attribute: 1 to {MaxNameLength} letters, digits, '.', '_', '-', the first a letter or '_'.");
        }
    }
}
