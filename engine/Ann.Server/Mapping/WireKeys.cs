using Ann.Core;
using Ann.Core.Keys;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>The keys of a request, checked.</summary>
internal static class WireKeys
{
    /// <summary>Reads a column.</summary>
    /// <param name="column">Keys of the request; null when it has none.</param>
    /// <param name="kind">What the index takes.</param>
    /// <param name="index">Name of the index, for errors.</param>
    /// <param name="most">Keys allowed.</param>
    /// <param name="field">Where the request has them.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/> with that field; names the row.</exception>
    public static KeyColumn Read(Wire.KeyColumn? column, KeyKind kind, string index, int most, string field = "keys")
    {
        int numbers = column?.Numbers.Count ?? 0;
        int texts = column?.Texts.Count ?? 0;
        if (numbers + texts == 0)
            throw AnnException.Invalid(field, $"{field} are empty; there must be one at least.");
        if (numbers > 0 && texts > 0)
            throw AnnException.Invalid(field, $"{field} hold both numbers and texts; fill one of them.");
        if (numbers > 0 != (kind == KeyKind.UInt64))
        {
            (string own, string found) = kind == KeyKind.UInt64 ? ("numbers", "texts") : ("texts", "numbers");
            throw AnnException.Invalid(field, $"Index '{index}' has {own} as keys; the request has {found}.");
        }
        if (numbers + texts > most)
            throw AnnException.Invalid(field, $"{field} hold {numbers + texts}; there may be at most {most}.");

        KeyColumn keys = new(kind);
        if (numbers > 0)
        {
            foreach (ulong number in column!.Numbers)
                keys.Add(number);
            return keys;
        }
        for (int row = 0; row < texts; row++)
            AddText(keys, column!.Texts[row], row, field);
        return keys;
    }

    /// <summary>One key of a column.</summary>
    public static ItemKey At(KeyColumn keys, int row) =>
        keys.Kind == KeyKind.UInt64 ? new ItemKey(keys.Numbers[row]) : new ItemKey(keys.Utf8(row));

    /// <summary>Appends a key to a reply.</summary>
    public static void Add(Wire.KeyColumn column, in ItemKey key)
    {
        if (key.Kind == KeyKind.UInt64)
            column.Numbers.Add(key.Number);
        else
            column.Texts.Add(key.ToString());
    }

    private static void AddText(KeyColumn keys, string text, int row, string field)
    {
        try
        {
            keys.Add(text);
        }
        catch (AnnException e)
        {
            throw AnnException.Invalid(field, $"row {row}: {e.Message}");
        }
    }
}
