using Ann.Client;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Grpc.Core;

namespace Ann.Tool.Load.Scenarios;

/// <summary>Sends the requests of a stream over connections of its own.</summary>
internal sealed class StreamTransport : IDisposable
{
    private readonly AnnClient _client;
    private readonly StreamRequests _requests;
    private readonly ScenarioStream _stream;
    private readonly TimeProvider _time;

    /// <param name="server">The server.</param>
    /// <param name="source">What is sent.</param>
    /// <param name="time">The clock that deadlines are dates of.</param>
    public StreamTransport(ServerTarget server, StreamSource source, TimeProvider time)
    {
        _stream = source.Stream;
        _requests = new StreamRequests(source);
        _time = time;
        _client = new AnnClient(server.Measuring(_stream.Connections));
    }

    /// <summary>Sends the first request over each connection. What is refused at once is refused always: then it throws.</summary>
    /// <exception cref="RpcException">As the server says.</exception>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        for (int i = 0; i < _stream.Connections; i++)
            await AnswerAsync(0, new CallOptions(cancellationToken: cancellation));
    }

    /// <summary>The transport of one phase.</summary>
    /// <param name="first">Number of its first request.</param>
    /// <param name="samples">Takes some of its answers; null for none.</param>
    public ILoadTransport From(long first, ExactSamples? samples) => new Phase(this, first, samples);

    /// <summary>Asks for a search again, exactly.</summary>
    /// <param name="number">Which.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="RpcException">As the server says.</exception>
    public async Task<SearchResponse?> ExactAsync(long number, CancellationToken cancellation)
    {
        if (_stream.Kind == StreamKinds.Recommend)
        {
            RecommendRequest recommend = _requests.Recommend(number);
            Exactly(recommend.Search);
            return (await _client.Retrieval.RecommendAsync(recommend, cancellationToken: cancellation)).Answer;
        }
        SearchRequest search = _requests.Search(number);
        Exactly(search);
        return await _client.Retrieval.SearchAsync(search, cancellationToken: cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static void Exactly(SearchRequest search)
    {
        search.ClearEfSearch();
        search.ClearRecallTarget();
        search.OnDeadline = OnDeadline.Unspecified;
        search.Exact = true;
    }

    private async Task<SearchResponse?> AnswerAsync(long number, CallOptions options)
    {
        switch (_stream.Kind)
        {
            case StreamKinds.Recommend:
                return (await _client.Retrieval.RecommendAsync(_requests.Recommend(number), options).ConfigureAwait(false)).Answer;
            case StreamKinds.Upsert:
                await _client.Ingest.UpsertAsync(_requests.Upsert(number), options).ConfigureAwait(false);
                return null;
            case StreamKinds.Delete:
                await _client.Ingest.DeleteAsync(_requests.Delete(number), options).ConfigureAwait(false);
                return null;
            case StreamKinds.Update:
                await _client.Ingest.UpdateAsync(_requests.Update(number), options).ConfigureAwait(false);
                return null;
            case StreamKinds.Filter:
                await _client.Retrieval.PrepareFilterAsync(_requests.Prepare(number), options).ConfigureAwait(false);
                return null;
            default:
                return await _client.Retrieval.SearchAsync(_requests.Search(number), options).ConfigureAwait(false);
        }
    }

    private sealed class Phase(StreamTransport stream, long first, ExactSamples? samples) : ILoadTransport
    {
        public Task<LoadAnswer> SendAsync(long number, TimeSpan? patience, CancellationToken cancellation)
        {
            return LoadAnswer.OfAsync(AskAsync());

            async Task<SearchResponse?> AskAsync()
            {
                DateTime? deadline = patience is TimeSpan left ? stream._time.GetUtcNow().UtcDateTime + left : null;
                CallOptions options = new(deadline: deadline, cancellationToken: cancellation);
                SearchResponse? answer = await stream.AnswerAsync(first + number, options).ConfigureAwait(false);
                if (answer is not null)
                    samples?.Offer(first + number, answer);
                return answer;
            }
        }
    }
}
