namespace Ann.Core.Indexes;

/// <summary>A ring of recent queries, for judging a candidate by what is really asked. A search never waits for it.</summary>
/// <param name="capacity">Queries kept.</param>
/// <param name="dimension">Components of each.</param>
/// <param name="interval">One in this many is kept.</param>
internal sealed class QuerySamples(int capacity, int dimension, int interval)
{
    private readonly Lock _lock = new();
    private readonly float[]?[] _ring = new float[]?[capacity];
    private long _seen;
    private long _kept;

    /// <summary>Keeps a query, if its turn has come and nobody else is keeping one.</summary>
    public void Offer(ReadOnlySpan<float> query)
    {
        if (capacity == 0 || query.Length != dimension || Interlocked.Increment(ref _seen) % interval != 0 || !_lock.TryEnter())
            return;
        try
        {
            query.CopyTo(_ring[_kept++ % capacity] ??= new float[dimension]);
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>Copies of the queries kept.</summary>
    public List<float[]> Copy()
    {
        lock (_lock)
            return [.. _ring.OfType<float[]>().Select(static query => (float[])query.Clone())];
    }
}
