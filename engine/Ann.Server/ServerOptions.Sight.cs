using System.ComponentModel.DataAnnotations;

namespace Ann.Server;

/// <content>What the server tells of itself: the port for operators, OpenTelemetry, slow queries, readiness.</content>
public sealed partial class ServerOptions
{
    private const string Sight = "Sight";

    /// <summary>
    /// Where health, readiness and metrics are answered over HTTP: address and port, as of <see cref="Listen"/>. Empty for nowhere.
    /// Default: empty.
    /// </summary>
    [Setting("--ops-listen", "Address and port of health, readiness and metrics over HTTP; empty for none.",
        Form = "address:port", ValueName = "HOST:PORT", Group = Sight)]
    public string OpsListen { get; set; } = "";

    /// <summary>Address of an OpenTelemetry collector that metrics, traces and logs are sent to. Empty for none. Default: empty.</summary>
    [Setting("--otlp-endpoint", "OpenTelemetry collector that metrics, traces and logs are sent to.",
        Form = "http://host:port", ValueName = "URL", Group = Sight)]
    public string OtlpEndpoint { get; set; } = "";

    /// <summary>How they are sent. Default: <see cref="OtlpProtocol.Grpc"/>.</summary>
    [EnumDataType(typeof(OtlpProtocol))]
    [Setting("--otlp-protocol", "How they are sent.", ValueName = "grpc|http", Group = Sight)]
    public OtlpProtocol OtlpProtocol { get; set; } = OtlpProtocol.Grpc;

    /// <summary>Headers that are sent along, such as a collector's key: <c>name=value,name=value</c>. Default: none.</summary>
    [Setting("--otlp-headers", "Headers that are sent along, as name=value,name=value.",
        Secret = true, ValueName = "HEADERS", Group = Sight)]
    public string OtlpHeaders { get; set; } = "";

    /// <summary>Time between two sendings of metrics, seconds. Default: 15.</summary>
    [Range(1, 3600)]
    [Setting("--otlp-seconds", "Time between two sendings of metrics.", Unit = SettingAttribute.Seconds, Group = Sight)]
    public int OtlpSeconds { get; set; } = 15;

    /// <summary>
    /// Share of the calls that are traced, where their callers did not decide: a call whose <c>traceparent</c> is sampled always is, one
    /// whose is not never. Without <see cref="OtlpEndpoint"/> none is. Default: 0.01.
    /// </summary>
    [Range(0.0, 1.0)]
    [Setting("--trace-share", "Share of the calls that are traced, where their callers did not decide.", Unit = "share", Group = Sight)]
    public double TraceShare { get; set; } = 0.01;

    /// <summary>File that slow read calls are written to, so that they can be sent again. Empty for none. Default: empty.</summary>
    [Setting("--slow-query-file", "File that slow read calls are written to; ann replay sends them again.",
        ValueName = "FILE", Group = Sight)]
    public string SlowQueryFile { get; set; } = "";

    /// <summary>Time from which a read call is slow, milliseconds; its waiting counts. 0 writes every one. Default: 100.</summary>
    [Range(0.0, 3_600_000.0)]
    [Setting("--slow-query-ms", "Time from which a read call is slow; 0 writes every one.",
        Unit = SettingAttribute.Milliseconds, Group = Sight)]
    public double SlowQueryMs { get; set; } = 100;

    /// <summary>
    /// Bytes that slow queries may take on disk: of the file, and of the one before it, half each. Default: 64 MiB.
    /// </summary>
    [Range(1 << 20, long.MaxValue)]
    [Setting("--slow-query-bytes", "Disk that slow queries may take, the file and the one before it together.",
        Unit = SettingAttribute.Bytes, Group = Sight)]
    public long SlowQueryBytes { get; set; } = 64 << 20;

    /// <summary>
    /// File that a sample of the searches is written to as they come, for replays, tuning and certificates. It holds keys and vectors of
    /// callers. Empty for none. Default: empty.
    /// </summary>
    [Setting("--capture-file", "File that a sample of the searches is written to; ann replay --capture sends them again.",
        ValueName = "FILE", Group = Sight)]
    public string CaptureFile { get; set; } = "";

    /// <summary>Share of the searches that are captured, 0 to 1. Default: 0.01.</summary>
    [Range(0.0, 1.0)]
    [Setting("--capture-share", "Share of the searches that are captured.", Unit = "share", Group = Sight)]
    public double CaptureShare { get; set; } = 0.01;

    /// <summary>Bytes of the capture at which it ends. Default: 64 MiB.</summary>
    [Range(1 << 20, long.MaxValue)]
    [Setting("--capture-bytes", "Length of the capture at which it ends.", Unit = SettingAttribute.Bytes, Group = Sight)]
    public long CaptureBytes { get; set; } = 64 << 20;

    /// <summary>
    /// Live recall below which an index is not ready, by the upper end of its interval, 0 to 1; 0 never. Readiness takes a replica out of
    /// the balance, and all replicas of an index have the same recall, so this is for those who would rather answer nothing. Default: 0.
    /// </summary>
    [Range(0.0, 1.0)]
    [Setting("--ready-min-recall", "Live recall below which an index is not ready; 0 never.", Unit = "share", Group = Sight)]
    public double ReadyMinRecall { get; set; }
}
