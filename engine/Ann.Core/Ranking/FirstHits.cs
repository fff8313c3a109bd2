using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>The first hits of a stream in some order, as many as are wanted: a heap with the last of them on top.</summary>
/// <param name="most">Hits wanted, 1 or more.</param>
/// <param name="order">Total.</param>
internal sealed class FirstHits(int most, Comparison<SearchHit> order)
{
    private readonly PriorityQueue<SearchHit, SearchHit> _lastFirst = new(Comparer<SearchHit>.Create((a, b) => order(b, a)));

    /// <summary>Hits so far.</summary>
    public int Count => _lastFirst.Count;

    /// <summary>Keeps a hit if it is one of the first.</summary>
    public void Offer(SearchHit hit)
    {
        if (_lastFirst.Count < most)
            _lastFirst.Enqueue(hit, hit);
        else
            _lastFirst.EnqueueDequeue(hit, hit);
    }

    /// <summary>Moves all of them out, in their order.</summary>
    /// <returns>Hits written.</returns>
    public int MoveTo(Span<SearchHit> hits)
    {
        int count = Count;
        for (int i = count - 1; i >= 0; i--)
            hits[i] = _lastFirst.Dequeue();
        return count;
    }
}
