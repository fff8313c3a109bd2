using System.Diagnostics;
using Ann.Bench.Curves;
using Ann.Bench.Live;
using Ann.Protocol.V1;
using Ann.Tool;
using Google.Protobuf;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace Ann.Bench.Cold;

/// <summary>What is asked, and of what.</summary>
/// <param name="Server">The program.</param>
/// <param name="Index">The file that it serves.</param>
/// <param name="Queries">File of query vectors.</param>
/// <param name="K">Results of a query.</param>
/// <param name="Ef">Beam width.</param>
/// <param name="Runs">Servers started, beside the first, which warms this process up.</param>
internal sealed record ColdRequest(string Server, string Index, string Queries, int K, int Ef, int Runs);

/// <summary>
/// Latency of one server, ms: of its first answer, of its first second, when it is warm, and then of the first answer on a new connection.
/// </summary>
internal readonly record struct ColdTimes(
    double First, double EarlyP50, double EarlyP99, double WarmP50, double WarmP99, double WarmFirst);

/// <summary>
/// Starts a server, waits until its health says SERVING, and asks it one query after another: what the first callers after a restart see.
/// The connection is open before the first query, as those of a client that watches the health of its servers are.
/// </summary>
internal sealed class ColdRun(ToolContext tool, ColdRequest request, CancellationToken cancellation)
{
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Warming = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(3);

    /// <summary>Connections that are opened to a warm server: the first call on one takes longer, however warm the server is.</summary>
    private const int Connections = 9;

    private readonly SearchRequest[] _searches = Searches(tool, request);

    /// <summary>Runs all servers, one after the other, and prints a line each and the medians.</summary>
    /// <returns>The median of each figure.</returns>
    public async Task<ColdTimes> RunAsync()
    {
        List<ColdTimes> runs = [];
        for (int run = 0; run <= request.Runs; run++)
        {
            ColdTimes times = await MeasureAsync();
            if (run == 0)
                continue; // the client was cold, too
            runs.Add(times);
            Print($"run {run}", times);
        }
        ColdTimes median = new(
            Median(static one => one.First), Median(static one => one.EarlyP50), Median(static one => one.EarlyP99),
            Median(static one => one.WarmP50), Median(static one => one.WarmP99), Median(static one => one.WarmFirst));
        Print("median", median);
        tool.Out.WriteLine(
            $"first answer {median.First / median.WarmP50:F1} × the warm p50, {median.First / median.WarmFirst:F1} × the first on a new "
            + $"connection to a warm server; p99 of the first second {median.EarlyP99 / median.WarmP99:F1} × the warm p99.");
        return median;

        double Median(Func<ColdTimes, double> figure) => Spread.Of(runs.Select(figure))!.Median;
    }

    private async Task<ColdTimes> MeasureAsync()
    {
        using ServerChild server = await ServerChild.StartAsync(request.Server, request.Index, cancellation);
        using GrpcChannel channel = await ConnectAsync(server);
        Retrieval.RetrievalClient client = new(channel);
        List<double> early = await AskAsync(client, Early);
        await AskAsync(client, Warming);
        List<double> warm = await AskAsync(client, Warm);
        double first = early[0];
        early.Sort();
        warm.Sort();
        List<double> firsts = [];
        while (firsts.Count < Connections)
        {
            using GrpcChannel another = await ConnectAsync(server);
            firsts.Add((await AskAsync(new Retrieval.RetrievalClient(another), TimeSpan.Zero))[0]);
        }
        return new ColdTimes(first, At(early, 0.5), At(early, 0.99), At(warm, 0.5), At(warm, 0.99), Spread.Of(firsts)!.Median);
    }

    /// <summary>Opens a connection, and waits until the server serves.</summary>
    private async Task<GrpcChannel> ConnectAsync(ServerChild server)
    {
        GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        await ServingAsync(new Grpc.Health.V1.Health.HealthClient(channel));
        return channel;
    }

    private async Task ServingAsync(Grpc.Health.V1.Health.HealthClient health)
    {
        using Grpc.Core.AsyncServerStreamingCall<HealthCheckResponse> watch =
            health.Watch(new HealthCheckRequest(), cancellationToken: cancellation);
        while (await watch.ResponseStream.MoveNext(cancellation))
        {
            if (watch.ResponseStream.Current.Status == HealthCheckResponse.Types.ServingStatus.Serving)
                return;
        }
    }

    /// <summary>Latencies of one caller, ms, in their order; one at least.</summary>
    private async Task<List<double>> AskAsync(Retrieval.RetrievalClient client, TimeSpan time)
    {
        List<double> latencies = [];
        long began = Stopwatch.GetTimestamp();
        do
        {
            SearchRequest search = _searches[latencies.Count % _searches.Length];
            long asked = Stopwatch.GetTimestamp();
            await client.SearchAsync(search, cancellationToken: cancellation);
            latencies.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }
        while (Stopwatch.GetElapsedTime(began) < time);
        return latencies;
    }

    private static double At(List<double> sorted, double share) => sorted[(int)Math.Min(sorted.Count - 1, sorted.Count * share)];

    private void Print(string name, ColdTimes times) => tool.Out.WriteLine(
        $"{name,-8} first {times.First,7:F2} ms; first second p50 {times.EarlyP50:F3}, p99 {times.EarlyP99:F2}; warm p50 "
        + $"{times.WarmP50:F3}, p99 {times.WarmP99:F2}, first on a new connection {times.WarmFirst:F2}");

    private static SearchRequest[] Searches(ToolContext tool, ColdRequest request)
    {
        LiveSet queries = LiveSet.Load(tool, request.Queries, rows: 0);
        string index = Path.GetFileNameWithoutExtension(request.Index);
        SearchRequest[] searches = new SearchRequest[queries.Count];
        for (int i = 0; i < searches.Length; i++)
        {
            searches[i] = new SearchRequest
            {
                Index = index,
                K = (uint)request.K,
                EfSearch = (uint)request.Ef,
                Queries = new VectorBatch
                {
                    Dtype = Dtype.F32,
                    Dim = (uint)queries.Dimension,
                    Data = ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes(queries[i])),
                },
            };
        }
        return searches;
    }
}
