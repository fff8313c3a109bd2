namespace Ann.Server.Admission;

/// <summary>Bytes that calls under way may hold together.</summary>
/// <param name="limit">All of them.</param>
internal sealed class ByteBudget(long limit)
{
    private long _used;

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
            return true;
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    /// <summary>Gives bytes back.</summary>
    public void Release(long bytes) => Interlocked.Add(ref _used, -bytes);
}
