namespace Ann.Server;

/// <summary>How telemetry goes to an OpenTelemetry collector.</summary>
public enum OtlpProtocol
{
    /// <summary>OTLP over gRPC; collectors listen on port 4317.</summary>
    Grpc,

    /// <summary>Protobuf over HTTP; collectors listen on port 4318. The paths of the signals are appended to the address.</summary>
    Http,
}
