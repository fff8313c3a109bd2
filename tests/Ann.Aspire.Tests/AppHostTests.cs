using System.Diagnostics;
using System.Net.Http.Json;
using Ann.Aspire.Client;
using Ann.Aspire.Hosting;
using Ann.Client;
using Ann.Protocol.V1;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Ann.Aspire.Tests;

/// <summary>
/// Goal: the sample's AppHost starts a server, says when it is healthy, and who has its connection string can write and search.
/// </summary>
public sealed class AppHostTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-aspire-");

    private string Data => Path.Combine(_folder.FullName, "data");

    [Fact]
    public async Task TheServiceSearchesTheServerThatTheAppHostStarted()
    {
        using CancellationTokenSource limit = new(Patience);
        IDistributedApplicationTestingBuilder host = await CreateAsync(limit.Token);
        await using DistributedApplication app = await StartAsync(host, limit.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("search", limit.Token);

        using HttpClient http = app.CreateHttpClient("search");
        foreach ((string name, float[] colour) in
                 new (string, float[])[] { ("red", [1, 0, 0]), ("orange", [1, 0.5f, 0]), ("blue", [0, 0, 1]), ("black", [0, 0, 0]) })
        {
            using HttpResponseMessage written = await http.PutAsJsonAsync($"/{name}", colour, limit.Token);
            written.EnsureSuccessStatusCode();
        }
        using HttpResponseMessage answer = await http.PostAsJsonAsync("/nearest", new float[] { 0.9f, 0.2f, 0 }, limit.Token);
        string[]? nearest = await answer.Content.ReadFromJsonAsync<string[]>(limit.Token);
        Assert.Equal<string[]>(["red", "orange", "black"], nearest);
        Assert.True(Path.Exists(Path.Combine(Data, "colours", "MANIFEST")), "the index is not where the AppHost says");
    }

    [Fact]
    public async Task AServerWithKeysTakesTheKeyOfTheConnectionStringAlone()
    {
        using CancellationTokenSource limit = new(Patience);
        IDistributedApplicationTestingBuilder host = await CreateAsync(limit.Token);
        string keys = Path.Combine(_folder.FullName, "keys.json");
        var server = host.CreateResourceBuilder<AnnServerExecutableResource>("ann");
        string tool = Path.GetFullPath("../../../ann/bin/Release/net10.0/ann.dll", host.AppHostDirectory);
        string secret = await MakeKeyAsync(tool, keys);
        host.Configuration["Parameters:ann-key"] = secret;
        server.WithApiKey(host.AddParameter("ann-key", secret: true), keys);
        await using DistributedApplication app = await StartAsync(host, limit.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("ann", limit.Token);

        string connection = (await app.GetConnectionStringAsync("ann", limit.Token))!;
        Assert.EndsWith($";Key={secret}", connection, StringComparison.Ordinal);
        using IHost program = Client(connection);
        AnnClient client = program.Services.GetRequiredService<AnnClient>();
        await client.Indexes.CreateAsync(new CreateRequest { Index = "pair", Dimension = 2, Metric = Metric.L2 });
        ItemBatch batch = new();
        batch.Add(7, [1, 0]);
        batch.Add(8, [0, 1]);
        await client.Index("pair").UpsertAsync(batch, cancellationToken: limit.Token);
        using SearchAnswer answer = await client.Index("pair").SearchAsync(new float[] { 0, 0.9f }, k: 1, limit.Token);
        Assert.Equal([8UL], Keys(answer));
        Assert.Equal(HealthStatus.Healthy, await HealthOf(program));

        using IHost stranger = Client(connection[..connection.IndexOf(';', StringComparison.Ordinal)]);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(
            () => stranger.Services.GetRequiredService<AnnClient>().ListIndexesAsync(limit.Token));
        Assert.Equal(StatusCode.Unauthenticated, refusal.StatusCode);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<IDistributedApplicationTestingBuilder> CreateAsync(CancellationToken cancel) =>
        await DistributedApplicationTestingBuilder.CreateAsync<Projects.Ann_Samples_Aspire_AppHost>([$"--Data={Data}"], cancel);

    private static async Task<DistributedApplication> StartAsync(IDistributedApplicationTestingBuilder host, CancellationToken cancel)
    {
        host.CreateResourceBuilder<AnnServerExecutableResource>("ann").WithEnvironment("Ann__EmbeddedEncoder", "false");
        DistributedApplication app = await host.BuildAsync(cancel);
        await app.StartAsync(cancel);
        return app;
    }

    private static async Task<string> MakeKeyAsync(string tool, string keys)
    {
        string[] words = [tool, "keys", "create", "--api-keys", keys, "--name", "app", "--grant", "admin:*"];
        using Process process = Process.Start(new ProcessStartInfo("dotnet", words) { RedirectStandardOutput = true })!;
        string secret = (await process.StandardOutput.ReadToEndAsync()).Trim();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return secret;
    }

    private static IHost Client(string connection)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:ann", connection)]);
        builder.AddAnnClient("ann");
        return builder.Build();
    }

    private static async Task<HealthStatus> HealthOf(IHost program) =>
        (await program.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status;

    private static List<ulong> Keys(SearchAnswer answer)
    {
        List<ulong> keys = [];
        foreach (AnswerHit hit in answer)
            keys.Add(hit.NumberKey);
        return keys;
    }
}
