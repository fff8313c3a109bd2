using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Grpc.Core;
using Grpc.Net.Client;

namespace Ann.Tool.Load;

/// <summary>Sends over a number of HTTP/2 connections in turn, each a channel of its own that never opens a second one.</summary>
internal sealed class GrpcTransport : ILoadTransport, IDisposable
{
    private readonly GrpcChannel[] _channels;
    private readonly Retrieval.RetrievalClient[] _clients;
    private readonly LoadRequests _requests;
    private readonly TimeProvider _time;

    /// <param name="server">The server.</param>
    /// <param name="connections">HTTP/2 connections.</param>
    /// <param name="requests">What is sent.</param>
    /// <param name="time">The clock that deadlines are dates of.</param>
    public GrpcTransport(ServerTarget server, int connections, LoadRequests requests, TimeProvider time)
    {
        _requests = requests;
        _time = time;
        _channels = new GrpcChannel[connections];
        _clients = new Retrieval.RetrievalClient[connections];
        for (int i = 0; i < connections; i++)
        {
            _channels[i] = server.Connect(isSingle: true);
            _clients[i] = new Retrieval.RetrievalClient(_channels[i]);
        }
    }

    /// <summary>Opens every connection: one search on each, whose answers are not looked at.</summary>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        for (int i = 0; i < _clients.Length; i++)
            await SendAsync(i, null, cancellation);
    }

    /// <inheritdoc/>
    public async Task<LoadAnswer> SendAsync(long number, TimeSpan? patience, CancellationToken cancellation)
    {
        DateTime? deadline = patience is TimeSpan left ? _time.GetUtcNow().UtcDateTime + left : null;
        try
        {
            using AsyncUnaryCall<SearchResponse> call = _clients[number % _clients.Length]
                .SearchAsync(_requests[number], headers: null, deadline, cancellation);
            return new LoadAnswer(StatusCode.OK, await call.ResponseAsync.ConfigureAwait(false));
        }
        catch (RpcException e)
        {
            return new LoadAnswer(e.StatusCode, null);
        }
        catch (OperationCanceledException)
        {
            return new LoadAnswer(StatusCode.Cancelled, null);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GrpcChannel channel in _channels)
            channel.Dispose();
    }
}
