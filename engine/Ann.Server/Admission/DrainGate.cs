using Ann.Core;

namespace Ann.Server.Admission;

/// <summary>Counts the calls under way, and lets no more in once the server is going away.</summary>
/// <remarks>
/// A call counts itself first and looks at the flag second; the drain sets the flag first and looks at the count second. Whatever the
/// order, either the call sees the flag or the drain sees the call.
/// </remarks>
internal sealed class DrainGate : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _active;
    private int _draining;

    /// <summary>Calls under way.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>True once <see cref="DrainAsync"/> was called.</summary>
    public bool IsDraining => Volatile.Read(ref _draining) != 0;

    /// <summary>Cancelled when the drain begins: what would go on for long ends early.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Counts a call in. Each one that enters must <see cref="Exit"/>.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.Unavailable"/>: the server is going away; the call is not counted.</exception>
    public void Enter()
    {
        Interlocked.Increment(ref _active);
        if (Interlocked.CompareExchange(ref _draining, 0, 0) == 0)
            return;
        Exit();
        throw GoingAway();
    }

    /// <summary>Counts a call out.</summary>
    public void Exit()
    {
        if (Interlocked.Decrement(ref _active) == 0 && IsDraining)
            _empty.TrySetResult();
    }

    /// <summary>Lets no call in from now on. The task ends when the last one under way has left.</summary>
    public Task DrainAsync()
    {
        if (Interlocked.Exchange(ref _draining, 1) == 0)
            _ = _stopping.CancelAsync(); // whoever listens goes on elsewhere
        if (Active == 0)
            _empty.TrySetResult();
        return _empty.Task;
    }

    /// <summary>What a caller hears when the server goes away.</summary>
    public static AnnException GoingAway() => new(AnnError.Unavailable, "The server is stopping.");

    public void Dispose() => _stopping.Dispose();
}
