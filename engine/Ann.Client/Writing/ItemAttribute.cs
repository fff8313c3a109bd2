using Ann.Protocol.V1;

namespace Ann.Client.Writing;

/// <summary>One attribute of a batch that is being filled: items without a value get the type's zero, and are named.</summary>
internal sealed class ItemAttribute(string name)
{
    private ItemValueKind? _kind;
    private int _rows;

    /// <summary>The column as the protocol has it.</summary>
    public AttributeColumn Column { get; } = new() { Name = name };

    /// <summary>Items that have a value, or were told to have none.</summary>
    public int Told { get; private set; }

    /// <summary>About how many bytes it has.</summary>
    public long SizeInBytes { get; private set; }

    /// <summary>The column, filled up to an item that is about to have a value.</summary>
    /// <param name="row">The item.</param>
    /// <param name="kind">Kind of the value.</param>
    /// <param name="bytes">About how many bytes it takes.</param>
    /// <exception cref="InvalidOperationException">It has one already, or those before it are of another type.</exception>
    public AttributeColumn Reach(int row, ItemValueKind kind, int bytes)
    {
        if (_kind is { } before && before != kind)
        {
            throw new InvalidOperationException(
                $"Attribute '{name}' has values of type {before.Name} and {kind.Name}; one type was expected.");
        }
        RequireUntold(row);
        if (_kind is null)
        {
            _kind = kind;
            for (int i = 0; i < _rows; i++)
                kind.AddZero(Column); // those without a value that came before the type was known
        }
        Finish(row);
        _rows = row + 1;
        Told++;
        SizeInBytes += bytes;
        return Column;
    }

    /// <summary>Says of an item that it has no value.</summary>
    /// <inheritdoc cref="Reach"/>
    public void Clear(int row)
    {
        RequireUntold(row);
        Finish(row + 1);
        Told++;
    }

    /// <summary>The column of so many items.</summary>
    public AttributeColumn Finish(int count)
    {
        for (; _rows < count; _rows++)
        {
            Column.Missing.Add((uint)_rows);
            _kind?.AddZero(Column);
        }
        return Column;
    }

    private void RequireUntold(int row)
    {
        if (_rows > row)
            throw new InvalidOperationException($"Attribute '{name}' of this item is set already.");
    }
}

/// <summary>A kind of values: what it is called, and what stands where an item has none.</summary>
internal sealed record ItemValueKind(string Name, Action<AttributeColumn> AddZero)
{
    public static readonly ItemValueKind Keyword = new("KEYWORD", static column => column.Keywords.Add(""));
    public static readonly ItemValueKind KeywordSet = new("KEYWORD_SET", static column => column.KeywordSets.Add(new KeywordSet()));
    public static readonly ItemValueKind Integer = new("INT64", static column => column.Integers.Add(0));
    public static readonly ItemValueKind Timestamp = new("TIMESTAMP", static column => column.Integers.Add(0));
    public static readonly ItemValueKind Double = new("DOUBLE", static column => column.Doubles.Add(0));
    public static readonly ItemValueKind Bool = new("BOOL", static column => column.Bools.Add(false));
}
