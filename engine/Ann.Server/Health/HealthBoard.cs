using System.Collections.Immutable;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Ann.Server.Health;

/// <summary>The health of the server (service name "") and of each index (its name), and a bell for those who watch.</summary>
internal sealed class HealthBoard
{
    private readonly Lock _writing = new();
    private volatile Page _current = new(ImmutableDictionary<string, ServingStatus>.Empty, IsLast: false);

    /// <summary>What the board says now. Watchers compare it with what they last told, then wait for <see cref="Page.Replaced"/>.</summary>
    public Page Current => _current;

    /// <summary>Sets one service's status. After <see cref="StopServing"/> every status is NOT_SERVING.</summary>
    public void Set(string service, ServingStatus status) =>
        Turn(page => page with
        {
            Statuses = page.Statuses.SetItem(service, page.IsStopped ? ServingStatus.NotServing : status),
        });

    /// <summary>Takes a service away that is known no longer: its watchers hear SERVICE_UNKNOWN.</summary>
    public void Remove(string service) => Turn(page => page with { Statuses = page.Statuses.Remove(service) });

    /// <summary>Sets every service to NOT_SERVING, for good.</summary>
    public void StopServing() =>
        Turn(static page => page with
        {
            IsStopped = true,
            Statuses = page.Statuses.ToImmutableDictionary(static pair => pair.Key, static _ => ServingStatus.NotServing),
        });

    /// <summary>Ends every watch, when each watcher has been told the last status.</summary>
    public void Close() => Turn(static page => page with { IsLast = true });

    private void Turn(Func<Page, Page> change)
    {
        Page old;
        lock (_writing)
        {
            old = _current;
            _current = change(old) with { Bell = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) };
        }
        old.Bell.TrySetResult();
    }

    /// <summary>Every status at one moment.</summary>
    /// <param name="Statuses">By service name.</param>
    /// <param name="IsLast">True when no other page will follow.</param>
    internal sealed record Page(ImmutableDictionary<string, ServingStatus> Statuses, bool IsLast)
    {
        internal bool IsStopped { get; init; }

        internal TaskCompletionSource Bell { get; init; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends when the board shows another page.</summary>
        public Task Replaced => Bell.Task;
    }
}
