using Ann.Core.Attributes;

namespace Ann.Core.Indexes;

/// <summary>Filters that clients name by their hash. Bounded: when there are too many, those not used for longest go.</summary>
/// <param name="mostFilters">Filters at most.</param>
/// <param name="mostBytes">Bytes at most, about.</param>
internal sealed class PreparedFilters(int mostFilters = PreparedFilters.DefaultFilters, long mostBytes = PreparedFilters.DefaultBytes)
{
    /// <summary>Filters that an index keeps.</summary>
    public const int DefaultFilters = 1024;

    /// <summary>Bytes of filters that an index keeps.</summary>
    public const long DefaultBytes = 32 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, LinkedListNode<BoundFilter>> _byHash = [];
    private readonly LinkedList<BoundFilter> _newestFirst = new();
    private long _bytes;

    /// <summary>Filters kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _byHash.Count;
        }
    }

    /// <summary>Keeps a filter.</summary>
    /// <returns>Its hash.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.FailedPrecondition"/>: another filter has the same hash. <see cref="AnnError.Overloaded"/>: it is larger than
    /// all may be together.
    /// </exception>
    public ulong Add(BoundFilter filter)
    {
        if (filter.SizeInBytes > mostBytes)
        {
            throw new AnnException(
                AnnError.Overloaded, $"The filter takes {filter.SizeInBytes} bytes; prepared filters may take {mostBytes} together.")
            { Field = "filter" };
        }
        lock (_lock)
        {
            if (_byHash.TryGetValue(filter.Hash, out LinkedListNode<BoundFilter>? there))
            {
                if (!there.Value.Is(filter))
                {
                    throw AnnException.Refused(
                        "filter",
                        $"Another prepared filter has the hash {filter.Hash:x16}: {there.Value}. Send this one with each search.");
                }
                Remove(there); // it may be bound to a newer schema
            }
            while (_byHash.Count >= mostFilters || _bytes + filter.SizeInBytes > mostBytes)
                Remove(_newestFirst.Last!);
            _byHash.Add(filter.Hash, _newestFirst.AddFirst(filter));
            _bytes += filter.SizeInBytes;
        }
        return filter.Hash;
    }

    /// <summary>The filter of a hash. It may have been bound to an older schema (<see cref="BoundFilter.For"/>).</summary>
    /// <returns>False when it was never added, or is gone.</returns>
    public bool TryGet(ulong hash, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out BoundFilter? filter)
    {
        lock (_lock)
        {
            filter = null;
            if (!_byHash.TryGetValue(hash, out LinkedListNode<BoundFilter>? there))
                return false;
            _newestFirst.Remove(there);
            _newestFirst.AddFirst(there);
            filter = there.Value;
            return true;
        }
    }

    private void Remove(LinkedListNode<BoundFilter> filter)
    {
        _newestFirst.Remove(filter);
        _byHash.Remove(filter.Value.Hash);
        _bytes -= filter.Value.SizeInBytes;
    }
}
