namespace Ann.Server.Admission;

/// <summary>What a search got when it asked to be let in. Disposing it gives the place back.</summary>
/// <param name="place">The place; null for a call that had no time to wait for one.</param>
/// <param name="queued">Time that it waited.</param>
/// <param name="step">Step of the brown-out ladder to be served at, 0 for none.</param>
/// <param name="owner">Learns how long the place was held; null without a place.</param>
/// <param name="caller">Whose search it is; null where all are one.</param>
internal readonly struct SearchPlace(QueuePlace? place, TimeSpan queued, int step, SearchAdmission? owner, Caller? caller) : IDisposable
{
    private readonly long _since = TimeProvider.System.GetTimestamp();

    /// <summary>Time that it waited.</summary>
    public TimeSpan Queued => queued;

    /// <summary>Step of the brown-out ladder, 0 for none.</summary>
    public int Step => step;

    /// <summary>True when there is no place: the call wants an answer before one would be free, so it gets the least work.</summary>
    public bool IsLate => place is null;

    public void Dispose()
    {
        place?.Dispose();
        owner?.Held(TimeProvider.System.GetElapsedTime(_since), caller);
    }
}
