using Aspire.Hosting.ApplicationModel;

namespace Ann.Aspire.Hosting;

/// <summary>An AnnServer as a process of this machine: <c>ann serve</c>.</summary>
/// <param name="name">Its name, and that of its connection string.</param>
/// <param name="command">The program.</param>
/// <param name="workingDirectory">Where it is started.</param>
public sealed class AnnServerExecutableResource(string name, string command, string workingDirectory)
    : ExecutableResource(name, command, workingDirectory), IAnnServerResource
{
    /// <inheritdoc/>
    public EndpointReference PrimaryEndpoint => new(this, ServerConnection.Grpc);

    /// <inheritdoc/>
    public EndpointReference OpsEndpoint => new(this, ServerConnection.Ops);

    /// <inheritdoc/>
    public ParameterResource? ApiKey { get; internal set; }

    /// <inheritdoc cref="AnnServerResource.ConnectionStringExpression"/>
    public ReferenceExpression ConnectionStringExpression => ServerConnection.TextOf(this);

    /// <inheritdoc cref="AnnServerResource.GetConnectionProperties"/>
    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() => ServerConnection.PropertiesOf(this);
}
