using System.Diagnostics;
using Ann.Protocol.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ann.Bench.Harness;

/// <summary>A gRPC server on a port of this machine that answers every search with nothing, when a law says.</summary>
internal sealed class StubServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly StubSearches _searches;

    private StubServer(WebApplication app, StubSearches searches)
    {
        _app = app;
        _searches = searches;
    }

    /// <summary>Where it listens.</summary>
    public string Address => _app.Urls.Single();

    /// <summary>Starts it.</summary>
    public static async Task<StubServer> StartAsync(CancellationToken cancellation)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel =>
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, static port => port.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        StubSearches searches = new();
        builder.Services.AddSingleton(searches);
        WebApplication app = builder.Build();
        app.MapGrpcService<StubSearches>();
        await app.StartAsync(cancellation);
        return new StubServer(app, searches);
    }

    /// <summary>From now on a law holds.</summary>
    /// <param name="law">The law.</param>
    /// <param name="began">Begin of the measured time, a timestamp.</param>
    public void Follow(StallLaw law, long began) => _searches.Follow(law, began);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>The searches of <see cref="StubServer"/>.</summary>
internal sealed class StubSearches : Retrieval.RetrievalBase
{
    private StallLaw? _law;
    private long _began;
    private long _number = -1;

    /// <summary>As <see cref="StubServer.Follow"/>.</summary>
    public void Follow(StallLaw law, long began)
    {
        _began = began;
        Volatile.Write(ref _law, law);
    }

    /// <inheritdoc/>
    public override async Task<SearchResponse> Search(SearchRequest request, ServerCallContext context)
    {
        if (Volatile.Read(ref _law) is StallLaw law)
        {
            double arrived = (Stopwatch.GetTimestamp() - _began) / (double)Stopwatch.Frequency;
            double ready = law.AnsweredAt(arrived, law.ServiceTime(Interlocked.Increment(ref _number)));
            await Task.Delay(TimeSpan.FromSeconds(ready - arrived), context.CancellationToken);
        }
        return new SearchResponse { Completeness = Completeness.Complete, Stats = new SearchStats() };
    }
}
