using System.Diagnostics;
using Ann.Client;
using Ann.Protocol.V1;
using Ann.Tool;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ann.Bench.Calls;

/// <summary>How a server stalls.</summary>
/// <param name="Share">Of the calls that it answers late.</param>
/// <param name="StallMs">How late.</param>
/// <param name="ServiceMs">Mean time that the others take, exponentially distributed.</param>
/// <param name="HedgingMs">After what time a call is sent again.</param>
/// <param name="Calls">Of each measurement.</param>
internal sealed record HedgingRequest(double Share, int StallMs, int ServiceMs, int HedgingMs, int Calls);

/// <summary>The p99 of a client whose server stalls now and then: without stalls, with them, and with hedging against them.</summary>
/// <remarks>The server is a stub in this process: what is measured is the client's patience, not a search.</remarks>
internal sealed class HedgingCosts(ToolContext tool, HedgingRequest request, CancellationToken cancellation)
{
    private const int Seed = 18;

    /// <summary>Measures and prints.</summary>
    public async Task RunAsync()
    {
        StallingRetrieval stalling = new(Seed) { Service = TimeSpan.FromMilliseconds(request.ServiceMs) };
        await using WebApplication server = await StartAsync(stalling);
        string address = server.Urls.Single();
        TimeSpan hedging = TimeSpan.FromMilliseconds(request.HedgingMs);
        await MeasureAsync(address, hedging); // compiles
        double calm = await MeasureAsync(address, null);
        (stalling.Share, stalling.Stall) = (request.Share, TimeSpan.FromMilliseconds(request.StallMs));
        double stalled = await MeasureAsync(address, null);
        double hedged = await MeasureAsync(address, hedging);
        tool.Out.WriteLine(
            $"p99 of {request.Calls} calls of {request.ServiceMs} ms on average, {request.Share:P1} stall for {request.StallMs} ms "
            + $"(seed {Seed}): without stalls {calm:F2} ms, with them {stalled:F2} ms, hedged after {request.HedgingMs} ms {hedged:F2} ms, "
            + $"{hedged / calm:F2} × that without stalls.");
    }

    private async Task<double> MeasureAsync(string address, TimeSpan? hedging)
    {
        TimeSpan patience = TimeSpan.FromSeconds(30);
        using AnnClient client = new(new AnnClientOptions { Address = address, HedgingDelay = hedging, ReadTimeout = patience });
        IndexClient index = client.Index("staged");
        double[] times = new double[request.Calls];
        for (int i = 0; i < times.Length; i++)
        {
            long began = Stopwatch.GetTimestamp();
            using SearchAnswer answer = await index.SearchAsync(new float[] { 1, 0 }, 10, cancellation);
            times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
        Array.Sort(times);
        return times[(int)(times.Length * 0.99)];
    }

    private static async Task<WebApplication> StartAsync(StallingRetrieval stalling)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel().ConfigureKestrel(static kestrel => kestrel.Listen(
            System.Net.IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(stalling);
        WebApplication server = builder.Build();
        server.MapGrpcService<StallingRetrieval>();
        await server.StartAsync();
        return server;
    }

    private sealed class StallingRetrieval(int seed) : Retrieval.RetrievalBase
    {
        private readonly Random _random = new(seed);
        private readonly Lock _lock = new();

        public double Share { get; set; }

        public TimeSpan Service { get; init; }

        public TimeSpan Stall { get; set; }

        public override async Task<SearchResponse> Search(SearchRequest request, ServerCallContext context)
        {
            TimeSpan time;
            lock (_lock)
                time = _random.NextDouble() < Share ? Stall : -Math.Log(1 - _random.NextDouble()) * Service;
            await Task.Delay(time, context.CancellationToken);
            return new SearchResponse();
        }
    }
}
