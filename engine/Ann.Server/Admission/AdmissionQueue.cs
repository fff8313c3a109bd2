using System.Threading.RateLimiting;
using Ann.Core;

namespace Ann.Server.Admission;

/// <summary>Lets a bounded number of calls run and a bounded number wait, in order of arrival; refuses the rest at once.</summary>
/// <param name="work">What the calls do, for messages: "search".</param>
/// <param name="running">Calls that run at once.</param>
/// <param name="waiting">Calls that may wait.</param>
internal sealed class AdmissionQueue(string work, int running, int waiting) : IDisposable
{
    private readonly ConcurrencyLimiter _limiter = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = running,
        QueueLimit = waiting,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Calls waiting now.</summary>
    public long Waiting => _limiter.GetStatistics()!.CurrentQueuedCount;

    /// <summary>A place, if one is free and nobody waits; null otherwise. Disposing the lease gives it back.</summary>
    public RateLimitLease? TryEnter()
    {
        RateLimitLease lease = _limiter.AttemptAcquire(1);
        if (lease.IsAcquired)
            return lease;
        lease.Dispose();
        return null;
    }

    /// <summary>Waits for a place. Disposing the lease gives it back.</summary>
    /// <param name="cancellation">Cancelled at the call's deadline too; a waiting call then leaves the queue.</param>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: the queue is full.</exception>
    /// <exception cref="OperationCanceledException">The caller went away, or its deadline passed.</exception>
    public ValueTask<RateLimitLease> EnterAsync(CancellationToken cancellation)
    {
        ValueTask<RateLimitLease> entering = _limiter.AcquireAsync(1, cancellation);
        return entering.IsCompletedSuccessfully ? new(Require(entering.Result)) : WaitAsync(entering);
    }

    public void Dispose() => _limiter.Dispose();

    private async ValueTask<RateLimitLease> WaitAsync(ValueTask<RateLimitLease> entering) => Require(await entering);

    private RateLimitLease Require(RateLimitLease lease)
    {
        if (lease.IsAcquired)
            return lease;
        lease.Dispose();
        throw new AnnException(AnnError.Overloaded, $"The {work} queue is full: {running} running, {waiting} waiting.");
    }
}
