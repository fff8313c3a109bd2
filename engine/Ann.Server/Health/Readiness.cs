using System.Globalization;
using Ann.Core.Indexes;
using Ann.Server.Admission;
using Ann.Server.Recall;
using Microsoft.Extensions.Options;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Ann.Server.Health;

/// <summary>One thing that an index needs to be ready.</summary>
/// <param name="Check">loaded, warm, recall, memory or log.</param>
/// <param name="Ok">True when it is so.</param>
/// <param name="Detail">What was found; of one that is not so, why.</param>
internal sealed record ReadinessCheck(string Check, bool Ok, string Detail);

/// <summary>Whether an index is ready.</summary>
/// <param name="Index">Its name.</param>
/// <param name="Ready">True when every check is.</param>
/// <param name="Checks">Each.</param>
internal sealed record IndexReadiness(string Index, bool Ready, IReadOnlyList<ReadinessCheck> Checks);

/// <summary>Whether the server is ready.</summary>
/// <param name="Ready">True when calls should come here: as <c>grpc.health.v1</c> has it of the whole server.</param>
/// <param name="State">serving, loading, draining, or failed: loaded, and not one index can be served.</param>
/// <param name="Indexes">Each index. One that is not ready does not keep the server from serving the others.</param>
internal sealed record ServerReadiness(bool Ready, string State, IReadOnlyList<IndexReadiness> Indexes);

/// <summary>Tells whether calls should come here, and why not.</summary>
internal sealed class Readiness(
    IndexCatalog catalog, CatalogOpening opening, HealthBoard health, LiveRecallBoard recall, DrainGate gate,
    IOptions<ServerOptions> options)
{
    private const string WholeServer = "";

    private readonly double _minRecall = options.Value.ReadyMinRecall;

    /// <summary>The server, with every index.</summary>
    public ServerReadiness OfServer()
    {
        bool ready = Serves(WholeServer) && !gate.IsDraining;
        string state = gate.IsDraining ? "draining" : ready ? "serving"
            : catalog.Indexes.Any(static index => index.Status.State == IndexState.Loading) ? "loading" : "failed";
        return new ServerReadiness(ready, state, [.. catalog.Indexes.Select(Of)]);
    }

    /// <summary>One index; null when there is none of that name.</summary>
    public IndexReadiness? OfIndex(string name) =>
        catalog.Indexes.FirstOrDefault(index => index.Name == name) is { } found ? Of(found) : null;

    /// <summary>One index.</summary>
    public IndexReadiness Of(HostedIndex index)
    {
        ReadinessCheck[] checks = [Loaded(index), Warm(index), Recall(index), Memory(), Log(index)];
        return new IndexReadiness(index.Name, checks.All(static check => check.Ok), checks);
    }

    private static ReadinessCheck Loaded(HostedIndex index)
    {
        IndexState state = index.Status.State;
        return new ReadinessCheck(
            "loaded", state == IndexState.Serving, state == IndexState.Failed ? index.FailureText : state.ToString().ToLowerInvariant());
    }

    private ReadinessCheck Warm(HostedIndex index) => Serves(index.Name)
        ? new ReadinessCheck("warm", true, "announced")
        : new ReadinessCheck("warm", false, gate.IsDraining ? "the server is stopping" : "not announced yet");

    /// <summary>The upper end of the interval counts: recall must be known to be low, and not just be little known.</summary>
    private ReadinessCheck Recall(HostedIndex index)
    {
        IReadOnlyList<RecallFact> facts = recall.Of(index.Name);
        if (facts.Count == 0)
            return new ReadinessCheck("recall", true, "not measured yet");
        RecallFact lowest = facts.MinBy(static fact => fact.Interval.High);
        return new ReadinessCheck("recall", lowest.Interval.High >= _minRecall, string.Create(
            CultureInfo.InvariantCulture,
            $"{lowest.Interval.Recall:F3} at least ({lowest.Interval.Low:F3} to {lowest.Interval.High:F3}, k to {lowest.Kind.K}, filter "
                + $"{lowest.Kind.FilterClass}); {_minRecall} is wanted"));
    }

    private ReadinessCheck Memory() => new("memory", opening.Budget.Used <= opening.Budget.Limit, string.Create(
        CultureInfo.InvariantCulture, $"{opening.Budget.Used} of {opening.Budget.Limit} bytes"));

    private static ReadinessCheck Log(HostedIndex index) => index.Status.Live is not { } live
        ? new ReadinessCheck("log", true, index.Source.IsLive ? "not open" : "none: the index is a file")
        : live.IsReadOnly ? new ReadinessCheck("log", true, "read-only")
        : new ReadinessCheck("log", live.WriteFailure is null, live.WriteFailure ?? "writable");

    private bool Serves(string service) => health.Current.Statuses.GetValueOrDefault(service) == ServingStatus.Serving;
}
