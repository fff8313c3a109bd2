namespace Ann.Tool.Load;

/// <summary>How the intended times of an open loop follow each other.</summary>
internal enum Arrivals
{
    /// <summary>Equal gaps.</summary>
    Constant,

    /// <summary>Exponential gaps: callers that know nothing of each other.</summary>
    Poisson,
}

/// <summary>One measured run.</summary>
internal sealed record LoadPlan
{
    /// <summary>Requests a second of an open loop; 0 for a closed loop.</summary>
    public double Rate { get; init; }

    /// <summary>Callers of a closed loop, each with one request under way; 0 for an open loop.</summary>
    public int Concurrency { get; init; }

    /// <summary>Intended times of an open loop.</summary>
    public Arrivals Arrivals { get; init; }

    /// <summary>Intended times in seconds after the begin, of requests that were recorded; null where they follow from the rate.</summary>
    public IReadOnlyList<double>? Recorded { get; init; }

    /// <summary>Seed of Poisson arrivals.</summary>
    public int Seed { get; init; }

    /// <summary>Load before the measured time; its answers are not counted.</summary>
    public required TimeSpan WarmUp { get; init; }

    /// <summary>Measured time.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Deadline of a request, from its intended time; null for none.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Requests under way at most. An open loop does not send those beyond, and says so.</summary>
    public required int MaxInFlight { get; init; }

    /// <summary>True for a closed loop.</summary>
    public bool IsClosed => Concurrency > 0;
}
