using Ann.Core;
using Ann.Server.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Ann.Server.Hosting;

/// <summary>
/// Brings metrics, traces and logs out of the process by OpenTelemetry: metrics to whoever scrapes the port for operators, all three to a
/// collector. Made only where one of them is wanted; nothing of OpenTelemetry is loaded before.
/// </summary>
internal sealed class TelemetryExport : IDisposable
{
    /// <summary>Name of the service, unless <c>OTEL_SERVICE_NAME</c> gives another.</summary>
    private const string Service = "annserver";

    /// <summary>Series of the metric that has the most: of one index some dozens, and indexes come and go.</summary>
    private const int MostSeries = 10_000;

    /// <summary>How long what is left may take to be sent when the server stops.</summary>
    private const int LastSendingMs = 2_000;

    private readonly TracerProvider? _traces;
    private readonly ServiceProvider? _logs;

    private TelemetryExport(MeterProvider meters, TracerProvider? traces, ServiceProvider? logs)
    {
        Meters = meters;
        _traces = traces;
        _logs = logs;
    }

    /// <summary>The metrics.</summary>
    public MeterProvider Meters { get; }

    /// <summary>Begins; null where nobody wants any.</summary>
    /// <param name="options">Of the server.</param>
    /// <param name="metrics">Its metrics: of several servers of one process each exports its own.</param>
    /// <param name="log">Its log, which goes to the collector too.</param>
    public static TelemetryExport? Begin(ServerOptions options, ServerMetrics metrics, ILoggerFactory log) =>
        options.OpsListen.Length == 0 && options.OtlpEndpoint.Length == 0 ? null : Make(options, metrics, log);

    public void Dispose()
    {
        _traces?.Shutdown(LastSendingMs);
        _traces?.Dispose();
        Meters.Shutdown(LastSendingMs);
        Meters.Dispose();
        _logs?.Dispose();
    }

    private static TelemetryExport Make(ServerOptions options, ServerMetrics metrics, ILoggerFactory log)
    {
        bool sends = options.OtlpEndpoint.Length > 0;
        ResourceBuilder resource = ResourceBuilder.CreateEmpty()
            .AddService(Service, serviceVersion: ProductVersion.Text)
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector();
        MeterProviderBuilder meters = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource)
            .AddMeter(ServerMetrics.MeterName, "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel")
            .SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddView(instrument => instrument.Meter.Name != ServerMetrics.MeterName ? null
                : instrument.Meter.Scope == metrics ? new MetricStreamConfiguration { CardinalityLimit = MostSeries }
                : MetricStreamConfiguration.Drop);
        if (options.OpsListen.Length > 0)
            meters.AddPrometheusExporter(static scrape => scrape.ScopeInfoEnabled = false);
        if (sends)
        {
            meters.AddOtlpExporter((exporter, reader) =>
            {
                Configure(exporter, options, "metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = options.OtlpSeconds * 1000;
            });
        }
        TracerProvider? traces = !sends ? null : Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource)
            .AddSource(Spans.SourceName)
            .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.TraceShare)))
            .AddOtlpExporter(exporter => Configure(exporter, options, "traces"))
            .Build();
        return new TelemetryExport(meters.Build(), traces, sends ? SendLog(options, resource, log) : null);
    }

    /// <summary>Adds the collector to the sinks of the log. The level of each category is what it is for all sinks.</summary>
    private static ServiceProvider SendLog(ServerOptions options, ResourceBuilder resource, ILoggerFactory log)
    {
        ServiceProvider parts = new ServiceCollection().AddLogging(logging => logging.AddOpenTelemetry(sink =>
        {
            sink.SetResourceBuilder(resource);
            sink.IncludeFormattedMessage = true;
            sink.AddOtlpExporter(exporter => Configure(exporter, options, "logs"));
        })).BuildServiceProvider();
        log.AddProvider(parts.GetRequiredService<IEnumerable<ILoggerProvider>>().Single());
        return parts;
    }

    private static void Configure(OtlpExporterOptions exporter, ServerOptions options, string signal)
    {
        bool isHttp = options.OtlpProtocol == OtlpProtocol.Http;
        exporter.Protocol = isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        exporter.Endpoint = new Uri(isHttp ? $"{options.OtlpEndpoint.TrimEnd('/')}/v1/{signal}" : options.OtlpEndpoint);
        if (options.OtlpHeaders.Length > 0)
            exporter.Headers = options.OtlpHeaders;
    }
}
