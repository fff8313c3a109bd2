using Ann.Core;
using Ann.Core.Attributes;

namespace Ann.Tool.Items;

/// <summary>Which columns of a table are wanted, by their numbers.</summary>
/// <param name="Key">The key.</param>
/// <param name="Texts">The texts, in the order in which they are joined.</param>
/// <param name="Attributes">A column an attribute of the schema.</param>
internal sealed record TableColumns(int Key, int[] Texts, int[] Attributes)
{
    /// <summary>Finds the columns by the names of all.</summary>
    /// <param name="source">What is wanted.</param>
    /// <param name="place">Where the names are, for messages.</param>
    /// <param name="names">All columns of the table.</param>
    /// <exception cref="AnnException">InvalidArgument: a column that is not there, or is there twice.</exception>
    public static TableColumns Find(ItemSource source, string place, IReadOnlyList<string> names)
    {
        int key = source.KeyNames.Select(name => PlaceOf(name, isRequired: source.KeyColumn is not null))
            .FirstOrDefault(static at => at >= 0, -1);
        if (key < 0)
            throw Bad("expected a column 'id' with the keys; --key-column names another");
        IReadOnlyList<string> texts = source.TextColumns ?? Core.Files.Formats.JsonlItem.UsualTextNames;
        int[] textColumns =
            [.. texts.Select(name => PlaceOf(name, isRequired: source.TextColumns is not null)).Where(static at => at >= 0)];
        if (textColumns.Length == 0)
            throw Bad("expected a column 'text' or 'title'; --text-column names others");
        IEnumerable<AttributeField> fields = source.Attributes?.Fields ?? [];
        return new TableColumns(key, textColumns, [.. fields.Select(field => PlaceOf(field.Name, isRequired: true))]);

        int PlaceOf(string name, bool isRequired)
        {
            int at = -1;
            for (int column = 0; column < names.Count; column++)
            {
                if (names[column] != name)
                    continue;
                if (at >= 0)
                    throw Bad($"expected one column '{name}'");
                at = column;
            }
            return at >= 0 || !isRequired ? at : throw Bad($"expected a column '{name}'");
        }

        AnnException Bad(string what)
        {
            const int Most = 20;
            string found = string.Join(", ", names.Take(Most).Select(static name => $"'{PrintedText.Of(name)}'"));
            return AnnException.BadInput(source.Name, place, $"{what}; found {found}{(names.Count > Most ? ", …" : "")}.");
        }
    }
}
