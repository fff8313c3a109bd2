using System.Runtime;
using System.Runtime.InteropServices;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Recall;
using Ann.Server.Transport;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Options;

namespace Ann.Server.Hosting;

/// <summary>
/// Real calls to the server's own port before an index is announced: transport, parsing, admission, search, filter and reply are compiled
/// by them and not by the first caller, who would wait for some 60 ms.
/// </summary>
internal sealed partial class WireWarmUp(
    OwnConnection own, IOptions<ServerOptions> options, TimeProvider time, ILogger<WireWarmUp> log)
{
    /// <summary>After the first index all code is compiled but what differs from index to index.</summary>
    private const int LaterShare = 16;

    /// <summary>Kinds of requests, which take turns.</summary>
    private const int Kinds = 8;

    /// <summary>Methods that are always being compiled somewhere, in the time between two looks.</summary>
    private const int StillCompiled = 2;

    /// <summary>However slow the machine is: a server that serves cold is better than one that does not.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(5);

    /// <summary>Time between two looks whether the JIT still replaces what has become hot, and the longest that it is waited for.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MostSettling = TimeSpan.FromSeconds(2);

    /// <summary>Result counts of everyday calls.</summary>
    private static readonly uint[] Ks = [10, 100, 1000];

    private bool _isLater;

    /// <summary>Calls the server; failures are logged, and end the calls and nothing else.</summary>
    /// <param name="index">An index that answers.</param>
    /// <param name="cancellation">Ends it early.</param>
    public async Task RunAsync(HostedIndex index, CancellationToken cancellation)
    {
        int calls = _isLater ? options.Value.WarmUpCalls / LaterShare : options.Value.WarmUpCalls;
        if (calls == 0)
            return;
        SearchRequest[] requests = RequestsOf(index);
        if (requests.Length == 0)
            return;
        using GrpcChannel? channel = own.Open();
        if (channel is null)
            return;
        _isLater = true;
        Retrieval.RetrievalClient client = new(channel);
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Most);
        long began = time.GetTimestamp();
        try
        {
            for (int i = 0; i < calls; i++)
                await client.SearchAsync(requests[i % requests.Length], cancellationToken: limited.Token);
            await new Protocol.V1.Indexes.IndexesClient(channel).ListAsync(new ListRequest(), cancellationToken: limited.Token);
            await SettleAsync(cancellation);
            TimeSpan took = time.GetElapsedTime(began);
            Warm(index.Name, calls, took);
        }
        catch (RpcException failure)
        {
            cancellation.ThrowIfCancellationRequested();
            Ended(index.Name, failure.Status.Detail);
        }
    }

    /// <summary>Waits until hardly anything is being compiled: what is under way takes a core from the first callers.</summary>
    private async Task SettleAsync(CancellationToken cancellation)
    {
        long began = time.GetTimestamp();
        long before;
        do
        {
            before = JitInfo.GetCompiledMethodCount();
            await Task.Delay(Pause, time, cancellation);
        }
        while (JitInfo.GetCompiledMethodCount() - before > StillCompiled && time.GetElapsedTime(began) < MostSettling);
    }

    /// <summary>Everyday requests with rows of the index as queries: plain ones, with a filter, with attributes, with any time.</summary>
    private static SearchRequest[] RequestsOf(HostedIndex index)
    {
        using SnapshotLease lease = index.Acquire();
        IndexSnapshot snapshot = lease.Snapshot;
        string[] attributes = [.. snapshot.Attributes.Fields.Select(static field => field.Name)];
        return [.. WarmUpRows.Of(snapshot, Kinds * Ks.Length).Select(row => RequestOf(row.Place, snapshot.Name, row.Row, attributes))];
    }

    private static SearchRequest RequestOf(int i, string index, float[] row, string[] attributes)
    {
        SearchRequest request = new()
        {
            Index = index,
            K = Ks[i / Kinds],
            RequestTag = OwnCalls.Tag,
            Queries = new VectorBatch
            {
                Dtype = Dtype.F32,
                Dim = (uint)row.Length,
                Data = ByteString.CopyFrom(MemoryMarshal.AsBytes(row.AsSpan())),
            },
        };
        if (attributes.Length > 0)
        {
            if ((i & 1) != 0)
                request.Filter = new Filter { Exists = attributes[i / 2 % attributes.Length] };
            if ((i & 2) != 0)
                request.Attributes.AddRange(attributes);
        }
        if ((i & 4) != 0)
            request.OnDeadline = OnDeadline.BestSoFar;
        return request;
    }

    [LoggerMessage(EventId = 34, Level = LogLevel.Information,
        Message = "Index {Index}: warmed up by {Calls} calls to this server in {Took}.")]
    private partial void Warm(string index, int calls, TimeSpan took);

    [LoggerMessage(EventId = 33, Level = LogLevel.Information,
        Message = "Index {Index}: the calls that warm the server up ended early, and its first callers may wait longer: {Reason}")]
    private partial void Ended(string index, string reason);
}
