using System.Globalization;
using Ann.Core.Attributes;

namespace Ann.Tests.Attributes;

/// <summary>Attributes for tests: a schema of every type, and items whose values follow from a key and a version.</summary>
internal static class AttributeFixture
{
    public static readonly AttributeSchema Schema = new(
    [
        new AttributeField("color", AttributeType.Keyword), new AttributeField("tags", AttributeType.KeywordSet),
        new AttributeField("stock", AttributeType.Int64), new AttributeField("price", AttributeType.Double),
        new AttributeField("active", AttributeType.Bool), new AttributeField("added", AttributeType.Timestamp),
    ]);

    private static readonly string Longest = new('ж', AttributeSchema.MaxKeywordBytes / 2);

    /// <summary>Appends what an item has in a version: of each attribute often no value; empty texts and sets, longest texts.</summary>
    public static void Add(AttributeBatch items, ulong key, int version)
    {
        Random random = new(unchecked((int)(key * 7919 + (ulong)version * 104_729)));
        foreach (AttributeColumn column in items.Columns)
        {
            if (random.Next(4) == 0)
            {
                column.AddMissing();
                continue;
            }
            switch (column.Field.Type)
            {
                case AttributeType.Keyword:
                    column.Add(System.Text.Encoding.UTF8.GetBytes(Text(random)));
                    break;
                case AttributeType.KeywordSet:
                    for (int i = random.Next(6); i > 0; i--)
                        column.AddToSet(System.Text.Encoding.UTF8.GetBytes(Text(random)));
                    column.EndSet();
                    break;
                case AttributeType.Double:
                    column.Add(random.Next(8) == 0 ? double.NegativeInfinity : random.NextDouble() - 0.5);
                    break;
                case AttributeType.Bool:
                    column.Add(random.Next(2) == 0);
                    break;
                default:
                    column.Add(random.Next(8) == 0 ? long.MinValue : random.NextInt64(-1000, 1000));
                    break;
            }
        }
    }

    /// <summary>The items of some keys in one version.</summary>
    public static AttributeBatch Of(IEnumerable<ulong> keys, int version, AttributeSchema? schema = null)
    {
        AttributeBatch items = new(schema ?? Schema);
        foreach (ulong key in keys)
            Add(items, key, version);
        return items;
    }

    /// <summary>What <see cref="Describe(AttributeBatch, int)"/> tells of the item of a key in a version.</summary>
    public static string Expected(ulong key, int version) => Describe(Of([key], version), 0);

    /// <summary>All values of an item as text; sets without order and repetition.</summary>
    public static string Describe(AttributeBatch items, int item) =>
        string.Join(" | ", items.Columns.Select(column => Value(column, item)));

    /// <summary>The same of a node.</summary>
    public static string Describe(AttributeTable table, int node)
    {
        AttributeBatch items = new(table.Schema);
        table.CopyTo(node, items);
        return Describe(items, 0);
    }

    private static string Text(Random random) => random.Next(12) switch
    {
        0 => "",
        1 => Longest,
        2 => "blå",
        int other => string.Create(CultureInfo.InvariantCulture, $"word {random.Next(other * 4)}"),
    };

    private static string Value(AttributeColumn column, int item)
    {
        if (!column.Has(item))
            return "none";
        return column.Field.Type switch
        {
            AttributeType.Keyword => System.Text.Encoding.UTF8.GetString(column.TextAt(item)),
            AttributeType.KeywordSet => "{" + string.Join(
                ',', Enumerable.Range(0, column.TextCount(item)).Select(i => System.Text.Encoding.UTF8.GetString(column.TextAt(item, i)))
                    .Distinct().Order(StringComparer.Ordinal)) + "}",
            AttributeType.Double => column.DoubleAt(item).ToString("R", CultureInfo.InvariantCulture),
            AttributeType.Bool => column.BoolAt(item) ? "true" : "false",
            _ => column.Int64At(item).ToString(CultureInfo.InvariantCulture),
        };
    }
}
