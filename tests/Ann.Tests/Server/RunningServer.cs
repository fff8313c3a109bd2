using System.Runtime.InteropServices;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server;
using Ann.Server.Hosting;
using Google.Protobuf;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ann.Tests.Server;

/// <summary>
/// A real server on a free port of the loopback, and clients of it. Disposing stops it and fails on error logs nobody expected.
/// </summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly GrpcChannel _channel;

    private RunningServer(AnnServerHost host, LogSink log)
    {
        Host = host;
        Log = log;
        _channel = GrpcChannel.ForAddress(host.Address, new GrpcChannelOptions { MaxReceiveMessageSize = null });
    }

    public AnnServerHost Host { get; }

    public LogSink Log { get; }

    public Retrieval.RetrievalClient Retrieval => new(_channel);

    public Ann.Protocol.V1.Indexes.IndexesClient Indexes => new(_channel);

    public Ingest.IngestClient Ingest => new(_channel);

    public Health.HealthClient Health => new(_channel);

    public GrpcChannel Channel => _channel;

    /// <summary>Starts a server that serves both samples, unless <paramref name="configure"/> says otherwise.</summary>
    public static async Task<RunningServer> StartAsync(
        SampleIndexes samples, Action<ServerOptions>? configure = null, TimeProvider? time = null, bool load = true)
    {
        LogSink log = new();
        AnnServerHost host = AnnServerHost.Create(options =>
        {
            options.Listen = "127.0.0.1:0";
            options.IndexFiles.Add(samples.L2);
            options.IndexFiles.Add(samples.Cosine);
            options.EmbeddedEncoder = false;
            options.WarmUpSearches = 3;
            options.WarmUpCalls = 0;
            configure?.Invoke(options);
        }, new ServerSurroundings { Time = time ?? TimeProvider.System, Logging = logging => logging.AddProvider(log) });
        try
        {
            await host.ListenAsync(CancellationToken.None);
            if (load)
                await host.LoadAsync(CancellationToken.None);
            return new RunningServer(host, log);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public T Part<T>() where T : notnull => Host.Services.GetRequiredService<T>();

    /// <summary>The generation that answers now.</summary>
    public string GenerationOf(string index)
    {
        using SnapshotLease lease = Host.Indexes.Acquire(index);
        return lease.Snapshot.Generation;
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await Host.DisposeAsync();
        Log.RequireNoErrors();
    }

    /// <summary>Waits for something that happens by itself, on another thread.</summary>
    public static async Task Eventually(Func<bool> condition, string what)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(120));
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, $"waited 120 s in vain: {what}");
            await Task.Delay(5);
        }
    }

    /// <summary>Rows as float32 bytes: the fast way.</summary>
    public static VectorBatch Bytes(params float[][] rows) => new()
    {
        Dtype = Dtype.F32,
        Dim = (uint)rows[0].Length,
        Data = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(rows.SelectMany(static row => row).ToArray())),
    };

    /// <summary>Rows as plain numbers: the readable way.</summary>
    public static VectorBatch Floats(params float[][] rows) =>
        new() { Dim = (uint)rows[0].Length, Values = { rows.SelectMany(static row => row) } };

    /// <summary>A request that succeeds, to be spoilt in one place.</summary>
    public static SearchRequest Request(SampleIndexes samples, string index = "plain", uint k = 5) =>
        new() { Index = index, Queries = Bytes(samples.Rows[0]), K = k };
}
