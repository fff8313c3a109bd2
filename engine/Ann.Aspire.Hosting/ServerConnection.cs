using Aspire.Hosting.ApplicationModel;

namespace Ann.Aspire.Hosting;

/// <summary>What clients are told of a server.</summary>
internal static class ServerConnection
{
    internal const string Grpc = "grpc";
    internal const string Ops = "ops";

    internal static ReferenceExpression TextOf(IAnnServerResource server)
    {
        ReferenceExpressionBuilder text = new();
        text.Append($"Endpoint={server.PrimaryEndpoint.Property(EndpointProperty.Url)}");
        if (server.ApiKey is { } key)
            text.Append($";Key={key}");
        return text.Build();
    }

    internal static IEnumerable<KeyValuePair<string, ReferenceExpression>> PropertiesOf(IAnnServerResource server)
    {
        EndpointReference endpoint = server.PrimaryEndpoint;
        yield return new("Host", ReferenceExpression.Create($"{endpoint.Property(EndpointProperty.Host)}"));
        yield return new("Port", ReferenceExpression.Create($"{endpoint.Property(EndpointProperty.Port)}"));
        yield return new("Uri", ReferenceExpression.Create($"{endpoint.Property(EndpointProperty.Url)}"));
        if (server.ApiKey is { } key)
            yield return new("ApiKey", ReferenceExpression.Create($"{key}"));
    }
}
