using Ann.Core.Keys;

namespace Ann.Core.Embedded;

/// <summary>
/// An item of an index: its key, its vector, its attributes and its payload. Not to be changed while it is being written.
/// </summary>
/// <param name="key">A number or a string, as the index has them.</param>
/// <param name="vector">
/// As many components as the index has; finite, and not all zero under <see cref="Metric.Cosine"/>. The index copies it.
/// </param>
public sealed class AnnItem(AnnKey key, ReadOnlyMemory<float> vector)
{
    private readonly Dictionary<string, object?> _attributes = new(StringComparer.Ordinal);

    /// <summary>The key.</summary>
    public AnnKey Key { get; } = key;

    /// <summary>
    /// The vector. Of an item that was fetched, as it is stored: of unit length under <see cref="Metric.Cosine"/>.
    /// </summary>
    public ReadOnlyMemory<float> Vector { get; } = vector;

    /// <summary>
    /// Bytes that belong to the item and mean nothing to the index, at most 1,048,576 (1 MiB). Default: none, which is the same as empty.
    /// Copied, both when the item is written and when it is fetched.
    /// </summary>
    public ReadOnlyMemory<byte> Payload { get; set; }

    /// <summary>The attributes by name; those without a value need not be there.</summary>
    public IReadOnlyDictionary<string, object?> Attributes => _attributes;

    /// <summary>An attribute. Null for no value, which is the default.</summary>
    /// <param name="attribute">Name of an attribute of the index. Checked when the item is written.</param>
    /// <value>
    /// By the attribute's type: Keyword a <see cref="string"/> of at most 1,024 bytes in UTF-8; KeywordSet an <see cref="IEnumerable{T}"/>
    /// of at most 256 such strings; Int64 any integer that fits; Double a floating-point number that is not NaN, or an integer; Bool a
    /// <see cref="bool"/>; Timestamp a <see cref="DateTimeOffset"/>, cut to the microsecond, or a <see cref="long"/> of microseconds since
    /// 1970-01-01T00:00:00Z. Of an item that was fetched: <see cref="string"/>, <see cref="IReadOnlyList{T}"/> of strings,
    /// <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>, <see cref="DateTimeOffset"/> (a <see cref="long"/> of microseconds
    /// outside of the years 1 to 9999).
    /// </value>
    public object? this[string attribute]
    {
        get => _attributes.GetValueOrDefault(attribute);
        set => _attributes[attribute] = value;
    }
}
