using System.Diagnostics;
using System.Threading.RateLimiting;
using Ann.Core;
using Ann.Core.Recall;
using Ann.Core.Searching;

namespace Ann.Server.Admission;

/// <summary>
/// Lets searches in, and knows the pressure. A call that would rather have a poor answer than a late one does not wait for a place that it
/// would not get in time.
/// </summary>
/// <param name="queue">Of searches.</param>
/// <param name="running">Searches that run at once.</param>
/// <param name="waiting">Searches that may wait.</param>
/// <param name="brownOut">False to stay at step 0.</param>
internal sealed class SearchAdmission(AdmissionQueue queue, int running, int waiting, bool brownOut)
{
    /// <summary>
    /// A call that wants an answer by its deadline waits for a place this share of its time at most: what it then still has must do for a
    /// search.
    /// </summary>
    private const double MostWaited = 0.5;

    /// <summary>Shorter waits are not waited: the clock that would end them ticks once a millisecond.</summary>
    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(2);

    /// <summary>Weight of one search in the mean time that a place is held.</summary>
    private const int MeanOver = 32;

    /// <summary>Weight of one call in the share of those that are late.</summary>
    private const double LateOver = 64;

    private readonly Lock _lock = new();
    private BrownOutLadder _ladder;
    private double _lateShare;
    private long _waiting;
    private long _meanTicks;

    /// <summary>Step of the brown-out ladder now.</summary>
    public int Step
    {
        get
        {
            lock (_lock)
                return _ladder.Step;
        }
    }

    /// <summary>Learns how long searches take; null for none.</summary>
    public ThreadReserve? Threads { get; init; }

    /// <summary>True while searches wait: nothing else should take the cores.</summary>
    public bool IsBusy => Volatile.Read(ref _waiting) > 0;

    /// <summary>Waits for a place.</summary>
    /// <param name="budget">Of the call. Its cancellation ends the wait.</param>
    /// <param name="bestSoFar">True when the call is to be answered by the budget's deadline whatever has been found.</param>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: the queue is full.</exception>
    /// <exception cref="OperationCanceledException">The caller went away, or the gRPC deadline passed.</exception>
    public ValueTask<SearchPlace> EnterAsync(in SearchBudget budget, bool bestSoFar)
    {
        if (queue.TryEnter() is { } free)
            return new(Admit(free, TimeSpan.Zero));
        if (!bestSoFar || budget.DeadlineTimestamp == long.MaxValue)
            return WaitAsync(budget, longest: null);
        TimeSpan left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), budget.DeadlineTimestamp);
        TimeSpan longest = left * MostWaited;
        TimeSpan expected = ExpectedWait();
        return longest < LeastWait || expected >= longest || Volatile.Read(ref _waiting) >= waiting
            ? new(Late(TimeSpan.Zero, expected))
            : WaitAsync(budget, longest);
    }

    /// <summary>Learns how long a place was held.</summary>
    public void Held(TimeSpan time)
    {
        // Two at once may lose one of them: it is a mean.
        long mean = Volatile.Read(ref _meanTicks);
        Volatile.Write(ref _meanTicks, mean == 0 ? time.Ticks : mean + (time.Ticks - mean) / MeanOver);
        Threads?.Searched(time);
    }

    private TimeSpan ExpectedWait() => TimeSpan.FromTicks(Volatile.Read(ref _meanTicks) * (Volatile.Read(ref _waiting) + 1) / running);

    private async ValueTask<SearchPlace> WaitAsync(SearchBudget budget, TimeSpan? longest)
    {
        long arrived = Stopwatch.GetTimestamp();
        using CancellationTokenSource? limit =
            longest is null ? null : CancellationTokenSource.CreateLinkedTokenSource(budget.Cancellation);
        if (longest < TimeSpan.FromDays(1))
            limit!.CancelAfter(longest.Value);
        Interlocked.Increment(ref _waiting);
        try
        {
            RateLimitLease lease = await queue.EnterAsync(limit?.Token ?? budget.Cancellation);
            return Admit(lease, Stopwatch.GetElapsedTime(arrived));
        }
        catch (OperationCanceledException) when (limit is not null && !budget.Cancellation.IsCancellationRequested)
        {
            TimeSpan waited = Stopwatch.GetElapsedTime(arrived);
            return Late(waited, waited);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private SearchPlace Admit(RateLimitLease lease, TimeSpan waited) => new(lease, waited, Observe(waited, isLate: false), this);

    private SearchPlace Late(TimeSpan waited, TimeSpan expected) => new(null, waited, Observe(expected, isLate: true), null);

    private int Observe(TimeSpan waited, bool isLate)
    {
        if (!brownOut)
            return 0;
        lock (_lock)
        {
            _lateShare += ((isLate ? 1 : 0) - _lateShare) / LateOver;
            double pressure = BrownOutLadder.Pressure(Volatile.Read(ref _waiting), waiting, waited, _lateShare);
            _ladder = _ladder.After(pressure, Stopwatch.GetElapsedTime(0));
            return _ladder.Step;
        }
    }
}
