using Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>An item of <see cref="ShopServer"/>. Null is no value.</summary>
public sealed record ShopItem(
    ulong Key, float[] Row, string? Brand, string[]? Tags, long? Price, double? Weight, bool? Sale, long? Added)
{
    /// <summary>Its key in the index that has texts as keys. Ascends as the number does.</summary>
    public string Name => $"item-{Key:d3}";

    /// <summary>True when one of its tags is this one.</summary>
    public bool Has(string tag) => Tags?.Contains(tag) ?? false;

    /// <summary>The item of a key: any two differ, and each attribute but <c>sale</c> is missing now and then.</summary>
    public static ShopItem Of(ulong key)
    {
        string[] tags = [.. Of("new", 2).Concat(Of("eco", 3)).Concat(Of("größe", 13))];
        return new ShopItem(
            key,
            LiveCalls.Row(key),
            key % 11 == 0 ? null : $"brand-{key % 7}",
            key % 17 == 0 ? null : tags,
            key % 23 == 0 ? null : (long)(key * 37 % 1000) - 100,
            key % 19 == 0 ? null : key / 8.0,
            key % 4 == 0,
            key % 29 == 0 ? null : 1_700_000_000_000_000 + (long)key * 3_600_000_000);

        IEnumerable<string> Of(string tag, ulong divisor) => key % divisor == 0 ? [tag] : [];
    }

    /// <summary>What an index of such items declares.</summary>
    public static IEnumerable<AttributeField> Fields() =>
    [
        new() { Name = "brand", Type = AttributeType.Keyword },
        new() { Name = "tags", Type = AttributeType.KeywordSet },
        new() { Name = "price", Type = AttributeType.Int64 },
        new() { Name = "weight", Type = AttributeType.Double },
        new() { Name = "sale", Type = AttributeType.Bool },
        new() { Name = "added", Type = AttributeType.Timestamp },
    ];

    /// <summary>All attributes of some items, as a write brings them and an answer gives them back.</summary>
    public static IReadOnlyList<AttributeColumn> Columns(params IReadOnlyList<ShopItem> items)
    {
        return
        [
            Column("brand", static item => item.Brand, (column, item) => column.Keywords.Add(item.Brand ?? "")),
            Column(
                "tags", static item => item.Tags,
                (column, item) => column.KeywordSets.Add(new KeywordSet { Values = { item.Tags ?? [] } })),
            Column("price", static item => item.Price, (column, item) => column.Integers.Add(item.Price ?? 0)),
            Column("weight", static item => item.Weight, (column, item) => column.Doubles.Add(item.Weight ?? 0)),
            Column("sale", static item => item.Sale, (column, item) => column.Bools.Add(item.Sale ?? false)),
            Column("added", static item => item.Added, (column, item) => column.Integers.Add(item.Added ?? 0)),
        ];

        AttributeColumn Column(string name, Func<ShopItem, object?> value, Action<AttributeColumn, ShopItem> add)
        {
            AttributeColumn column = new() { Name = name };
            foreach ((int i, ShopItem item) in items.Index())
            {
                add(column, item);
                if (value(item) is null)
                    column.Missing.Add((uint)i);
            }
            return column;
        }
    }

    /// <summary>Asserts that an answer has the values of these items, whatever the order of a set.</summary>
    public static void RequireEqual(IReadOnlyList<ShopItem> items, IEnumerable<AttributeColumn> found, params string[] names)
    {
        AttributeColumn[] columns = [.. Columns(items)];
        Assert.Equal(names.Select(name => Sorted(columns.Single(column => column.Name == name))), found.Select(Sorted));
    }

    private static AttributeColumn Sorted(AttributeColumn column)
    {
        AttributeColumn sorted = column.Clone();
        foreach (KeywordSet set in sorted.KeywordSets)
        {
            string[] values = [.. set.Values.Order(StringComparer.Ordinal)];
            set.Values.Clear();
            set.Values.Add(values);
        }
        return sorted;
    }
}
