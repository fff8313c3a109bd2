using System.Diagnostics.Metrics;
using Ann.Core.Indexes;
using Ann.Server.Admission;
using Ann.Server.Recall;

namespace Ann.Server.Web;

/// <summary>
/// The last minutes in figures, for the charts of the console: a point every two seconds. Calls and their times come from the platform's
/// own meter of requests, all else is looked at. There is none, and nobody measures, where the console is not served.
/// </summary>
internal sealed class FiguresBoard : IDisposable
{
    /// <summary>Ten minutes.</summary>
    public const int Points = 300;

    /// <summary>Time between two points.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private const string MeterName = "Microsoft.AspNetCore.Hosting";
    private const string InstrumentName = "http.server.request.duration";
    private const string RouteTag = "http.route";
    private const string ReadService = "ann.v1.Retrieval/";
    private const string WriteService = "ann.v1.Ingest/";

    private readonly Lock _lock = new();
    private readonly Queue<FiguresPoint> _points = new();
    private readonly CallTimes _reads = new();
    private readonly CallTimes _writes = new();
    private readonly FiguresSources _sources;
    private readonly RestRoutes _routes;
    private readonly MeterListener _listener = new();
    private readonly IMeterFactory _meters;
    private ITimer? _timer;
    private long _since;

    public FiguresBoard(FiguresSources sources, RestRoutes routes, IMeterFactory meters)
    {
        _sources = sources;
        _routes = routes;
        _meters = meters;
    }

    /// <summary>Begins to measure: once the server serves, whose own calls to warm up nobody wants to see.</summary>
    public void Begin()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Name: InstrumentName, Meter.Name: MeterName } && instrument.Meter.Scope == _meters)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) => Count(seconds, tags));
        _listener.Start();
        _since = _sources.Time.GetTimestamp();
        _timer = _sources.Time.CreateTimer(static board => ((FiguresBoard)board!).Add(), this, Period, Period);
    }

    /// <summary>The points after a moment, oldest first.</summary>
    /// <param name="unixMs">Milliseconds since 1970 UTC.</param>
    public IReadOnlyList<FiguresPoint> After(long unixMs)
    {
        lock (_lock)
            return [.. _points.Where(point => point.UnixMs > unixMs)];
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _listener.Dispose();
    }

    private void Count(double seconds, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            if (tag.Key != RouteTag || tag.Value is not string route)
                continue;
            string method = _routes.MethodOf(route);
            if (method.StartsWith(ReadService, StringComparison.Ordinal))
                _reads.Add(seconds);
            else if (method.StartsWith(WriteService, StringComparison.Ordinal))
                _writes.Add(seconds);
        }
    }

    private void Add()
    {
        long now = _sources.Time.GetTimestamp();
        double seconds = Math.Round(_sources.Time.GetElapsedTime(_since, now).TotalSeconds, 3);
        _since = now;
        CallTimesTaken reads = _reads.Take();
        CallTimesTaken writes = _writes.Take();
        FiguresPoint point = new()
        {
            UnixMs = _sources.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            Seconds = seconds,
            Reads = reads.Count,
            ReadP50Ms = reads.P50Ms,
            ReadP99Ms = reads.P99Ms,
            Writes = writes.Count,
            WriteP99Ms = writes.P99Ms,
            ProcessBytes = Environment.WorkingSet,
            HeapBytes = GC.GetTotalMemory(forceFullCollection: false),
            IndexBytes = _sources.Opening.Budget.Used,
            RequestBytes = _sources.Requests.Budget.Used,
            ReplyBytes = _sources.Limits.Replies.Used,
            BrownOutStep = _sources.Admission.SearchPlaces.Step,
            Recall = RecallOf(_sources.Recall.All),
        };
        lock (_lock)
        {
            _points.Enqueue(point);
            if (_points.Count > Points)
                _points.Dequeue();
        }
    }

    /// <summary>Of each index one figure: its samples of all kinds together.</summary>
    private static SortedDictionary<string, double> RecallOf(IReadOnlyList<RecallFact> facts) => new(
        facts.GroupBy(static fact => fact.Kind.Index).ToDictionary(
            static index => index.Key,
            static index => Math.Round(
                index.Sum(static fact => fact.Interval.Recall * fact.Interval.Samples)
                    / index.Sum(static fact => fact.Interval.Samples), 5)),
        StringComparer.Ordinal);
}

/// <summary>What the board looks at.</summary>
internal sealed record FiguresSources(
    CatalogOpening Opening, RequestGauge Requests, CallLimits Limits, AdmissionControl Admission, LiveRecallBoard Recall,
    TimeProvider Time);

/// <summary>Two seconds in figures.</summary>
internal sealed record FiguresPoint
{
    /// <summary>Its end, milliseconds since 1970 UTC.</summary>
    public required long UnixMs { get; init; }

    /// <summary>How long it was: about two seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Calls of Retrieval that ended.</summary>
    public required long Reads { get; init; }

    /// <summary>Their median time in the server, milliseconds; null of none.</summary>
    public required double? ReadP50Ms { get; init; }

    /// <summary>The 99th percentile.</summary>
    public required double? ReadP99Ms { get; init; }

    /// <summary>Calls of Ingest that ended.</summary>
    public required long Writes { get; init; }

    /// <summary>The 99th percentile of their time, milliseconds; null of none.</summary>
    public required double? WriteP99Ms { get; init; }

    /// <summary>Memory of the process, mapped pages that are there included.</summary>
    public required long ProcessBytes { get; init; }

    /// <summary>Of it, objects of .NET.</summary>
    public required long HeapBytes { get; init; }

    /// <summary>What indexes hold of their budget.</summary>
    public required long IndexBytes { get; init; }

    /// <summary>What messages under way hold.</summary>
    public required long RequestBytes { get; init; }

    /// <summary>What replies under way hold.</summary>
    public required long ReplyBytes { get; init; }

    /// <summary>Step of the brown-out ladder.</summary>
    public required int BrownOutStep { get; init; }

    /// <summary>Live recall by index.</summary>
    public required IReadOnlyDictionary<string, double> Recall { get; init; }
}
