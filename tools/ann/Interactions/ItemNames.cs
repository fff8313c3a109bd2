using Ann.Core.Segments;

namespace Ann.Tool.Interactions;

/// <summary>Numbers for keys of items, the same for all files that are compared.</summary>
internal sealed class ItemNames
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _keys = [];

    /// <summary>Keys that have a number.</summary>
    public int Count => _keys.Count;

    /// <summary>The key of a number.</summary>
    public string this[int number] => _keys[number];

    /// <summary>The number of a key, a new one where it has none.</summary>
    public int Of(string key)
    {
        if (_numbers.TryGetValue(key, out int number))
            return number;
        _numbers.Add(key, _keys.Count);
        _keys.Add(key);
        return _keys.Count - 1;
    }

    /// <summary>The number of each item of an index file, by node.</summary>
    public int[] OfAll(SealedSegment segment)
    {
        int[] numbers = new int[segment.Count];
        for (int node = 0; node < numbers.Length; node++)
            numbers[node] = Of(segment.Keys.Of(node).ToString());
        return numbers;
    }
}
