using Ann.Client;

namespace Ann.Extensions.VectorData;

/// <summary>Keys of records as keys of items: ulong as it is, string as it is, Guid as text (format D).</summary>
internal static class StoreKeys
{
    /// <summary>One key.</summary>
    /// <exception cref="NotSupportedException">It is of another type.</exception>
    public static ItemKeys Of(object key) => OfAll([key]);

    /// <summary>Keys of one type.</summary>
    /// <exception cref="NotSupportedException">They are of another type.</exception>
    public static ItemKeys OfAll(IReadOnlyList<object> keys) => keys.Count > 0 && keys[0] is ulong
        ? ItemKeys.FromNumbers(keys.Select(static key => (ulong)key).ToArray())
        : ItemKeys.FromTexts([.. keys.Select(TextOf)]);

    /// <summary>A key that is a text in the index.</summary>
    public static string TextOf(object key) => key switch
    {
        string text => text,
        Guid id => id.ToString("D"),
        _ => throw new NotSupportedException($"A key is a {key.GetType().Name}; ulong, string or Guid was expected, all of one type."),
    };

    /// <summary>A text of the index as the record's key.</summary>
    public static object FromText(string text, Type type) => type == typeof(Guid) ? Guid.Parse(text) : text;
}
