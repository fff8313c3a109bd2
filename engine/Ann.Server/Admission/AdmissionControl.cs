using Ann.Core;
using Ann.Server.Telemetry;
using Microsoft.Extensions.Options;

namespace Ann.Server.Admission;

/// <summary>The queues of the server, but for those of its encoders, which have threads of their own.</summary>
internal sealed class AdmissionControl
{
    private readonly ThreadReserve _threads;

    public AdmissionControl(IOptions<ServerOptions> options, ThreadReserve threads, CallerBook callers, ServerMetrics metrics)
    {
        ServerOptions limits = options.Value;
        _threads = threads;
        Searches = new("search", limits.MaxConcurrentSearches, limits.SearchQueueLimit, metrics);
        SearchPlaces = new(Searches, limits.MaxConcurrentSearches, limits.BrownOut) { Threads = threads, Callers = callers };
        HeavySearches = new("heavy search", limits.HeavySearches(), limits.HeavyQueueLimit, metrics);
        WriteStreams = new("write stream", limits.MaxWriteStreams, 0, metrics);
        Writes = new("write", limits.MaxConcurrentWrites, limits.WriteQueueLimit, metrics);
    }

    public AdmissionQueue Searches { get; }

    /// <summary>The way into <see cref="Searches"/> for searches: knows the pressure and the brown-out.</summary>
    public SearchAdmission SearchPlaces { get; }

    /// <summary>Before <see cref="SearchPlaces"/>, for those that <see cref="CallWork"/> finds heavy.</summary>
    public AdmissionQueue HeavySearches { get; }

    /// <summary>A stream may stay for hours, so none waits for another.</summary>
    public AdmissionQueue WriteStreams { get; }

    public AdmissionQueue Writes { get; }

    /// <summary>Waits for a place among <see cref="HeavySearches"/>. Until it is given back, threads are ready beside the search.</summary>
    /// <param name="caller">Whose search it is; null where all are one.</param>
    /// <param name="cancellation">Cancelled at the call's deadline too.</param>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: the queue is full.</exception>
    /// <exception cref="OperationCanceledException">The caller went away, or its deadline passed.</exception>
    public async ValueTask<HeavyPlace> EnterHeavyAsync(Caller? caller, CancellationToken cancellation)
    {
        _threads.Hold();
        try
        {
            return new HeavyPlace(await HeavySearches.EnterAsync(cancellation, caller), _threads);
        }
        catch
        {
            _threads.Release();
            throw;
        }
    }
}

/// <summary>A place of a heavy search; the default is that of any other, which needs none. Disposing it gives it back.</summary>
internal readonly struct HeavyPlace(QueuePlace place, ThreadReserve threads) : IDisposable
{
    public void Dispose()
    {
        place.Dispose();
        threads?.Release();
    }
}
