using System.Diagnostics.Metrics;
using Ann.Core.Indexes;
using Ann.Encoding;
using Ann.Server.Admission;
using Ann.Server.Encoders;
using Ann.Server.Telemetry;

namespace Ann.Server.Hosting;

/// <summary>What the server is under when metrics are collected: calls, queues, brown-out, memory beside its budgets, encoders.</summary>
internal sealed class LoadGauges
{
    private readonly Meter _meter;

    public LoadGauges(
        AdmissionControl admission, DrainGate gate, RequestGauge requests, CallLimits limits, CatalogOpening opening,
        EncoderCatalog encoders, ServerMetrics metrics)
    {
        _meter = metrics.Meter;
        _meter.CreateObservableGauge(
            "ann.search.brown_out", () => admission.SearchPlaces.Step, "{step}", "Step of the brown-out ladder.");
        _meter.CreateObservableGauge("ann.calls.active", () => gate.Active, "{call}", "Calls under way, health and reflection left out.");
        Add("ann.queue.waiting", "{call}", "Calls that wait for a place.", () =>
        [
            Of(admission.Searches.Waiting, TagNames.Queue, "search"),
            Of(admission.HeavySearches.Waiting, TagNames.Queue, "heavy_search"),
            Of(admission.Writes.Waiting, TagNames.Queue, "write"),
        ]);
        Add("ann.memory.used", "By", "Memory held under a budget.", () =>
        [
            Of(opening.Budget.Used, TagNames.Component, "indexes"),
            Of(opening.Live.SetBudget.Used, TagNames.Component, "sets"),
            Of(requests.Budget.Used, TagNames.Component, "requests"),
            Of(limits.Replies.Used, TagNames.Component, "replies"),
        ]);
        Add("ann.memory.limit", "By", "The budget.", () =>
        [
            Of(opening.Budget.Limit, TagNames.Component, "indexes"),
            Of(opening.Live.SetBudget.Limit, TagNames.Component, "sets"),
            Of(requests.Budget.Limit, TagNames.Component, "requests"),
            Of(limits.Replies.Limit, TagNames.Component, "replies"),
        ]);
        Add("ann.encoder.waiting", "{call}", "Calls that wait for an encoder.",
            () => encoders.All.Select(static one => Of(one.Waiting, TagNames.Encoder, one.Info.Name)));
        Add("ann.encoder.fell_back", null, "1 where an encoder runs on another provider than was asked for, 0 where not.",
            () => encoders.All.Select(static one => OfEncoder(one.Info)));
    }

    private void Add(string name, string? unit, string meaning, Func<IEnumerable<Measurement<double>>> values)
    {
        GaugeSeries series = new();
        _meter.CreateObservableGauge(name, () => series.With(values()), unit, meaning);
    }

    private static Measurement<double> Of(double value, string tag, string name) =>
        new(value, new KeyValuePair<string, object?>(tag, name));

    private static Measurement<double> OfEncoder(EncoderInfo encoder) => new(
        encoder.ProviderFellBack ? 1 : 0, new(TagNames.Encoder, encoder.Name), new(TagNames.Provider, encoder.Provider));
}
