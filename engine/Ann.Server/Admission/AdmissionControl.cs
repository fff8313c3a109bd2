using Microsoft.Extensions.Options;

namespace Ann.Server.Admission;

/// <summary>The queues of the server, but for those of its encoders, which have threads of their own.</summary>
internal sealed class AdmissionControl : IDisposable
{
    public AdmissionControl(IOptions<ServerOptions> options)
    {
        ServerOptions limits = options.Value;
        Searches = new("search", limits.MaxConcurrentSearches, limits.SearchQueueLimit);
        SearchPlaces = new(Searches, limits.MaxConcurrentSearches, limits.SearchQueueLimit, limits.BrownOut);
        HeavySearches = new("heavy search", limits.HeavySearches(), limits.HeavyQueueLimit);
        WriteStreams = new("write stream", limits.MaxWriteStreams, 0);
        Writes = new("write", limits.MaxConcurrentWrites, limits.WriteQueueLimit);
    }

    public AdmissionQueue Searches { get; }

    /// <summary>The way into <see cref="Searches"/> for searches: knows the pressure and the brown-out.</summary>
    public SearchAdmission SearchPlaces { get; }

    /// <summary>Before <see cref="SearchPlaces"/>, for those that <see cref="CallWork"/> finds heavy.</summary>
    public AdmissionQueue HeavySearches { get; }

    /// <summary>A stream may stay for hours, so none waits for another.</summary>
    public AdmissionQueue WriteStreams { get; }

    public AdmissionQueue Writes { get; }

    public void Dispose()
    {
        Searches.Dispose();
        HeavySearches.Dispose();
        WriteStreams.Dispose();
        Writes.Dispose();
    }
}
