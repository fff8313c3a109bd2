namespace Ann.Core.Segments;

/// <summary>
/// Masks of one segment: idle ones for use again, and those of filters that are asked often (<see cref="Cache"/>). Freed with the segment;
/// a mask that comes back later is freed at once.
/// </summary>
/// <remarks>
/// Together they take a fixed share of memory, not counted in the server's budget: per node at most 8 bytes for the cache and one for idle
/// masks, and for small segments 1 MiB.
/// </remarks>
internal sealed class SegmentMasks : IDisposable
{
    private const int MostIdle = 8;
    private const int Step = 4096;

    private readonly NodeMask?[] _idle = new NodeMask?[MostIdle];
    private volatile bool _isClosed;

    /// <param name="cacheBytes">Bytes that the cache may take; 0 for no cache.</param>
    public SegmentMasks(long cacheBytes) => Cache = cacheBytes == 0 ? null : new FilterCache(this, cacheBytes);

    /// <summary>Masks of filters; null where the segment's nodes become more, so that none stays right.</summary>
    public FilterCache? Cache { get; }

    /// <summary>Bytes of idle and cached masks.</summary>
    public long SizeInBytes
    {
        get
        {
            long bytes = Cache?.SizeInBytes ?? 0;
            foreach (NodeMask? mask in _idle)
                bytes += mask?.SizeInBytes ?? 0;
            return bytes;
        }
    }

    /// <summary>Bytes that the cache of a sealed segment may take.</summary>
    public static long CacheBytesOf(int nodes) => nodes * 8L + (1 << 20);

    /// <summary>A mask of so many nodes. What it holds is left over from others.</summary>
    public NodeMask Rent(int nodes)
    {
        foreach (ref NodeMask? place in _idle.AsSpan())
        {
            if (Volatile.Read(ref place) is null || Interlocked.Exchange(ref place, null) is not NodeMask idle)
                continue;
            if (idle.Capacity >= nodes)
            {
                idle.Reuse(nodes);
                return idle;
            }
            idle.Dispose(); // of a head, when it was smaller
        }
        int capacity = Cache is not null ? nodes : (int)Math.Min(int.MaxValue, (nodes + (long)Step - 1) / Step * Step);
        return new NodeMask(nodes, capacity);
    }

    /// <summary>Takes a mask back. Nobody uses it any more.</summary>
    public void Return(NodeMask mask)
    {
        if (!_isClosed)
        {
            foreach (ref NodeMask? place in _idle.AsSpan())
            {
                if (Volatile.Read(ref place) is not null || Interlocked.CompareExchange(ref place, mask, null) is not null)
                    continue;
                if (_isClosed)
                    FreeIdle(); // closed meanwhile
                return;
            }
        }
        mask.Dispose();
    }

    public void Dispose()
    {
        _isClosed = true;
        Cache?.Clear();
        FreeIdle();
    }

    private void FreeIdle()
    {
        foreach (ref NodeMask? place in _idle.AsSpan())
            Interlocked.Exchange(ref place, null)?.Dispose();
    }
}
