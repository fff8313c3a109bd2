using System.Diagnostics;
using System.Threading.RateLimiting;
using Ann.Core;
using Ann.Core.Hnsw;
using Ann.Core.Recall;

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
    /// <summary>Weight of one search in the mean time that a place is held.</summary>
    private const int MeanOver = 32;

    private readonly Lock _lock = new();
    private BrownOutLadder _ladder;
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
        bool hasLimit = bestSoFar && budget.DeadlineTimestamp != long.MaxValue;
        if (hasLimit)
        {
            TimeSpan left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), budget.DeadlineTimestamp);
            TimeSpan expected = ExpectedWait();
            if (expected >= left || Volatile.Read(ref _waiting) >= waiting)
                return new(Late(TimeSpan.Zero, expected));
        }
        return WaitAsync(budget, hasLimit);
    }

    /// <summary>Learns how long a place was held.</summary>
    public void Held(TimeSpan time)
    {
        // Two at once may lose one of them: it is a mean.
        long mean = Volatile.Read(ref _meanTicks);
        Volatile.Write(ref _meanTicks, mean == 0 ? time.Ticks : mean + (time.Ticks - mean) / MeanOver);
    }

    private TimeSpan ExpectedWait() => TimeSpan.FromTicks(Volatile.Read(ref _meanTicks) * (Volatile.Read(ref _waiting) + 1) / running);

    private async ValueTask<SearchPlace> WaitAsync(SearchBudget budget, bool hasLimit)
    {
        long arrived = Stopwatch.GetTimestamp();
        using CancellationTokenSource? limit =
            hasLimit ? CancellationTokenSource.CreateLinkedTokenSource(budget.Cancellation) : null;
        TimeSpan left = Stopwatch.GetElapsedTime(arrived, budget.DeadlineTimestamp);
        if (limit is not null && left < TimeSpan.FromDays(1))
            limit.CancelAfter(left);
        Interlocked.Increment(ref _waiting);
        try
        {
            RateLimitLease lease = await queue.EnterAsync(limit?.Token ?? budget.Cancellation);
            return Admit(lease, Stopwatch.GetElapsedTime(arrived));
        }
        catch (OperationCanceledException) when (hasLimit && !budget.Cancellation.IsCancellationRequested)
        {
            TimeSpan waited = Stopwatch.GetElapsedTime(arrived);
            return Late(waited, waited);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private SearchPlace Admit(RateLimitLease lease, TimeSpan waited) => new(lease, waited, Observe(waited), this);

    private SearchPlace Late(TimeSpan waited, TimeSpan expected) => new(null, waited, Observe(expected), null);

    private int Observe(TimeSpan waited)
    {
        if (!brownOut)
            return 0;
        double pressure = BrownOutLadder.Pressure(Volatile.Read(ref _waiting), waiting, waited);
        lock (_lock)
        {
            _ladder = _ladder.After(pressure, Stopwatch.GetElapsedTime(0));
            return _ladder.Step;
        }
    }
}
