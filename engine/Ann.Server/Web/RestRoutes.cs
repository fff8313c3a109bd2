using System.Collections.Concurrent;
using Grpc.AspNetCore.Server;

namespace Ann.Server.Web;

/// <summary>Which method of gRPC a route leads to.</summary>
internal sealed class RestRoutes(EndpointDataSource endpoints)
{
    private readonly ConcurrentDictionary<string, string> _methods = new(StringComparer.Ordinal);

    /// <summary>Service and method, such as <c>ann.v1.Retrieval/Search</c>; empty for a route that leads to none.</summary>
    public string MethodOf(string route) => _methods.GetOrAdd(route, Find);

    /// <summary>Service and method of an endpoint with a slash before them; null where it is none of gRPC.</summary>
    public static string? MethodOf(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName;

    private string Find(string route) => endpoints.Endpoints.OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.RoutePattern.RawText == route)
        .Select(static endpoint => MethodOf(endpoint)?.TrimStart('/')).FirstOrDefault(static method => method is not null) ?? "";
}
