using Ann.Core.Keys;

namespace Ann.Tool;

/// <summary>Rows of a file that are the zero vector: cosine has no direction for them.</summary>
internal sealed class ZeroRows
{
    private const int Named = 10;

    private readonly HashSet<long> _rows = [];
    private readonly List<string> _names = [];

    /// <summary>How many there are.</summary>
    public int Count => _rows.Count;

    /// <summary>Whether a row is one of them.</summary>
    public bool Contains(long row) => _rows.Contains(row);

    /// <summary>Notes a row.</summary>
    /// <param name="row">Its number in the file.</param>
    /// <param name="name">For people.</param>
    public void Add(long row, string name)
    {
        _rows.Add(row);
        if (_names.Count < Named)
            _names.Add(name);
    }

    /// <summary>How many of a file's rows they are, and which the first ten are.</summary>
    public string Describe(long rows) =>
        $"{Count:N0} of {rows:N0} rows are the zero vector, and cosine needs a direction: "
        + $"{string.Join(", ", _names)}{(Count > Named ? ", …" : "")}.";

    /// <summary>The keys of the other rows.</summary>
    public KeyColumn Others(KeyColumn keys)
    {
        if (Count == 0)
            return keys;
        KeyColumn others = new(keys.Kind);
        for (int row = 0; row < keys.Count; row++)
            if (!Contains(row))
                others.Add(keys.KeyAt(row));
        return others;
    }
}
