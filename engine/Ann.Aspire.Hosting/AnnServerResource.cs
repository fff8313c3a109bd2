using Aspire.Hosting.ApplicationModel;

namespace Ann.Aspire.Hosting;

/// <summary>An AnnServer in a container.</summary>
/// <param name="name">Its name, and that of its connection string.</param>
public sealed class AnnServerResource(string name) : ContainerResource(name), IAnnServerResource
{
    /// <inheritdoc/>
    public EndpointReference PrimaryEndpoint => new(this, ServerConnection.Grpc);

    /// <inheritdoc/>
    public EndpointReference OpsEndpoint => new(this, ServerConnection.Ops);

    /// <inheritdoc/>
    public ParameterResource? ApiKey { get; internal set; }

    /// <summary><c>Endpoint=http://HOST:PORT</c>, and <c>;Key=KEY</c> where there is one.</summary>
    public ReferenceExpression ConnectionStringExpression => ServerConnection.TextOf(this);

    /// <summary>Host, Port and Uri, and ApiKey where there is one: what clients in other languages are given.</summary>
    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() => ServerConnection.PropertiesOf(this);
}
