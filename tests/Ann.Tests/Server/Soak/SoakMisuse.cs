using Ann.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Ann.Tests.Server.Soak;

/// <summary>Calls that are wrong, too short of time, or given up, each with the ends that are meant for it.</summary>
/// <param name="channel">To the server.</param>
/// <param name="tally">Where it is told.</param>
/// <param name="random">Of the caller.</param>
internal sealed class SoakMisuse(GrpcChannel channel, SoakTally tally, Random random)
{
    private readonly Retrieval.RetrievalClient _retrieval = new(channel);
    private readonly Ingest.IngestClient _ingest = new(channel);

    /// <summary>Makes one.</summary>
    public Task RunAsync() => random.Next(7) switch
    {
        0 => EndAsync("wrong dimension", StatusCode.InvalidArgument, static request => request.Queries = RunningServer.Bytes([1, 2, 3])),
        1 => EndAsync("k of nought", StatusCode.InvalidArgument, static request => request.K = 0),
        2 => EndAsync("no such index", StatusCode.NotFound, static request => request.Index = "nobody"),
        3 => EndAsync("no such generation", StatusCode.FailedPrecondition, static request => request.Index += "@0123456789abcdef"),
        4 => tally.RunAsync(
            "upsert without vectors",
            async () => await _ingest.UpsertAsync(
                new UpsertRequest { Index = SoakReader.Index, Keys = LiveCalls.Keys(1) }, deadline: SoakReader.Due),
            StatusCode.InvalidArgument),
        5 => HurriedAsync(),
        _ => GivenUpAsync(),
    };

    private Task<SearchResponse?> EndAsync(string kind, StatusCode status, Action<SearchRequest> spoil)
    {
        SearchRequest request = Request();
        spoil(request);
        return tally.RunAsync(kind, async () => await _retrieval.SearchAsync(request, deadline: SoakReader.Due), status);
    }

    /// <summary>Much work, and less time than it takes: an answer is as good as none.</summary>
    private Task<SearchResponse?> HurriedAsync()
    {
        SearchRequest request = Request(64);
        request.K = 500;
        request.Exact = true;
        request.OnDeadline = random.Next(2) == 0 ? OnDeadline.BestSoFar : OnDeadline.Fail;
        DateTime due = TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(random.Next(1, 20));
        return tally.RunAsync(
            "too little time", async () => await OwnEndAsync(_retrieval.SearchAsync(request, deadline: due)),
            StatusCode.OK, StatusCode.DeadlineExceeded, StatusCode.Cancelled);
    }

    private Task<SearchResponse?> GivenUpAsync()
    {
        SearchRequest request = Request(64);
        request.K = 500;
        return tally.RunAsync(
            "given up",
            async () =>
            {
                using CancellationTokenSource end = new();
                AsyncUnaryCall<SearchResponse> call = _retrieval.SearchAsync(request, cancellationToken: end.Token);
                await Task.Yield();
                await end.CancelAsync();
                return await OwnEndAsync(call);
            },
            StatusCode.OK, StatusCode.Cancelled);
    }

    /// <summary>
    /// A call that its own client ends. One of 62,000 ended so, with UNAVAILABLE and no cause, while no other call of its connection
    /// failed: it is taken for the client's own cutting of the request.
    /// </summary>
    private static async Task<SearchResponse> OwnEndAsync(AsyncUnaryCall<SearchResponse> call)
    {
        try
        {
            return await call;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable
            && e.Status.DebugException is IOException { InnerException: null }
            && e.Status.Detail.Contains("The request was aborted.", StringComparison.Ordinal))
        {
            throw new RpcException(new Status(StatusCode.Cancelled, e.Status.Detail));
        }
    }

    private SearchRequest Request(int rows = 1) => new()
    {
        Index = SoakReader.Index,
        K = 10,
        Queries = RunningServer.Bytes([.. Enumerable.Range(0, rows).Select(_ => SoakItem.Query(random))]),
    };
}
