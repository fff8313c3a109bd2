using System.Diagnostics;
using System.Runtime.InteropServices;
using Ann.Bench.Cold;
using Ann.Bench.Curves;
using Ann.Bench.Live;
using Ann.Client;
using Ann.Protocol.V1;
using Ann.Tool;
using Google.Protobuf;
using Grpc.Core;

namespace Ann.Bench.Calls;

/// <summary>What is asked, and of what.</summary>
/// <param name="Server">The program.</param>
/// <param name="Index">The file that it serves.</param>
/// <param name="Queries">File of query vectors.</param>
/// <param name="Calls">Of each kind in a round.</param>
/// <param name="Rounds">Rounds, in which both take turns.</param>
internal sealed record CostRequest(string Server, string Index, string Queries, int Calls, int Rounds);

/// <summary>
/// Searches by <see cref="AnnClient"/> against the same by the generated stub, one after the other, against a server in a process of its
/// own: time of a call, and bytes that this process allocates for it. Both go over all hits and read key and score of each.
/// </summary>
internal sealed class ClientCosts(ToolContext tool, CostRequest request, CancellationToken cancellation)
{
    private const int WarmUps = 200;

    private static readonly int[] Ks = [10, 100, 1000];

    private readonly LiveSet _queries = LiveSet.Load(tool, request.Queries, rows: 0);
    private readonly string _index = Path.GetFileNameWithoutExtension(request.Index);
    private double _seen;

    /// <summary>Measures and prints a line for each k.</summary>
    public async Task RunAsync()
    {
        using ServerChild server = await ServerChild.StartAsync(request.Server, request.Index, cancellation);
        using AnnClient client = new(server.Address);
        Retrieval.RetrievalClient stub = client.Retrieval; // over the same channel, with the same retries: what differs is the client's own
        await ServingAsync(client);
        IndexClient index = client.Index(_index);
        ReadOnlyMemory<float>[] queries = [.. Enumerable.Range(0, _queries.Count).Select(row => _queries[row].ToArray().AsMemory())];
        KeyKind keys = (await index.DescribeAsync(cancellation)).KeyKind;
        foreach (int k in Ks)
        {
            Func<int, Task> byStub = call => ByStubAsync(stub, queries[call % queries.Length], k);
            Func<int, Task> byClient = call => ByClientAsync(index, queries[call % queries.Length], k);
            await MeasureAsync(byStub, WarmUps);
            await MeasureAsync(byClient, WarmUps);
            List<(CallCosts Stub, CallCosts Client)> rounds = [];
            while (rounds.Count < request.Rounds)
                rounds.Add((await MeasureAsync(byStub, request.Calls), await MeasureAsync(byClient, request.Calls)));
            Spread ratio = Spread.Of(rounds.Select(static one => one.Client.P50 / one.Stub.P50))!;
            CallCosts stubs = Median(rounds.Select(static one => one.Stub));
            CallCosts clients = Median(rounds.Select(static one => one.Client));
            tool.Out.WriteLine(
                $"{keys} k {k,4}: stub {stubs}; client {clients}; p50 {ratio.Median:F3} × the stub's ({ratio.Min:F3} to {ratio.Max:F3}), "
                + $"{clients.Bytes - stubs.Bytes:+0;-0;0} bytes");
        }
        if (double.IsNaN(_seen))
            tool.Out.WriteLine("A score was no number.");
    }

    private async Task<CallCosts> MeasureAsync(Func<int, Task> call, int calls)
    {
        double[] times = new double[calls];
        long bytes = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < calls; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            long began = Stopwatch.GetTimestamp();
            await call(i);
            times[i] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        }
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        Array.Sort(times);
        return new CallCosts(times[calls / 2], times[(int)(calls * 0.99)], (double)bytes / calls);
    }

    private async Task ByStubAsync(Retrieval.RetrievalClient stub, ReadOnlyMemory<float> query, int k)
    {
        SearchRequest search = new()
        {
            Index = _index,
            K = (uint)k,
            OnDeadline = OnDeadline.BestSoFar,
            Queries = new VectorBatch
            {
                Dtype = Dtype.F32,
                Dim = (uint)query.Length,
                Data = ByteString.CopyFrom(MemoryMarshal.AsBytes(query.Span)),
            },
        };
        SearchResponse answer = await stub.SearchAsync(
            search, deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(10), cancellationToken: cancellation);
        for (int i = 0; i < answer.Scores.Count; i++)
            _seen += answer.Scores[i] + (answer.Keys.Texts.Count > 0 ? answer.Keys.Texts[i].Length : answer.Keys.Numbers[i]);
    }

    private async Task ByClientAsync(IndexClient index, ReadOnlyMemory<float> query, int k)
    {
        using SearchAnswer answer = await index.SearchAsync(
            new SearchQuery { Vectors = query, K = k, Timeout = TimeSpan.FromSeconds(10) }, cancellation);
        bool isText = answer.HasTextKeys;
        foreach (AnswerHit hit in answer)
            _seen += hit.Score + (isText ? hit.Utf8Key.Length : hit.NumberKey);
    }

    /// <summary>Waits until the index is served.</summary>
    private async Task ServingAsync(AnnClient client)
    {
        while (true)
        {
            try
            {
                using SearchAnswer answer = await client.Index(_index).SearchAsync(_queries[0].ToArray(), 1, cancellation);
                return;
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
            {
                await Task.Delay(100, cancellation);
            }
        }
    }

    private static CallCosts Median(IEnumerable<CallCosts> rounds)
    {
        CallCosts[] costs = [.. rounds];
        return new CallCosts(MedianOf(static one => one.P50), MedianOf(static one => one.P99), MedianOf(static one => one.Bytes));

        double MedianOf(Func<CallCosts, double> figure) => Spread.Of(costs.Select(figure))!.Median;
    }
}

/// <summary>Of the calls of one round.</summary>
/// <param name="P50">Time of a call, µs.</param>
/// <param name="P99">Likewise.</param>
/// <param name="Bytes">Allocated for a call, by the whole process.</param>
internal sealed record CallCosts(double P50, double P99, double Bytes)
{
    /// <inheritdoc/>
    public override string ToString() => $"p50 {P50:F0} µs, p99 {P99:F0} µs, {Bytes:F0} bytes";
}
