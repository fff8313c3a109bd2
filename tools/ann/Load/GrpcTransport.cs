using Ann.Client;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Grpc.Core;

namespace Ann.Tool.Load;

/// <summary>Sends over a number of HTTP/2 connections in turn, and never opens a further one.</summary>
internal sealed class GrpcTransport : ILoadTransport, IDisposable
{
    private readonly AnnClient _client;
    private readonly int _connections;
    private readonly LoadRequests _requests;
    private readonly TimeProvider _time;

    /// <param name="server">The server.</param>
    /// <param name="connections">HTTP/2 connections.</param>
    /// <param name="requests">What is sent.</param>
    /// <param name="time">The clock that deadlines are dates of.</param>
    public GrpcTransport(ServerTarget server, int connections, LoadRequests requests, TimeProvider time)
    {
        _connections = connections;
        _requests = requests;
        _time = time;
        _client = new AnnClient(server.Measuring(connections));
    }

    /// <summary>Opens every connection: one search on each, whose answers are not looked at.</summary>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        for (int i = 0; i < _connections; i++)
            await SendAsync(i, null, cancellation);
    }

    /// <inheritdoc/>
    public Task<LoadAnswer> SendAsync(long number, TimeSpan? patience, CancellationToken cancellation)
    {
        return LoadAnswer.OfAsync(AskAsync());

        async Task<SearchResponse?> AskAsync()
        {
            DateTime? deadline = patience is TimeSpan left ? _time.GetUtcNow().UtcDateTime + left : null;
            using AsyncUnaryCall<SearchResponse> call =
                _client.Retrieval.SearchAsync(_requests[number], headers: null, deadline, cancellation);
            return await call.ResponseAsync.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
