using System.Diagnostics.Metrics;

namespace Ann.Server.Limits;

/// <summary>Counts what limits refuse, through the meter <c>ann</c>. Each instrument is described in <c>operations.md</c>.</summary>
internal sealed class LimitMetrics : IDisposable
{
    /// <summary>Scope of the limits that all share.</summary>
    public const string Server = "server";

    private readonly Meter _meter;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _slowed;

    public LimitMetrics()
    {
        _meter = new Meter(new MeterOptions("ann") { Scope = this }); // tells the servers of one process apart
        _refused = _meter.CreateCounter<long>("ann.limits.refused", "{call}", "Calls refused by a limit, or by a full queue.");
        _slowed = _meter.CreateCounter<long>("ann.limits.slowed", "{block}", "Blocks of write streams that had to wait for a limit.");
    }

    /// <summary>A call is refused.</summary>
    /// <param name="limit">As <c>requests_per_second</c>, <c>search_queue</c>.</param>
    /// <param name="scope">Whose limit it is: <c>caller</c>, <c>index</c>, <c>caller_on_index</c>, <c>server</c>.</param>
    public void Refused(string limit, string scope) =>
        _refused.Add(1, new KeyValuePair<string, object?>("ann.limit", limit), new KeyValuePair<string, object?>("ann.limit.scope", scope));

    /// <summary>A block of a stream waits.</summary>
    public void Slowed() => _slowed.Add(1);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
