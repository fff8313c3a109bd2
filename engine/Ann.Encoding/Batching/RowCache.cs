namespace Ann.Encoding.Batching;

/// <summary>Rows that were made last, for those who ask the same again. Not safe for several threads at once.</summary>
/// <param name="most">Rows at most; 0 keeps none.</param>
internal sealed class RowCache<TInput>(int most)
    where TInput : notnull, IEquatable<TInput>
{
    private readonly Dictionary<TInput, LinkedListNode<(TInput Input, float[] Row)>> _places = [];
    private readonly LinkedList<(TInput Input, float[] Row)> _latestFirst = [];

    /// <summary>Rows kept.</summary>
    public int Count => _places.Count;

    /// <summary>The row of an input, which then is the latest; null where it is not there.</summary>
    public float[]? Find(TInput input)
    {
        if (!_places.TryGetValue(input, out LinkedListNode<(TInput Input, float[] Row)>? place))
            return null;
        _latestFirst.Remove(place);
        _latestFirst.AddFirst(place);
        return place.Value.Row;
    }

    /// <summary>Keeps a copy of a row, in the place of the one that was not asked for the longest.</summary>
    public void Add(TInput input, ReadOnlySpan<float> row)
    {
        if (most == 0 || _places.ContainsKey(input))
            return;
        if (_places.Count == most)
        {
            _places.Remove(_latestFirst.Last!.Value.Input);
            _latestFirst.RemoveLast();
        }
        _places.Add(input, _latestFirst.AddFirst((input, row.ToArray())));
    }
}
