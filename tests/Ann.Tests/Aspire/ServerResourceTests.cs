using System.Globalization;
using Ann.Aspire.Hosting;
using Ann.Tests.House;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Ann.Tests.Aspire;

/// <summary>
/// Goal: an AppHost knows of a server what starts it and what finds it. Servers that are started by one are in tests/Ann.Aspire.Tests.
/// </summary>
public sealed class ServerResourceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-aspire-");

    [Fact]
    public async Task AContainerHasThePortsOfTheImageAndListensOnAllOfItsAddresses()
    {
        IDistributedApplicationBuilder host = CreateHost();
        AnnServerResource server = host.AddAnnServer("ann", port: 5123).Resource;

        ContainerImageAnnotation image = Assert.Single(server.Annotations.OfType<ContainerImageAnnotation>());
        Assert.Equal((null, "annserver", "0.1.0"), (image.Registry, image.Image, image.Tag));
        Assert.Equal(
            [("grpc", "http2", 5123, 50051), ("ops", "http", null, 9464)],
            server.Annotations.OfType<EndpointAnnotation>().Select(static one => (one.Name, one.Transport, one.Port, one.TargetPort)));
        Dictionary<string, string> variables = await VariablesAsync(host, server);
        Assert.Equal([new("Ann__InsecureListen", "true")], variables);
        string settings = File.ReadAllText(Path.Combine(TidyTests.Root, "engine", "deploy", "docker", "ann.json"));
        Assert.Contains("0.0.0.0:50051", settings, StringComparison.Ordinal);
        Assert.Contains("0.0.0.0:9464", settings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsPublishedDoesNotListenWithoutProtection()
    {
        IDistributedApplicationBuilder host = CreateHost("--publisher", "manifest", "--output-path", _folder.FullName);
        AnnServerResource server = host.AddAnnServer("ann").Resource;
        Assert.True(host.ExecutionContext.IsPublishMode);
        Assert.Empty(await VariablesAsync(host, server));
        Assert.Equal("Endpoint={ann.bindings.grpc.url}", server.ConnectionStringExpression.ValueExpression);
    }

    [Fact]
    public async Task AnExecutableIsToldWhereToListenAndWhereItsDataAre()
    {
        IDistributedApplicationBuilder host = CreateHost();
        AnnServerExecutableResource server = host.AddAnnServerExecutable("ann", "data", "dotnet", ["ann.dll"]).Resource;
        Allocate(server, "grpc", port: 5001, target: 6001);
        Allocate(server, "ops", port: 5002, target: 6002);

        List<object> arguments = [];
        foreach (CommandLineArgsCallbackAnnotation one in server.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
            await one.Callback(new CommandLineArgsCallbackContext(arguments));
        Assert.Equal(("dotnet", "ann.dll serve"), (server.Command, string.Join(' ', arguments)));
        Dictionary<string, string> variables = await VariablesAsync(host, server);
        Assert.Equal("127.0.0.1:6001", variables["Ann__Listen"]);
        Assert.Equal("127.0.0.1:6002", variables["Ann__OpsListen"]);
        Assert.Equal(Path.Combine(_folder.FullName, "data"), variables["Ann__DataDirectory"]);
        Assert.Equal(3, variables.Count);
    }

    [Fact]
    public async Task AReferenceTellsWhereTheServerIs()
    {
        AnnServerResource server = CreateHost().AddAnnServer("ann").Resource;
        Allocate(server, "grpc", port: 5001, target: 50051);
        Assert.Equal("Endpoint=http://localhost:5001", await server.ConnectionStringExpression.GetValueAsync(default));
        Dictionary<string, string?> properties = [];
        foreach ((string name, ReferenceExpression value) in ((IResourceWithConnectionString)server).GetConnectionProperties())
            properties[name] = await value.GetValueAsync(default);
        Assert.Equal([new("Host", "localhost"), new("Port", "5001"), new("Uri", "http://localhost:5001")], properties);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TheServerHasTheFileOfAKeyAndItsClientsTheKey(bool isContainer)
    {
        string file = Path.Combine(_folder.FullName, "keys.json");
        await File.WriteAllTextAsync(file, "{}");
        IDistributedApplicationBuilder host = CreateHost();
        host.Configuration["Parameters:ann-key"] = "the secret";
        IResourceBuilder<ParameterResource> key = host.AddParameter("ann-key", secret: true);
        IAnnServerResource server = isContainer
            ? host.AddAnnServer("ann").WithApiKey(key, "keys.json").Resource
            : host.AddAnnServerExecutable("ann", "data").WithApiKey(key, "keys.json").Resource;
        Allocate(server, "grpc", port: 5001, target: 50051);
        Allocate(server, "ops", port: 5002, target: 9464);

        Assert.Equal("Endpoint=http://localhost:5001;Key=the secret", await server.ConnectionStringExpression.GetValueAsync(default));
        Assert.Equal("Endpoint={ann.bindings.grpc.url};Key={ann-key.value}", server.ConnectionStringExpression.ValueExpression);
        Assert.Contains(server.GetConnectionProperties(), static one => one.Key == "ApiKey");
        string named = (await VariablesAsync(host, server))["Ann__ApiKeyFile"];
        ContainerMountAnnotation[] mounts = [.. server.Annotations.OfType<ContainerMountAnnotation>()];
        Assert.Equal(isContainer ? "/etc/annserver/keys.json" : file, named);
        Assert.Equal(
            isContainer ? [(file, named, true)] : [],
            mounts.Select(static one => (one.Source, one.Target, one.IsReadOnly)));
    }

    [Fact]
    public void AFileOfKeysThatIsNotThereIsNamed()
    {
        IDistributedApplicationBuilder host = CreateHost();
        IResourceBuilder<ParameterResource> key = host.AddParameter("ann-key", secret: true);
        DistributedApplicationException fault = Assert.Throws<DistributedApplicationException>(
            () => host.AddAnnServer("ann").WithApiKey(key, "keys.json"));
        Assert.Contains(Path.Combine(_folder.FullName, "keys.json"), fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DataLieInAVolumeOrADirectory()
    {
        IDistributedApplicationBuilder host = CreateHost();
        ContainerMountAnnotation Of(IResourceBuilder<AnnServerResource> server) =>
            Assert.Single(server.Resource.Annotations.OfType<ContainerMountAnnotation>());
        ContainerMountAnnotation named = Of(host.AddAnnServer("a").WithDataVolume("mine"));
        Assert.Equal(("mine", "/data", ContainerMountType.Volume), (named.Source, named.Target, named.Type));
        ContainerMountAnnotation unnamed = Of(host.AddAnnServer("b").WithDataVolume());
        Assert.EndsWith("-b-data", unnamed.Source, StringComparison.Ordinal);
        ContainerMountAnnotation bound = Of(host.AddAnnServer("c").WithDataBindMount("indexes"));
        Assert.Equal(
            (Path.Combine(_folder.FullName, "indexes"), "/data", ContainerMountType.BindMount), (bound.Source, bound.Target, bound.Type));
    }

    [Fact]
    public void HealthIsWhatThePortForOperatorsSays()
    {
        IDistributedApplicationBuilder host = CreateHost();
        foreach (IResource server in new IResource[] { host.AddAnnServer("a").Resource, host.AddAnnServerExecutable("b", "data").Resource })
        {
            HealthCheckAnnotation check = Assert.Single(server.Annotations.OfType<HealthCheckAnnotation>());
            Assert.Equal($"{server.Name}_ops_/readyz_200_check", check.Key);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private IDistributedApplicationBuilder CreateHost(params string[] words) => DistributedApplication.CreateBuilder(
        new DistributedApplicationOptions { Args = words, DisableDashboard = true, ProjectDirectory = _folder.FullName });

    private static void Allocate(IResource server, string name, int port, int target)
    {
        EndpointAnnotation endpoint = server.Annotations.OfType<EndpointAnnotation>().Single(one => one.Name == name);
        endpoint.TargetPort = target;
        endpoint.AllocatedEndpoint = new AllocatedEndpoint(
            endpoint, "localhost", port, targetPortExpression: target.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task<Dictionary<string, string>> VariablesAsync(IDistributedApplicationBuilder host, IResource server)
    {
        EnvironmentCallbackContext context = new(host.ExecutionContext, server);
        foreach (EnvironmentCallbackAnnotation one in server.Annotations.OfType<EnvironmentCallbackAnnotation>())
            await one.Callback(context);
        Dictionary<string, string> variables = [];
        foreach ((string name, object value) in context.EnvironmentVariables)
            variables[name] = value is IValueProvider provider ? (await provider.GetValueAsync(default))! : value.ToString()!;
        return variables;
    }
}
