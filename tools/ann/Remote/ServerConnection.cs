using System.Runtime.InteropServices;
using System.Security.Authentication;
using Ann.Client;
using Ann.Core;
using Ann.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;

namespace Ann.Tool.Remote;

/// <summary>The <c>ann.v1</c> calls that the tool makes, by the client that everybody has. Safe for any number of callers.</summary>
internal sealed class ServerConnection : IDisposable
{
    private static readonly Marshaller<byte[]> AsIs = Marshallers.Create(static bytes => bytes, static bytes => bytes);

    private readonly AnnClient _client;

    /// <param name="address">Such as <c>http://127.0.0.1:50051</c>, or <c>127.0.0.1:50051</c>.</param>
    /// <exception cref="AnnException">InvalidArgument: no such address.</exception>
    public ServerConnection(string address)
        : this(ServerTarget.Plain(address))
    {
    }

    /// <param name="server">A server, and what lets the tool in.</param>
    public ServerConnection(ServerTarget server)
    {
        Address = server.Address;
        _client = new AnnClient(server.Options());
    }

    /// <summary>The server, with its scheme.</summary>
    public string Address { get; }

    /// <summary>What the server says of an index that serves. What others have, such as their kind of keys, is not known.</summary>
    /// <exception cref="AnnException">Unavailable: it is loading. FailedPrecondition: it cannot be served. And as any call.</exception>
    public async Task<IndexDescription> DescribeAsync(string index, CancellationToken cancellation)
    {
        IndexDescription found = await FindAsync(index, cancellation);
        return found.State switch
        {
            IndexState.Loading => throw new AnnException(
                AnnError.Unavailable, $"{Address}: index '{found.Name}' is loading; ask again when it serves."),
            IndexState.Failed => throw new AnnException(
                AnnError.FailedPrecondition, $"{Address}: index '{found.Name}' cannot be served: {found.Failure}"),
            _ => found,
        };
    }

    /// <summary>What the server says of an index, in whatever state it is.</summary>
    public async Task<IndexDescription> FindAsync(string index, CancellationToken cancellation) =>
        (await AnswerAsync(
            _client.Indexes.DescribeAsync(new DescribeRequest { Index = index }, cancellationToken: cancellation), cancellation)).Index;

    /// <summary>Everything that the server hosts.</summary>
    public Task<ListResponse> ListAsync(CancellationToken cancellation) =>
        AnswerAsync(_client.Indexes.ListAsync(new ListRequest(), cancellationToken: cancellation), cancellation);

    /// <summary>Whether the server serves, or one of its indexes.</summary>
    /// <param name="index">Name of the index; empty for the server as a whole.</param>
    /// <param name="deadline">When the answer must be there, UTC.</param>
    /// <param name="cancellation">Ends the call.</param>
    public async Task<bool> ServesAsync(string index, DateTime deadline, CancellationToken cancellation)
    {
        HealthCheckResponse answer = await AnswerAsync(
            new Health.HealthClient(_client.Calls).CheckAsync(new HealthCheckRequest { Service = index }, null, deadline, cancellation),
            cancellation);
        return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving;
    }

    /// <summary>A call that changes an index.</summary>
    public Task<T> ChangeAsync<T>(Func<Indexes.IndexesClient, AsyncUnaryCall<T>> call, CancellationToken cancellation) =>
        AnswerAsync(call(_client.Indexes), cancellation);

    /// <summary>Opens a stream of writes. Its failures go through <see cref="Named"/>.</summary>
    public ItemWriter OpenWriter(string index, WriterOptions options) => _client.Index(index).OpenWriter(options);

    /// <summary>Encodes texts with the encoder of an index.</summary>
    public Task<EmbedResponse> EmbedAsync(string index, IEnumerable<string> texts, CancellationToken cancellation)
    {
        EmbedRequest request = new() { Index = index };
        request.Texts.AddRange(texts);
        return AnswerAsync(_client.Retrieval.EmbedAsync(request, cancellationToken: cancellation), cancellation);
    }

    /// <summary>Searches.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <param name="deadline">When the answer must be there, UTC; null for no limit.</param>
    public Task<SearchResponse> SearchAsync(SearchRequest request, CancellationToken cancellation, DateTime? deadline = null) =>
        AnswerAsync(_client.Retrieval.SearchAsync(request, deadline: deadline, cancellationToken: cancellation), cancellation);

    /// <summary>Makes several searches of an index as of one write.</summary>
    public Task<SearchManyResponse> SearchManyAsync(
        SearchManyRequest request, CancellationToken cancellation, DateTime? deadline = null) =>
        AnswerAsync(_client.Retrieval.SearchManyAsync(request, deadline: deadline, cancellationToken: cancellation), cancellation);

    /// <summary>Asks why an item is in the answer of a search, or why not.</summary>
    public Task<ExplainResponse> ExplainAsync(ExplainRequest request, CancellationToken cancellation, DateTime? deadline = null) =>
        AnswerAsync(_client.Retrieval.ExplainAsync(request, deadline: deadline, cancellationToken: cancellation), cancellation);

    /// <summary>A call that only reads.</summary>
    public Task<T> ReadAsync<T>(Func<Retrieval.RetrievalClient, AsyncUnaryCall<T>> call, CancellationToken cancellation) =>
        AnswerAsync(call(_client.Retrieval), cancellation);

    /// <summary>A call that writes to an index.</summary>
    public Task<T> WriteAsync<T>(Func<Ingest.IngestClient, AsyncUnaryCall<T>> call, CancellationToken cancellation) =>
        AnswerAsync(call(_client.Ingest), cancellation);

    /// <summary>Any unary call, as bytes.</summary>
    /// <param name="method">Service and method, as <c>ann.v1.Retrieval/Search</c>.</param>
    /// <param name="request">The message.</param>
    /// <param name="deadline">When the answer must be there, UTC; null for no limit.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <exception cref="RpcException">As the server says.</exception>
    public async Task<byte[]> SendAsync(string method, byte[] request, DateTime? deadline, CancellationToken cancellation)
    {
        string[] names = method.Split('/');
        Method<byte[], byte[]> call = new(MethodType.Unary, names[0], names[1], AsIs, AsIs);
        return await _client.Calls.AsyncUnaryCall(
            call, null, new CallOptions(deadline: deadline, cancellationToken: cancellation), request);
    }

    /// <summary>Rows as the wire carries them fastest.</summary>
    public static VectorBatch ToBatch(ReadOnlySpan<float> rows, int dimension) => new()
    {
        Dtype = Dtype.F32,
        Dim = (uint)dimension,
        Data = ByteString.CopyFrom(MemoryMarshal.AsBytes(rows)),
    };

    /// <summary>One row of a batch, without copying its numbers.</summary>
    public static VectorBatch RowOf(VectorBatch batch, int row)
    {
        int sizeInBytes = (int)batch.Dim * sizeof(float);
        return new VectorBatch
        {
            Dtype = batch.Dtype,
            Dim = batch.Dim,
            Data = UnsafeByteOperations.UnsafeWrap(batch.Data.Memory.Slice(row * sizeInBytes, sizeInBytes)),
        };
    }

    /// <summary>A result's key as a person reads it.</summary>
    public static string KeyAt(KeyColumn keys, int position) => keys.Texts.Count > 0
        ? keys.Texts[position]
        : keys.Numbers[position].ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>The failure of a call as a line that names the server.</summary>
    public Exception Named(RpcException e, CancellationToken cancellation)
    {
        if (e.StatusCode == StatusCode.Cancelled && cancellation.IsCancellationRequested)
            return new OperationCanceledException("The call was cancelled.", e, cancellation);
        if (e.Status.DebugException is Exception cause
            && (e.StatusCode == StatusCode.Unavailable || cause.GetBaseException() is AuthenticationException))
        {
            string message = $"{Address}: no server answers: {cause.GetBaseException().Message}{HintOf(cause)}";
            return new AnnException(AnnError.Unavailable, message, e);
        }
        return new AnnException(AnnError.InvalidArgument, $"{Address}: the server answered {e.StatusCode}: {e.Status.Detail}"
            + (e.StatusCode == StatusCode.Unauthenticated ? $" --api-key or {ToolContext.ApiKeyVariable} shows a key." : ""), e);
    }

    private static string HintOf(Exception cause) => cause.GetBaseException() is AuthenticationException
        ? " --ca names who issued the server's certificate, --client-cert what it asks for."
        : "";

    /// <summary>The answer of a call; a failure becomes a line that names the server.</summary>
    private async Task<T> AnswerAsync<T>(AsyncUnaryCall<T> call, CancellationToken cancellation)
    {
        try
        {
            return await call;
        }
        catch (RpcException e)
        {
            throw Named(e, cancellation);
        }
    }
}
