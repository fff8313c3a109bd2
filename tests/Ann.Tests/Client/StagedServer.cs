using System.Collections.Concurrent;
using Ann.Protocol.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ann.Tests.Client;

/// <summary>A server of the protocol that does what a test tells it: what clients meet, without an index behind.</summary>
internal sealed class StagedServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StagedServer(WebApplication app) => _app = app;

    /// <summary>Answers a search; told its number, from 0.</summary>
    public Func<int, ServerCallContext, Task<SearchResponse>> Search { get; set; } = static (_, _) => Task.FromResult(new SearchResponse());

    /// <summary>Answers an upsert; told its number, from 0.</summary>
    public Func<int, UpsertRequest, Task<UpsertResponse>> Upsert { get; set; } = static (_, _) => Task.FromResult(new UpsertResponse());

    /// <summary>Takes a stream of writes; told its number, from 0.</summary>
    public Func<int, IAsyncStreamReader<WriteFrame>, IServerStreamWriter<WriteProgress>, Task> Write { get; set; } =
        static (_, _, _) => Task.CompletedTask;

    /// <summary>Searches that came.</summary>
    public int Searches => _searches;

    /// <summary>Who called: ports of the other side.</summary>
    public ConcurrentDictionary<string, int> Peers { get; } = new();

    /// <summary>Authorization headers that came.</summary>
    public ConcurrentQueue<string?> Bearers { get; } = new();

    /// <summary>Where it listens: a URL, or the path of a socket.</summary>
    public string Address { get; private set; } = "";

    private int _searches;
    private int _upserts;
    private int _streams;

    public static async Task<StagedServer> StartAsync(string? socket = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel().ConfigureKestrel(options =>
        {
            if (socket is null)
                options.ListenLocalhostHttp2();
            else
                options.ListenUnixSocket(socket, static listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc();
        StagedServer[] self = new StagedServer[1];
        builder.Services.AddSingleton(_ => self[0]);
        WebApplication app = builder.Build();
        app.MapGrpcService<StagedRetrieval>();
        app.MapGrpcService<StagedIngest>();
        self[0] = new StagedServer(app);
        await app.StartAsync();
        self[0].Address = socket is null ? app.Urls.Single() : $"unix://{socket}";
        return self[0];
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    /// <summary>A failure, and when to come again: milliseconds, or −1 for never.</summary>
    public static RpcException Failure(StatusCode code, int? againMs = null) => new(
        new Status(code, "staged"), againMs is { } ms ? new Metadata { { "grpc-retry-pushback-ms", $"{ms}" } } : []);

    private sealed class StagedRetrieval(StagedServer stage) : Retrieval.RetrievalBase
    {
        public override Task<SearchResponse> Search(SearchRequest request, ServerCallContext context)
        {
            stage.Peers.AddOrUpdate(context.Peer, 1, static (_, count) => count + 1);
            stage.Bearers.Enqueue(context.RequestHeaders.GetValue("authorization"));
            return stage.Search(Interlocked.Increment(ref stage._searches) - 1, context);
        }
    }

    private sealed class StagedIngest(StagedServer stage) : Ingest.IngestBase
    {
        public override Task<UpsertResponse> Upsert(UpsertRequest request, ServerCallContext context) =>
            stage.Upsert(Interlocked.Increment(ref stage._upserts) - 1, request);

        public override Task Write(
            IAsyncStreamReader<WriteFrame> requestStream, IServerStreamWriter<WriteProgress> responseStream, ServerCallContext context) =>
            stage.Write(Interlocked.Increment(ref stage._streams) - 1, requestStream, responseStream);
    }
}

/// <summary>Kestrel as the tests want it.</summary>
internal static class StagedListening
{
    /// <summary>A free port of the loopback, HTTP/2 without encryption.</summary>
    public static void ListenLocalhostHttp2(this KestrelServerOptions options) =>
        options.Listen(System.Net.IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
}
