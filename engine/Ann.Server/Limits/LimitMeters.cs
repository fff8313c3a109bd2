using System.Globalization;
using Ann.Core;

namespace Ann.Server.Limits;

/// <summary>The limits of one caller, of one index, or of one caller on one index, and what is taken of them.</summary>
/// <param name="limits">What may be taken.</param>
/// <param name="of">Whose they are, for messages: "caller 'key:batch'".</param>
/// <param name="scope">Kind of whose they are: <c>caller</c>, <c>index</c>, <c>caller_on_index</c>.</param>
/// <param name="world">The clock of the rates, and who counts refusals.</param>
internal sealed class LimitMeters(LimitRule limits, string of, string scope, LimitWorld world)
{
    /// <summary>What a caller is told to wait who has too many calls under way: a search takes milliseconds.</summary>
    private static readonly TimeSpan BusyDelay = TimeSpan.FromMilliseconds(100);

    private readonly SteadyRate? _requests = RateOf(limits.RequestsPerSecond, world.Time);
    private readonly SteadyRate? _bytes = RateOf(limits.BytesPerSecond, world.Time);
    private readonly SteadyRate? _writtenRows = RateOf(limits.WriteRowsPerSecond, world.Time);
    private int _searches;

    /// <summary>Widest beam that a search may have.</summary>
    public int MostEf { get; } = limits.Ef ?? int.MaxValue;

    /// <summary>True while calls hold something of it.</summary>
    public bool IsInUse => Volatile.Read(ref _searches) > 0;

    /// <summary>Looks whether a call would be refused before its message is read. Takes nothing.</summary>
    public AnnException? Foresee()
    {
        if (_requests?.Wait() is { Ticks: > 0 } request)
            return Late("requests_per_second", limits.RequestsPerSecond!.Value, request);
        if (_bytes?.Wait() is { Ticks: > 0 } bytes)
            return Late("bytes_per_second", limits.BytesPerSecond!.Value, bytes);
        return null;
    }

    /// <summary>Takes what a call asks for, or nothing. What was taken of places is given back by <see cref="Leave"/>.</summary>
    /// <returns>Why it is refused; null where it is not.</returns>
    public AnnException? Take(in CallCost cost)
    {
        if (TooLarge(in cost) is { } large)
            return large;
        if (_requests is not null && !_requests.TryTake(1, out TimeSpan wait))
            return Late("requests_per_second", limits.RequestsPerSecond!.Value, wait);
        if (_bytes is not null && !_bytes.TryTake(cost.Bytes, out wait))
        {
            _requests?.Give(1);
            return Late("bytes_per_second", limits.BytesPerSecond!.Value, wait);
        }
        if (cost.WrittenRows > 0 && _writtenRows is not null && !_writtenRows.TryTake(cost.WrittenRows, out wait))
        {
            _requests?.Give(1);
            _bytes?.Give(cost.Bytes);
            return Late("write_rows_per_second", limits.WriteRowsPerSecond!.Value, wait);
        }
        if (cost.IsSearch && limits.ConcurrentSearches is int most && Interlocked.Increment(ref _searches) > most)
        {
            GiveBack(in cost);
            return Busy(most);
        }
        return null;
    }

    /// <summary>Takes what a block of a stream asks for; where that is not to be had, the stream waits.</summary>
    /// <param name="cost">Of the block.</param>
    /// <param name="wait">How long.</param>
    /// <returns>Why the block is refused; null where it is not.</returns>
    public AnnException? Owe(in CallCost cost, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (TooLarge(in cost) is { } large)
            return large;
        if (_bytes?.Owe(cost.Bytes) is { } bytes && bytes > wait)
            wait = bytes;
        if (_writtenRows?.Owe(cost.WrittenRows) is { } rows && rows > wait)
            wait = rows;
        return null;
    }

    /// <summary>A call that took something has ended.</summary>
    public void Leave(in CallCost cost)
    {
        if (cost.IsSearch && limits.ConcurrentSearches is not null)
            Interlocked.Decrement(ref _searches);
    }

    /// <summary>A call that took something is refused by others.</summary>
    public void GiveBack(in CallCost cost)
    {
        Leave(in cost);
        _requests?.Give(1);
        _bytes?.Give(cost.Bytes);
        _writtenRows?.Give(cost.WrittenRows);
    }

    private static SteadyRate? RateOf(double? perSecond, TimeProvider time) => perSecond is double rate ? new SteadyRate(rate, time) : null;

    private AnnException? TooLarge(in CallCost cost)
    {
        if (cost.Rows > limits.RowsPerRequest)
            return Never("rows_per_request", limits.RowsPerRequest.Value, cost.Rows);
        if (cost.K > limits.K)
            return Never("k", limits.K.Value, cost.K);
        if (cost.Ef > limits.Ef)
            return Never("ef", limits.Ef.Value, cost.Ef);
        return null;
    }

    private AnnException Late(string limit, double most, TimeSpan wait) => Refuse(limit, wait, string.Create(
        CultureInfo.InvariantCulture, $"{limit} of {of} is {most}; there is room again in {wait.TotalSeconds:0.######} s."));

    /// <summary>A place is free when one of the calls ends, which nobody knows.</summary>
    private AnnException Busy(int most) => Refuse(
        "concurrent_searches", BusyDelay, $"concurrent_searches of {of} is {most}, and as many are under way.");

    private AnnException Never(string limit, long most, long asked) => Refuse(
        limit, Timeout.InfiniteTimeSpan, $"{limit} of {of} is {most}; the request asks for {asked}. It is refused whenever it comes.");

    private AnnException Refuse(string limit, TimeSpan retryAfter, string message)
    {
        world.Metrics.Limited(limit, scope);
        return new AnnException(AnnError.Overloaded, message) { Field = limit, RetryAfter = retryAfter };
    }
}
