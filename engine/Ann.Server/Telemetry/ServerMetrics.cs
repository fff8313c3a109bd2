using System.Diagnostics.Metrics;
using System.Text.Json;
using Ann.Core.Indexes;
using Ann.Encoding.Batching;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Telemetry;

/// <summary>
/// What the server exports through <see cref="Meter"/> <c>ann</c> of what happens; what there is at a moment is added by who knows it. Each
/// instrument is described in <c>operations.md</c>. Nothing is allocated, and where nobody listens nothing is done.
/// </summary>
internal sealed class ServerMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "ann";

    /// <summary>Seconds, from a search of a small index to the longest that there are.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries =
        [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
        ],
    };

    /// <summary>Seconds of work in the background.</summary>
    private static readonly InstrumentAdvice<double> LongSeconds = new()
    {
        HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600],
    };

    private static readonly InstrumentAdvice<long> Counts = new()
    {
        HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128],
    };

    private static readonly InstrumentAdvice<long> ManyCounts = new()
    {
        HistogramBucketBoundaries = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000, 10_000_000],
    };

    private static readonly string[] Plans = WordsOf<Wire.Plan>("none");
    private static readonly string[] Completenesses = WordsOf<Wire.Completeness>("unspecified");

    private readonly GenerationLabels _generations = new();
    private readonly Histogram<double> _calls;
    private readonly Histogram<double> _searches;
    private readonly Histogram<double> _queued;
    private readonly Histogram<long> _visited;
    private readonly Counter<long> _answers;
    private readonly Counter<long> _samples;
    private readonly Counter<long> _dropped;
    private readonly Histogram<double> _flushes;
    private readonly Counter<long> _written;
    private readonly Histogram<double> _merges;
    private readonly Histogram<double> _batches;
    private readonly Histogram<long> _batchRows;
    private readonly Counter<long> _slow;
    private readonly Counter<long> _slowLost;
    private readonly Counter<long> _captured;
    private readonly Counter<long> _captureLost;
    private readonly Counter<long> _limited;
    private readonly Counter<long> _slowed;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _auditLost;

    public ServerMetrics()
    {
        Meter = new Meter(new MeterOptions(MeterName) { Scope = this }); // tells the servers of one process apart
        _calls = Meter.CreateHistogram("rpc.server.call.duration", "s", "Time of a call, from its headers to its end.", advice: Seconds);
        _searches = Meter.CreateHistogram("ann.search.duration", "s", "Time of a search without its waiting.", advice: Seconds);
        _queued = Meter.CreateHistogram("ann.search.queue.duration", "s", "Time that a search waited for its place.", advice: Seconds);
        _visited = Meter.CreateHistogram("ann.search.visited", "{node}", "Distances computed for an answer.", advice: ManyCounts);
        _answers = Meter.CreateCounter<long>("ann.search.answers", "{answer}", "Answers, by what became of them.");
        _samples = Meter.CreateCounter<long>("ann.recall.samples", "{query}", "Queries measured for live recall.");
        _dropped = Meter.CreateCounter<long>("ann.recall.dropped", "{query}", "Queries sampled and not measured: no idle time.");
        _flushes = Meter.CreateHistogram("ann.log.flush.duration", "s", "Time of an fsync of the log.", advice: Seconds);
        _written = Meter.CreateCounter<long>("ann.log.items", "{item}", "Items upserted and deleted.");
        _merges = Meter.CreateHistogram("ann.compaction.duration", "s", "Time of a sealing or a compaction.", advice: LongSeconds);
        _batches = Meter.CreateHistogram("ann.encoder.batch.duration", "s", "Time of a run of an encoder.", advice: Seconds);
        _batchRows = Meter.CreateHistogram("ann.encoder.batch.rows", "{row}", "Inputs of a run of an encoder.", advice: Counts);
        _slow = Meter.CreateCounter<long>("ann.slow_query.written", "{call}", "Slow calls written to their file.");
        _slowLost = Meter.CreateCounter<long>("ann.slow_query.lost", "{call}", "Slow calls that were not: the file takes no more.");
        _captured = Meter.CreateCounter<long>("ann.capture.written", "{call}", "Searches written to the capture.");
        _captureLost = Meter.CreateCounter<long>("ann.capture.lost", "{call}", "Searches of the sample that were not written.");
        _limited = Meter.CreateCounter<long>("ann.limits.refused", "{call}", "Calls refused by a limit, or by a full queue.");
        _slowed = Meter.CreateCounter<long>("ann.limits.slowed", "{block}", "Blocks of write streams that had to wait for a limit.");
        _refused = Meter.CreateCounter<long>("ann.access.refused", "{call}", "Calls refused for want of a credential or of a role.");
        _auditLost = Meter.CreateCounter<long>("ann.audit.lost", "{line}", "Lines of the audit log that could not be written.");
    }

    /// <summary>For who adds what there is at a moment.</summary>
    public Meter Meter { get; }

    /// <summary>True where somebody listens to calls.</summary>
    public bool CountsCalls => _calls.Enabled;

    /// <summary>True where somebody listens to answers.</summary>
    public bool CountsAnswers => _searches.Enabled || _queued.Enabled || _visited.Enabled || _answers.Enabled;

    /// <summary>The label of a generation.</summary>
    public string LabelOf(string index, string generation) => _generations.Of(index, generation);

    /// <summary>A call has ended.</summary>
    /// <param name="method">As <see cref="TagNames.RpcMethod"/>.</param>
    /// <param name="status">gRPC's name of its status.</param>
    /// <param name="elapsed">How long it took.</param>
    public void Called(string method, string status, TimeSpan elapsed) => _calls.Record(
        elapsed.TotalSeconds, new(TagNames.RpcSystem, "grpc"), new(TagNames.RpcMethod, method), new(TagNames.RpcStatus, status));

    /// <summary>An answer goes out.</summary>
    public void Answered(in ToldAnswer facts)
    {
        KeyValuePair<string, object?> index = new(TagNames.Index, facts.Index);
        if (_searches.Enabled)
        {
            _searches.Record(
                facts.Searched.TotalSeconds, index, new(TagNames.Generation, _generations.Of(facts.Index, facts.Generation)),
                new(TagNames.Plan, NameOf(facts.Plan)));
        }
        if (_queued.Enabled)
            _queued.Record(facts.Queued.TotalSeconds, index);
        if (_visited.Enabled)
            _visited.Record(facts.Visited, index, new(TagNames.Plan, NameOf(facts.Plan)));
        if (_answers.Enabled)
            _answers.Add(1, index, new(TagNames.Completeness, NameOf(facts.Completeness)));
    }

    /// <summary>A sample of an index was measured.</summary>
    public void Sampled(string index) => _samples.Add(1, new KeyValuePair<string, object?>(TagNames.Index, index));

    /// <summary>A call was refused for want of a credential or of a role.</summary>
    /// <param name="status">gRPC's name of how it ended.</param>
    public void Refused(string status) => _refused.Add(1, new KeyValuePair<string, object?>(TagNames.RpcStatus, status));

    /// <summary>A line of the audit log could not be written.</summary>
    public void AuditLost() => _auditLost.Add(1);

    /// <summary>A sample of an index was given up.</summary>
    public void Dropped(string index) => _dropped.Add(1, new KeyValuePair<string, object?>(TagNames.Index, index));

    /// <summary>The log made writes durable.</summary>
    public void Flushed(FlushReport flush)
    {
        KeyValuePair<string, object?> index = new(TagNames.Index, flush.Index);
        _flushes.Record(flush.Elapsed.TotalSeconds, index);
        _written.Add(flush.Items, index);
    }

    /// <summary>Sealing or compacting has made a segment.</summary>
    public void Merged(SealingReport made) =>
        _merges.Record(made.Elapsed.TotalSeconds, new KeyValuePair<string, object?>(TagNames.Index, made.Index));

    /// <summary>An encoder has run.</summary>
    public void Encoded(BatchReport batch)
    {
        KeyValuePair<string, object?> encoder = new(TagNames.Encoder, batch.Encoder);
        KeyValuePair<string, object?> provider = new(TagNames.Provider, batch.Provider);
        if (_batches.Enabled)
        {
            _batches.Record(
                batch.Elapsed.TotalSeconds, encoder, provider, new(TagNames.ErrorType, batch.Succeeded ? null : "failed"));
        }
        if (_batchRows.Enabled)
            _batchRows.Record(batch.Rows, encoder, provider);
    }

    /// <summary>A search was captured.</summary>
    public void WroteCapture() => _captured.Add(1);

    /// <summary>A search of the sample was not.</summary>
    public void LostCapture() => _captureLost.Add(1);

    /// <summary>A slow call was written.</summary>
    public void WroteSlow() => _slow.Add(1);

    /// <summary>A slow call was not.</summary>
    public void LostSlow() => _slowLost.Add(1);

    /// <summary>A limit refuses a call.</summary>
    /// <param name="limit">As <c>requests_per_second</c>, <c>search_queue</c>.</param>
    /// <param name="scope">Whose limit it is: <c>caller</c>, <c>index</c>, <c>caller_on_index</c>, <c>server</c>.</param>
    public void Limited(string limit, string scope) => _limited.Add(1, new(TagNames.Limit, limit), new(TagNames.LimitScope, scope));

    /// <summary>A limit makes a block of a stream wait.</summary>
    public void Slowed() => _slowed.Add(1);

    /// <summary>A plan in words.</summary>
    public static string NameOf(Wire.Plan plan) => Plans[Math.Clamp((int)plan, 0, Plans.Length - 1)];

    /// <summary>A completeness in words.</summary>
    public static string NameOf(Wire.Completeness completeness) =>
        Completenesses[Math.Clamp((int)completeness, 0, Completenesses.Length - 1)];

    public void Dispose() => Meter.Dispose();

    /// <summary>The words for the values of an enum of the wire, whose numbers begin at 0 and leave none out.</summary>
    private static string[] WordsOf<T>(string zero)
        where T : struct, Enum =>
        [zero, .. Enum.GetNames<T>().Skip(1).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];
}

/// <summary>An answer, as metrics tell it.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="Generation">The generation that answered.</param>
/// <param name="Plan">How it was found.</param>
/// <param name="Completeness">What became of it.</param>
/// <param name="Queued">Time that it waited.</param>
/// <param name="Searched">Time that the search took.</param>
/// <param name="Visited">Distances computed.</param>
internal readonly record struct ToldAnswer(
    string Index, string Generation, Wire.Plan Plan, Wire.Completeness Completeness, TimeSpan Queued, TimeSpan Searched, long Visited);
