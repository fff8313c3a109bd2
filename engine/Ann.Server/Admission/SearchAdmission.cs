using System.Diagnostics;
using Ann.Core;
using Ann.Core.Searching;

namespace Ann.Server.Admission;

/// <summary>
/// Lets searches in, and knows the pressure on each caller. A call that would rather have a poor answer than a late one does not wait for a
/// place that it would not get in time.
/// </summary>
/// <param name="queue">Of searches.</param>
/// <param name="running">Searches that run at once.</param>
/// <param name="brownOut">False to stay at step 0.</param>
internal sealed class SearchAdmission(AdmissionQueue queue, int running, bool brownOut)
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

    private readonly Caller _everybody = new(Caller.Anonymous);
    private long _meanTicks;

    /// <summary>Step of the brown-out ladder now, of the caller that is farthest down.</summary>
    public int Step => Math.Max(_everybody.Step, Callers?.All.Max(static caller => caller.Step) ?? 0);

    /// <summary>Learns how long searches take; null for none.</summary>
    public ThreadReserve? Threads { get; init; }

    /// <summary>Who makes calls; null where all are one.</summary>
    public CallerBook? Callers { get; init; }

    /// <summary>True while searches wait: nothing else should take the cores.</summary>
    public bool IsBusy => queue.Waiting > 0;

    /// <summary>Waits for a place.</summary>
    /// <param name="budget">Of the call. Its cancellation ends the wait.</param>
    /// <param name="bestSoFar">True when the call is to be answered by the budget's deadline whatever has been found.</param>
    /// <param name="caller">Whose search it is; null where all are one.</param>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: the queue is full.</exception>
    /// <exception cref="OperationCanceledException">The caller went away, or the gRPC deadline passed.</exception>
    public ValueTask<SearchPlace> EnterAsync(in SearchBudget budget, bool bestSoFar, Caller? caller = null)
    {
        if (queue.TryEnter(out QueuePlace free))
            return new(Admit(free, TimeSpan.Zero, caller));
        if (!bestSoFar || budget.DeadlineTimestamp == long.MaxValue)
            return WaitAsync(budget, longest: null, caller);
        TimeSpan left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), budget.DeadlineTimestamp);
        TimeSpan longest = left * MostWaited;
        Standing standing = queue.StandingOf(caller);
        TimeSpan expected = TimeSpan.FromTicks(Volatile.Read(ref _meanTicks) * (standing.Ahead + 1) / running);
        return longest < LeastWait || expected >= longest || standing.IsRefused
            ? new(Late(TimeSpan.Zero, expected, caller))
            : WaitAsync(budget, longest, caller);
    }

    /// <summary>Learns how long a place was held.</summary>
    /// <param name="time">The time.</param>
    /// <param name="caller">Whose search it was; null where all are one.</param>
    public void Held(TimeSpan time, Caller? caller = null)
    {
        // Two at once may lose one of them: it is a mean.
        long mean = Volatile.Read(ref _meanTicks);
        Volatile.Write(ref _meanTicks, mean == 0 ? time.Ticks : mean + (time.Ticks - mean) / MeanOver);
        caller?.Held(time);
        Threads?.Searched(time);
    }

    private async ValueTask<SearchPlace> WaitAsync(SearchBudget budget, TimeSpan? longest, Caller? caller)
    {
        long arrived = Stopwatch.GetTimestamp();
        using CancellationTokenSource? limit =
            longest is null ? null : CancellationTokenSource.CreateLinkedTokenSource(budget.Cancellation);
        if (longest < TimeSpan.FromDays(1))
            limit!.CancelAfter(longest.Value);
        try
        {
            QueuePlace place = await queue.EnterAsync(limit?.Token ?? budget.Cancellation, caller);
            return Admit(place, Stopwatch.GetElapsedTime(arrived), caller);
        }
        catch (OperationCanceledException) when (limit is not null && !budget.Cancellation.IsCancellationRequested)
        {
            TimeSpan waited = Stopwatch.GetElapsedTime(arrived);
            return Late(waited, waited, caller);
        }
    }

    private SearchPlace Admit(QueuePlace place, TimeSpan waited, Caller? caller) =>
        new(place, waited, Observe(waited, isLate: false, caller), this, caller);

    private SearchPlace Late(TimeSpan waited, TimeSpan expected, Caller? caller) =>
        new(null, waited, Observe(expected, isLate: true, caller), null, caller);

    private int Observe(TimeSpan waited, bool isLate, Caller? caller)
    {
        if (!brownOut)
            return 0;
        Standing standing = queue.StandingOf(caller);
        return (caller ?? _everybody).Observe(standing.Waiting, standing.Share, waited, isLate);
    }
}
