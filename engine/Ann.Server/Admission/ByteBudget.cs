namespace Ann.Server.Admission;

/// <summary>Bytes that calls under way may hold together.</summary>
/// <param name="limit">All of them.</param>
internal sealed class ByteBudget(long limit)
{
    /// <summary>Share of the limit from which the most that was held is kept: small calls touch one number only.</summary>
    private const long NotedPart = 128;

    private long _used;
    private long _most;

    /// <summary>Bytes that they may hold.</summary>
    public long Limit => limit;

    /// <summary>Bytes that they hold now.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>Takes bytes, if there are as many. Each that were taken must be <see cref="Release">released</see>.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="reserve">As many must be left to others.</param>
    public bool TryTake(long bytes, long reserve = 0)
    {
        long used = Interlocked.Add(ref _used, bytes);
        if (used <= limit - reserve)
        {
            if (used > limit / NotedPart)
                Note(used);
            return true;
        }
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    /// <summary>The most that was held since this was last asked; 0 where that was no more than a small part of the limit.</summary>
    public long TakeMost() => Interlocked.Exchange(ref _most, 0);

    private void Note(long used)
    {
        long most = Volatile.Read(ref _most);
        while (used > most)
        {
            long seen = Interlocked.CompareExchange(ref _most, used, most);
            if (seen == most)
                return;
            most = seen;
        }
    }

    /// <summary>Gives bytes back.</summary>
    public void Release(long bytes) => Interlocked.Add(ref _used, -bytes);
}
