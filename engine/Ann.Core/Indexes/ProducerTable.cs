namespace Ann.Core.Indexes;

/// <summary>
/// The last batch of each producer, so that a retry is known as one. Holds the <see cref="Limit"/> producers that wrote last; one that
/// was silent for longer than that is forgotten, and its retries are written again, which changes nothing but the log.
/// </summary>
internal sealed class ProducerTable
{
    /// <summary>Producers remembered.</summary>
    public const int Limit = 10_000;

    private readonly Dictionary<string, LinkedListNode<(string Name, ulong Sequence)>> _places = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Name, ulong Sequence)> _byAge = new();

    /// <summary>Every producer, the one that was silent longest first.</summary>
    public IEnumerable<(string Name, ulong Sequence)> Entries => _byAge;

    /// <summary>True when the batch is not newer than the last one of its producer.</summary>
    public bool IsRetry(string producer, ulong sequence) =>
        producer.Length > 0 && _places.TryGetValue(producer, out var place) && sequence <= place.Value.Sequence;

    /// <summary>Remembers a batch.</summary>
    public void Note(string producer, ulong sequence)
    {
        if (producer.Length == 0)
            return;
        if (_places.TryGetValue(producer, out var place))
        {
            _byAge.Remove(place);
            sequence = Math.Max(sequence, place.Value.Sequence);
        }
        else if (_places.Count == Limit)
        {
            _places.Remove(_byAge.First!.Value.Name);
            _byAge.RemoveFirst();
        }
        _places[producer] = _byAge.AddLast((producer, sequence));
    }
}
