using System.Diagnostics;
using System.Diagnostics.Metrics;
using Grpc.Core;

namespace Ann.Client.Connecting;

/// <summary>
/// A span and a duration a call, by the semantic conventions of OpenTelemetry for databases. Source and meter are called
/// <see cref="Name"/>. Where nobody listens nothing is made.
/// </summary>
internal static class ClientTelemetry
{
    /// <summary>Name of the source of spans and of the meter.</summary>
    public const string Name = "Ann.Client";

    private const string System = "annserver";

    private static readonly ActivitySource Spans = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "db.client.operation.duration", "s", "Duration of calls to AnnServer.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 10],
        });

    /// <summary>When a call begins; 0 where nobody wants to know.</summary>
    public static long Now() => Duration.Enabled ? Stopwatch.GetTimestamp() : 0;

    /// <summary>The span of a call; null where nobody listens.</summary>
    public static Activity? Start(string operation, string index)
    {
        if (!Spans.HasListeners())
            return null;
        Activity? span = Spans.StartActivity($"{operation} {index}", ActivityKind.Client);
        span?.SetTag("db.system.name", System).SetTag("db.operation.name", operation).SetTag("db.collection.name", index);
        return span;
    }

    /// <summary>A call has ended.</summary>
    /// <param name="operation">Its method.</param>
    /// <param name="index">Its index.</param>
    /// <param name="began">By <see cref="Now"/>.</param>
    /// <param name="span">By <see cref="Start"/>.</param>
    /// <param name="failure">Why it failed; null when it did not.</param>
    public static void End(string operation, string index, long began, Activity? span, StatusCode? failure)
    {
        string? error = failure?.ToString();
        if (span is not null)
        {
            if (error is not null)
                span.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
            span.Dispose();
        }
        if (began == 0)
            return;
        TagList tags = new()
        {
            { "db.system.name", System },
            { "db.operation.name", operation },
            { "db.collection.name", index },
        };
        if (error is not null)
            tags.Add("error.type", error);
        Duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, tags);
    }
}
