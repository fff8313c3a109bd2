using System.Diagnostics.Metrics;
using Ann.Server.Admission;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Recall;

/// <summary>What the server exports through <see cref="Meter"/> <c>ann</c>. Each is described in <c>operations.md</c>.</summary>
internal sealed class ServerMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _truncated;
    private readonly Counter<long> _degraded;
    private readonly Counter<long> _samples;
    private readonly Counter<long> _dropped;

    public ServerMetrics(AdmissionControl admission, LiveRecallBoard board)
    {
        _meter = new Meter(new MeterOptions("ann") { Scope = this }); // tells the servers of one process apart
        _truncated = _meter.CreateCounter<long>("ann.search.truncated", "{answer}", "Answers cut short by their deadline.");
        _degraded = _meter.CreateCounter<long>("ann.search.degraded", "{answer}", "Answers made with less work, for overload.");
        _samples = _meter.CreateCounter<long>("ann.recall.samples", "{query}", "Queries measured for live recall.");
        _dropped = _meter.CreateCounter<long>("ann.recall.dropped", "{query}", "Queries sampled and not measured: no idle time.");
        _meter.CreateObservableGauge("ann.search.brown_out", () => admission.SearchPlaces.Step, "{step}", "Step of the brown-out ladder.");
        _meter.CreateObservableGauge(
            "ann.recall.live", () => board.All.Select(static fact => Of(fact, fact.Interval.Recall)), "1", "Recall of real queries.");
        _meter.CreateObservableGauge(
            "ann.recall.ef_factor", () => board.All.Select(static fact => Of(fact, fact.EfFactor)), "1",
            "Factor on the beam widths that recall_target takes.");
    }

    /// <summary>An answer goes out.</summary>
    /// <param name="completeness">What became of it.</param>
    /// <param name="isOwn">True of an own call, which is not counted.</param>
    public void Answered(Wire.Completeness completeness, bool isOwn)
    {
        if (isOwn)
            return;
        if (completeness == Wire.Completeness.TruncatedDeadline)
            _truncated.Add(1);
        else if (completeness == Wire.Completeness.DegradedOverload)
            _degraded.Add(1);
    }

    /// <summary>A sample was measured.</summary>
    public void Sampled(RecallKind kind) => _samples.Add(1, new KeyValuePair<string, object?>("index", kind.Index));

    /// <summary>A sample was given up.</summary>
    public void Dropped(RecallKind kind) => _dropped.Add(1, new KeyValuePair<string, object?>("index", kind.Index));

    public void Dispose() => _meter.Dispose();

    private static Measurement<double> Of(RecallFact fact, double value) => new(
        value, new("index", fact.Kind.Index), new("generation", fact.Kind.Generation), new("filter", fact.Kind.FilterClass),
        new("k", fact.Kind.K));
}
