using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Ann.Aspire.Hosting;

/// <summary>AnnServers in an AppHost.</summary>
public static class AnnServerBuilderExtensions
{
    private const string Ready = "/readyz";

    /// <summary>
    /// Adds an AnnServer in a container of the image <see cref="AnnServerImage"/>, healthy once it serves. While the AppHost runs it, it
    /// listens in the container's network without TLS; when it is published nothing of that is said, and the server ends at its start
    /// without TLS and authentication.
    /// </summary>
    /// <param name="builder">The AppHost.</param>
    /// <param name="name">Name of the resource and of its connection string.</param>
    /// <param name="port">Port of calls on this machine; null for a free one.</param>
    public static IResourceBuilder<AnnServerResource> AddAnnServer(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, int? port = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        IResourceBuilder<AnnServerResource> server = builder.AddResource(new AnnServerResource(name))
            .WithImage(AnnServerImage.Name, AnnServerImage.Tag)
            .WithHttpEndpoint(port, AnnServerImage.GrpcPort, ServerConnection.Grpc)
            .WithHttpEndpoint(targetPort: AnnServerImage.OpsPort, name: ServerConnection.Ops);
        if (builder.ExecutionContext.IsRunMode)
            server.WithEnvironment("Ann__InsecureListen", "true");
        return Finish(server);
    }

    /// <summary>
    /// Adds an AnnServer as a process: <c>ann serve</c> of the tool that is installed on this machine, on the loopback, healthy once it
    /// serves. For development: a program that is published has a container.
    /// </summary>
    /// <param name="builder">The AppHost.</param>
    /// <param name="name">Name of the resource and of its connection string.</param>
    /// <param name="dataDirectory">Where its indexes are; made if it is not there. Relative to the AppHost's directory.</param>
    /// <param name="command">The program. Default: <c>ann</c>, as the path finds it.</param>
    /// <param name="arguments">What comes before <c>serve</c>, such as the path of <c>ann.dll</c> for <c>dotnet</c>.</param>
    /// <param name="port">Port of calls on this machine; null for a free one.</param>
    public static IResourceBuilder<AnnServerExecutableResource> AddAnnServerExecutable(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        string dataDirectory,
        string command = "ann",
        IEnumerable<string>? arguments = null,
        int? port = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(dataDirectory);
        string home = builder.AppHostDirectory;
        IResourceBuilder<AnnServerExecutableResource> server = builder
            .AddResource(new AnnServerExecutableResource(name, command, home))
            .WithArgs([.. arguments ?? [], "serve"])
            .WithHttpEndpoint(port, name: ServerConnection.Grpc)
            .WithHttpEndpoint(name: ServerConnection.Ops);
        return Finish(server)
            .WithEnvironment("Ann__DataDirectory", Path.GetFullPath(dataDirectory, home))
            .WithEnvironment("Ann__Listen", OnLoopback(server.Resource.PrimaryEndpoint))
            .WithEnvironment("Ann__OpsListen", OnLoopback(server.Resource.OpsEndpoint));
    }

    /// <summary>Keeps indexes, snapshots and the cache in a named volume, which outlives the container.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="name">Name of the volume; null for one made of the names of AppHost and resource.</param>
    public static IResourceBuilder<AnnServerResource> WithDataVolume(
        this IResourceBuilder<AnnServerResource> builder, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithVolume(name ?? VolumeNameGenerator.Generate(builder, "data"), AnnServerImage.Data);
    }

    /// <summary>Keeps them in a directory of this machine, in which the image's user, 10001, must be able to write.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="source">The directory. Relative to the AppHost's directory.</param>
    public static IResourceBuilder<AnnServerResource> WithDataBindMount(this IResourceBuilder<AnnServerResource> builder, string source)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(source);
        return builder.WithBindMount(source, AnnServerImage.Data);
    }

    /// <summary>
    /// Lets in those alone who show a key. The server has the keys of a file that <c>ann keys create</c> wrote, as salted hashes; clients
    /// have the key, in their connection string. They show it to this machine alone, since there is no TLS.
    /// </summary>
    /// <param name="builder">The server.</param>
    /// <param name="key">The key that <c>ann keys create</c> printed, as a secret parameter.</param>
    /// <param name="keyFile">The file with its hash. Relative to the AppHost's directory.</param>
    /// <exception cref="DistributedApplicationException">There is no such file.</exception>
    public static IResourceBuilder<AnnServerResource> WithApiKey(
        this IResourceBuilder<AnnServerResource> builder, IResourceBuilder<ParameterResource> key, string keyFile)
    {
        string path = PathOf(builder, key, keyFile);
        builder.Resource.ApiKey = key.Resource;
        return builder.WithBindMount(path, AnnServerImage.KeyFile, isReadOnly: true)
            .WithEnvironment("Ann__ApiKeyFile", AnnServerImage.KeyFile);
    }

    /// <inheritdoc cref="WithApiKey(IResourceBuilder{AnnServerResource}, IResourceBuilder{ParameterResource}, string)"/>
    public static IResourceBuilder<AnnServerExecutableResource> WithApiKey(
        this IResourceBuilder<AnnServerExecutableResource> builder, IResourceBuilder<ParameterResource> key, string keyFile)
    {
        string path = PathOf(builder, key, keyFile);
        builder.Resource.ApiKey = key.Resource;
        return builder.WithEnvironment("Ann__ApiKeyFile", path);
    }

    private static IResourceBuilder<T> Finish<T>(IResourceBuilder<T> server) where T : IAnnServerResource => server
        .WithEndpoint(ServerConnection.Grpc, static endpoint => endpoint.Transport = "http2")
        .WithHttpHealthCheck(Ready, endpointName: ServerConnection.Ops);

    private static ReferenceExpression OnLoopback(EndpointReference endpoint) =>
        ReferenceExpression.Create($"127.0.0.1:{endpoint.Property(EndpointProperty.TargetPort)}");

    private static string PathOf<T>(IResourceBuilder<T> builder, IResourceBuilder<ParameterResource> key, string keyFile)
        where T : IAnnServerResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentException.ThrowIfNullOrEmpty(keyFile);
        string path = Path.GetFullPath(keyFile, builder.ApplicationBuilder.AppHostDirectory);
        // Docker would make a directory of that name.
        return Path.Exists(path) ? path : throw new DistributedApplicationException(
            $"{builder.Resource.Name} was to have the API keys of {path}, which is not there; 'ann keys create --api-keys' writes one.");
    }
}
