using Ann.Core.Keys;

namespace Ann.Core.Embedded;

/// <summary>
/// What <see cref="AnnIndex.UpdateAsync"/> changes of an item that exists. Not to be changed itself while it is being written.
/// </summary>
/// <param name="key">The item's key: a number or a string, as the index has them.</param>
public sealed class AnnItemUpdate(AnnKey key)
{
    private readonly Dictionary<string, object?> _attributes = new(StringComparer.Ordinal);

    /// <summary>The item's key.</summary>
    public AnnKey Key { get; } = key;

    /// <summary>
    /// The new payload, at most 1,048,576 bytes (1 MiB); an empty one removes that of the item. Default: null, it stays as it is.
    /// </summary>
    public ReadOnlyMemory<byte>? Payload { get; set; }

    /// <summary>The attributes that are changed, by name; all others of the item stay as they are.</summary>
    public IReadOnlyDictionary<string, object?> Attributes => _attributes;

    /// <summary>
    /// An attribute that is changed: its new value, or null to take the item's value away. An attribute that was never set here stays as
    /// it is, and is read as null.
    /// </summary>
    /// <param name="attribute">Name of an attribute of the index. Checked when the update is written.</param>
    /// <value>Of the types that <see cref="AnnItem"/> takes.</value>
    public object? this[string attribute]
    {
        get => _attributes.GetValueOrDefault(attribute);
        set => _attributes[attribute] = value;
    }
}
