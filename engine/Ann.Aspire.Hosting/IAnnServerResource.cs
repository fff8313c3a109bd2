using Aspire.Hosting.ApplicationModel;

namespace Ann.Aspire.Hosting;

/// <summary>An AnnServer of an AppHost, however it is started. Its connection string is <c>Endpoint=http://HOST:PORT;Key=KEY</c>.</summary>
public interface IAnnServerResource : IResourceWithConnectionString, IResourceWithEndpoints, IResourceWithEnvironment,
    IResourceWithWaitSupport
{
    /// <summary>Where calls are answered: gRPC, HTTP/2 without TLS. Its name is <c>grpc</c>.</summary>
    EndpointReference PrimaryEndpoint { get; }

    /// <summary>Where health and metrics are answered, HTTP/1.1. Its name is <c>ops</c>.</summary>
    EndpointReference OpsEndpoint { get; }

    /// <summary>The key that clients show; null where the server serves everybody.</summary>
    ParameterResource? ApiKey { get; }
}
