namespace Ann.Tool.Reports;

/// <summary>What <c>ann load</c> measured. Rates are requests a second; a request holds <see cref="Batch"/> query rows.</summary>
internal sealed record LoadReport
{
    /// <summary><c>open</c> or <c>closed</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>What latency means in this mode.</summary>
    public required string LatencyCounts { get; init; }

    /// <summary>The server.</summary>
    public required string Server { get; init; }

    /// <summary>Name of the index.</summary>
    public required string Index { get; init; }

    /// <summary>Build name of the index.</summary>
    public required string Generation { get; init; }

    /// <summary>Items of the index.</summary>
    public required long Rows { get; init; }

    /// <summary>Components of a vector.</summary>
    public required int Dimension { get; init; }

    /// <summary>Results a row.</summary>
    public required int K { get; init; }

    /// <summary>Beam width; 0 when left to the server.</summary>
    public required int Ef { get; init; }

    /// <summary>Recall that the requests ask for; null when they ask for none.</summary>
    public double? RecallTarget { get; init; }

    /// <summary><c>fail</c> or <c>best-so-far</c>.</summary>
    public string OnDeadline { get; init; } = "fail";

    /// <summary>Query rows of a request.</summary>
    public required int Batch { get; init; }

    /// <summary>HTTP/2 connections.</summary>
    public required int Connections { get; init; }

    /// <summary>Deadline of a request from its intended time, in milliseconds; null for none.</summary>
    public int? DeadlineMs { get; init; }

    /// <summary><c>constant</c> or <c>poisson</c>; null for a closed loop.</summary>
    public string? Arrivals { get; init; }

    /// <summary>Seed of Poisson arrivals; null where nothing is drawn.</summary>
    public int? Seed { get; init; }

    /// <summary>Different query rows.</summary>
    public required int Queries { get; init; }

    /// <summary>File of true neighbours; null when none was given.</summary>
    public string? Truth { get; init; }

    /// <summary>Recall that was asked for; null when none was.</summary>
    public double? MinRecall { get; init; }

    /// <summary>Largest share of degraded answers that a sustained rate may have.</summary>
    public double MaxDegraded { get; init; }

    /// <summary>The search for the highest sustained rate; null when it was not asked for.</summary>
    public LoadMaximum? Maximum { get; init; }

    /// <summary>The measured runs, in order.</summary>
    public required IReadOnlyList<LoadRun> Runs { get; init; }

    /// <summary>What became of another caller's flood beside the last run; null without one.</summary>
    public LoadFlood? Flood { get; init; }

    /// <summary>Live recall as the server tells it after the runs, of its serving generation.</summary>
    public IReadOnlyList<LoadLiveRecall> LiveRecall { get; init; } = [];

    /// <summary>True when Ctrl-C ended it: the last run is shorter than planned, later ones are missing.</summary>
    public bool EndedEarly { get; init; }
}

/// <summary>Another caller, who asked for more than he may.</summary>
/// <param name="Rate">Requests a second that he sent.</param>
/// <param name="Answered">Of these in the measured time, those that were answered.</param>
/// <param name="Errors">Those that were not, by gRPC code.</param>
/// <param name="P99Change">Change of the run's 99th percentile beside him: 0.1 for a tenth more than alone.</param>
internal sealed record LoadFlood(double Rate, long Answered, IReadOnlyDictionary<string, long> Errors, double P99Change);

/// <summary>The highest rate that was sustained with the 99th percentile within the objective.</summary>
/// <param name="SloP99Ms">The objective, milliseconds.</param>
/// <param name="Rate">The rate, requests a second; 0 when none was sustained.</param>
/// <param name="Probes">The short runs that found it.</param>
internal sealed record LoadMaximum(double SloP99Ms, double Rate, IReadOnlyList<LoadRun> Probes);

/// <summary>Live recall of one kind of query.</summary>
/// <param name="FilterClass">Share of the items that may be returned.</param>
/// <param name="K">Results wanted, up to this many.</param>
/// <param name="Samples">Queries measured.</param>
/// <param name="Recall">0 to 1.</param>
/// <param name="Low">Lower end of its 95 % interval.</param>
/// <param name="High">Upper end.</param>
/// <param name="EfFactor">Factor on the beam widths of recall targets.</param>
internal sealed record LoadLiveRecall(string FilterClass, int K, int Samples, double Recall, double Low, double High, double EfFactor);

/// <summary>One run.</summary>
internal sealed record LoadRun
{
    /// <summary>Rate asked for; null in a closed loop.</summary>
    public double? Rate { get; init; }

    /// <summary>Callers of a closed loop; null in an open one.</summary>
    public int? Concurrency { get; init; }

    /// <summary>Measured time, without warm-up.</summary>
    public required double Seconds { get; init; }

    /// <summary>Requests that were due, a second; null in a closed loop.</summary>
    public double? Offered { get; init; }

    /// <summary>Answers that came in the measured time, a second.</summary>
    public required double Achieved { get; init; }

    /// <summary>Requests that were due in the measured time.</summary>
    public required long Due { get; init; }

    /// <summary>Of those, answered.</summary>
    public required long Answered { get; init; }

    /// <summary>Of those, failed, by gRPC code.</summary>
    public required IReadOnlyDictionary<string, long> Errors { get; init; }

    /// <summary>Of those, given up some seconds after the end of the run.</summary>
    public required long Unanswered { get; init; }

    /// <summary>Answers that are less than the whole search would have given: cut short, or made with less work.</summary>
    public required long Truncated { get; init; }

    /// <summary>Recall of the answers, 0 to 1; null without truth.</summary>
    public double? Recall { get; init; }

    /// <summary>What the answers say of themselves.</summary>
    public LoadAnswers? Answers { get; init; }

    /// <summary>Latency of the answers.</summary>
    public required LoadLatency Latency { get; init; }

    /// <summary>What the harness itself did.</summary>
    public required LoadHarness Harness { get; init; }

    /// <summary>
    /// 99 % of the rate answered, nothing failed, at most 1 % of the answers degraded, and the recall that was asked for; null in a closed
    /// loop.
    /// </summary>
    public bool? Sustained { get; init; }

    /// <summary>Why the harness may have been the limit; empty when it was not.</summary>
    public IReadOnlyList<string> HarnessLimits { get; init; } = [];

    /// <summary>Seconds of a longer run, such as a scenario, that went before this one; 0 for a run alone.</summary>
    public double FirstSecond { get; init; }

    /// <summary>All of that in one line.</summary>
    public required string Verdict { get; init; }

    /// <summary>One entry for each whole second of the measured time.</summary>
    public required IReadOnlyList<LoadSecond> Series { get; init; }

    /// <summary>Requests that were due and got no answer.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public long Failed => Errors.Values.Sum() + Unanswered + Harness.NotSent;
}

/// <summary>What the answers of a run say of themselves, beside what they are.</summary>
internal sealed record LoadAnswers
{
    /// <summary>Share of the requests due that were answered by their deadline, from the intended time; null without one.</summary>
    public double? InDeadline { get; init; }

    /// <summary>Answers by completeness.</summary>
    public required IReadOnlyDictionary<string, long> Completeness { get; init; }

    /// <summary>Answers by step of the brown-out ladder, from 0.</summary>
    public required IReadOnlyList<long> BrownOut { get; init; }

    /// <summary>Mean of the server's estimates; null without truth or estimates.</summary>
    public double? EstimatedRecall { get; init; }

    /// <summary>Recall of the same answers.</summary>
    public double? MeasuredRecall { get; init; }

    /// <summary>
    /// Mean difference of estimate and recall over the classes 0 to 0.1, 0.1 to 0.2 … of the estimate, weighted by their answers. An
    /// answer alone has a recall in steps of 1/k, which no estimate meets.
    /// </summary>
    public double? EstimateError { get; init; }
}

/// <summary>Microseconds, of answers only.</summary>
internal sealed record LoadLatency
{
    /// <summary>Mean.</summary>
    public required double MeanUs { get; init; }

    /// <summary>Median.</summary>
    public required double P50Us { get; init; }

    /// <summary>90th percentile.</summary>
    public required double P90Us { get; init; }

    /// <summary>99th percentile.</summary>
    public required double P99Us { get; init; }

    /// <summary>99.9th percentile.</summary>
    public required double P999Us { get; init; }

    /// <summary>99.99th percentile.</summary>
    public double P9999Us { get; init; }

    /// <summary>The longest.</summary>
    public required double MaxUs { get; init; }

    /// <summary>The whole distribution, from the shortest on.</summary>
    public IReadOnlyList<LoadPercentile> Curve { get; init; } = [];
}

/// <summary>A point of a distribution of latencies.</summary>
/// <param name="Share">Of the answers, 0 to 1.</param>
/// <param name="Us">So many microseconds or fewer.</param>
internal sealed record LoadPercentile(double Share, double Us);

/// <summary>What the harness itself did in a run.</summary>
internal sealed record LoadHarness
{
    /// <summary>Requests due that were not sent, because too many were under way.</summary>
    public required long NotSent { get; init; }

    /// <summary>Most requests under way at once.</summary>
    public required int PeakInFlight { get; init; }

    /// <summary>Median of the time from intended to actual sending, microseconds; part of the latency.</summary>
    public required double LateP50Us { get; init; }

    /// <summary>Its 99th percentile.</summary>
    public required double LateP99Us { get; init; }

    /// <summary>Its largest.</summary>
    public required double LateMaxUs { get; init; }

    /// <summary>Share of the cores that this process may use which it used itself, 0 to 1.</summary>
    public required double CpuShare { get; init; }
}

/// <summary>One second of a run.</summary>
internal sealed record LoadSecond
{
    /// <summary>From 1.</summary>
    public required int Second { get; init; }

    /// <summary>Requests that were due in it.</summary>
    public required long Due { get; init; }

    /// <summary>Answers that came in it.</summary>
    public required long Answered { get; init; }

    /// <summary>Failures that came in it.</summary>
    public required long Errors { get; init; }

    /// <summary>Median latency of its answers, microseconds.</summary>
    public required double P50Us { get; init; }

    /// <summary>99th percentile.</summary>
    public required double P99Us { get; init; }

    /// <summary>The longest.</summary>
    public required double MaxUs { get; init; }
}
