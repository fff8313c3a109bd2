using Ann.Core.Files;
using Ann.Core.Segments;
using Ann.Protocol.V1;
using Ann.Server;
using Grpc.Core;
using KeyColumn = Ann.Protocol.V1.KeyColumn;
using KeyKind = Ann.Protocol.V1.KeyKind;
using Metric = Ann.Protocol.V1.Metric;

namespace Ann.Tests.Server;

/// <summary>Live indexes as a client of the wire makes and fills them.</summary>
internal static class LiveCalls
{
    public const int Dimension = 8;

    /// <summary>A server with a data directory and no other index.</summary>
    public static Task<RunningServer> StartAsync(SampleIndexes samples, string data, Action<ServerOptions>? configure = null) =>
        RunningServer.StartAsync(samples, options =>
        {
            options.IndexFiles.Clear();
            options.DataDirectory = data;
            configure?.Invoke(options);
        });

    /// <summary>Makes an empty index: L2, so that rows come back as they were given.</summary>
    public static async Task<IndexDescription> CreateAsync(RunningServer server, string name = "shop", Action<CreateRequest>? change = null)
    {
        CreateRequest request = new() { Index = name, Dimension = Dimension, Metric = Metric.L2, KeyKind = KeyKind.Uint64 };
        change?.Invoke(request);
        return (await server.Indexes.CreateAsync(request)).Index;
    }

    /// <summary>The row of an item: any two keys, and any two versions of a key, differ.</summary>
    public static float[] Row(ulong key, int version = 0)
    {
        Random random = new((int)key * 1_000_003 + version);
        float[] row = new float[Dimension];
        for (int i = 0; i < row.Length; i++)
            row[i] = random.NextSingle();
        return row;
    }

    public static UpsertRequest Upsert(int version, params ulong[] keys) => new()
    {
        Index = "shop",
        Keys = Keys(keys),
        Vectors = RunningServer.Bytes([.. keys.Select(key => Row(key, version))]),
    };

    public static WriteFrame Start(string index = "shop", WriteMode mode = WriteMode.Upsert, string producer = "") =>
        new() { Start = new WriteStart { Index = index, Mode = mode, Producer = producer } };

    public static WriteFrame Block(ulong sequence, params ulong[] keys) => new()
    {
        Block = new WriteBlock
        {
            Sequence = sequence,
            Keys = Keys(keys),
            Vectors = RunningServer.Bytes([.. keys.Select(static key => Row(key))]),
        },
    };

    public static KeyColumn Keys(params ulong[] keys) => new() { Numbers = { keys } };

    /// <summary>Sends frames, closes the client's side and hears everything.</summary>
    public static async Task<List<WriteProgress>> WriteAsync(RunningServer server, params WriteFrame[] frames)
    {
        using AsyncDuplexStreamingCall<WriteFrame, WriteProgress> call = server.Ingest.Write();
        Task<List<WriteProgress>> hearing = HearAsync(call);
        try
        {
            foreach (WriteFrame frame in frames)
                await call.RequestStream.WriteAsync(frame);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // The server has ended the call; the answers tell why.
        }
        return await hearing;
    }

    public static async Task<List<WriteProgress>> HearAsync(AsyncDuplexStreamingCall<WriteFrame, WriteProgress> call)
    {
        List<WriteProgress> heard = [];
        await foreach (WriteProgress progress in call.ResponseStream.ReadAllAsync())
            heard.Add(progress);
        return heard;
    }

    public static async Task<FetchResponse> FetchAsync(RunningServer server, string index, params ulong[] keys) =>
        await server.Retrieval.FetchAsync(new FetchRequest { Index = index, Keys = Keys(keys), WithVectors = true });

    /// <summary>Row i of a reply.</summary>
    public static float[] RowOf(FetchResponse response, int row) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(response.Vectors.Data.Span)
            .Slice(row * (int)response.Vectors.Dim, (int)response.Vectors.Dim).ToArray();

    /// <summary>Builds a file that fits the index, and says what log position it knows of.</summary>
    /// <returns>Its generation.</returns>
    public static string Build(string path, long? logPosition, int version, params ulong[] keys)
    {
        using SegmentBuilder builder = new(
            keys.Length, Dimension,
            new SegmentBuildOptions { Metric = Core.Metric.L2, M = 8, EfConstruction = 40, LogPosition = logPosition });
        Ann.Core.Keys.KeyColumn column = new(Ann.Core.Keys.KeyKind.UInt64);
        foreach (ulong key in keys)
        {
            builder.Add(Row(key, version));
            column.Add(key);
        }
        builder.Build(column);
        builder.Write(PhysicalFileSystem.Instance, path);
        return builder.Generation!;
    }

    public static Task<RpcException> Fails<T>(AsyncUnaryCall<T> call) =>
        Assert.ThrowsAsync<RpcException>(async () => await call.ResponseAsync);
}
