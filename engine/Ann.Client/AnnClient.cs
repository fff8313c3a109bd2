using System.Diagnostics;
using Ann.Client.Connecting;
using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Client;

/// <summary>
/// A client of AnnServer. Make one for each server or group of servers, and keep it: it holds the connections. Safe for any number of
/// threads. Failures are <see cref="RpcException"/>s, which <see cref="CallFault.Of"/> takes apart; a call whose token was cancelled ends
/// with <see cref="OperationCanceledException"/>.
/// </summary>
/// <example><code>
/// using AnnClient client = new("http://127.0.0.1:50051");
/// using SearchAnswer answer = await client.Index("products").SearchAsync(vector, k: 10);
/// foreach (AnswerHit hit in answer)
///     Console.WriteLine($"{hit.Key} {hit.Score}");
/// </code></example>
public sealed class AnnClient : IDisposable
{
    private readonly ServerChannels _channels;
    private readonly AnnClientOptions _options;

    /// <summary>A client with the defaults.</summary>
    /// <param name="address">As <see cref="AnnClientOptions.Address"/>.</param>
    /// <exception cref="ArgumentException">It is no address.</exception>
    public AnnClient(string address)
        : this(new AnnClientOptions { Address = address })
    {
    }

    /// <summary>A client.</summary>
    /// <param name="options">Not to be changed any more.</param>
    /// <exception cref="ArgumentException">They have faults; the message tells all of them.</exception>
    public AnnClient(AnnClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string[] faults = [.. options.Validate()];
        if (faults.Length > 0)
            throw new ArgumentException(string.Join(' ', faults), nameof(options));
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Answers are read where they lie, which takes a little-endian processor.");
        _options = options;
        _channels = new ServerChannels(options);
        Retrieval = new Retrieval.RetrievalClient(_channels);
        Ingest = new Ingest.IngestClient(_channels);
        Indexes = new Indexes.IndexesClient(_channels);
    }

    /// <summary>The generated client of reads, over the same connections: for what this one has no member for.</summary>
    public Retrieval.RetrievalClient Retrieval { get; }

    /// <summary>The generated client of writes.</summary>
    public Ingest.IngestClient Ingest { get; }

    /// <summary>The generated client of what concerns indexes: made, described, promoted.</summary>
    public Indexes.IndexesClient Indexes { get; }

    /// <summary>The connections themselves: for other services of the server, such as <c>grpc.health.v1</c>.</summary>
    public CallInvoker Calls => _channels;

    internal AnnClientOptions Options => _options;

    /// <summary>One index. Asks nobody: one that does not exist is told of by the first call.</summary>
    /// <param name="name">Its name, or NAME@GENERATION to insist on one generation.</param>
    public IndexClient Index(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new IndexClient(this, name);
    }

    /// <summary>What the server hosts.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<IndexDescription>> ListIndexesAsync(CancellationToken cancellationToken = default) =>
        (await ReadAsync("List", "", null, options => Indexes.ListAsync(new ListRequest(), options), cancellationToken)
            .ConfigureAwait(false)).Indexes;

    /// <inheritdoc/>
    public void Dispose() => _channels.Dispose();

    /// <summary>A call whose answer has pooled columns.</summary>
    internal Task<TAnswer> AskAsync<TRequest, TAnswer>(
        Method<TRequest, TAnswer> method, TRequest request, string index, TimeSpan? timeout, CancellationToken cancellation)
        where TRequest : class
        where TAnswer : class =>
        EndAsync(
            method.Name, index, ClientTelemetry.Start(method.Name, index),
            _channels.AsyncUnaryCall(method, null, OptionsOf(timeout ?? _options.ReadTimeout, cancellation), request), cancellation);

    /// <summary>A call of a generated client that only reads.</summary>
    internal Task<T> ReadAsync<T>(
        string operation, string index, TimeSpan? timeout, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation) =>
        CallAsync(operation, index, timeout ?? _options.ReadTimeout, call, cancellation);

    /// <summary>A call of a generated client that writes.</summary>
    internal Task<T> WriteAsync<T>(
        string operation, string index, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation) =>
        CallAsync(operation, index, _options.WriteTimeout, call, cancellation);

    private static Task<T> CallAsync<T>(
        string operation, string index, TimeSpan timeout, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation)
    {
        Activity? span = ClientTelemetry.Start(operation, index);
        return EndAsync(operation, index, span, call(OptionsOf(timeout, cancellation)), cancellation);
    }

    private static async Task<T> EndAsync<T>(
        string operation, string index, Activity? span, AsyncUnaryCall<T> call, CancellationToken cancellation)
    {
        long began = ClientTelemetry.Now();
        StatusCode? failure = null;
        try
        {
            return await call.ResponseAsync.ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Cancelled && cancellation.IsCancellationRequested)
        {
            failure = e.StatusCode;
            throw new OperationCanceledException(e.Message, e, cancellation);
        }
        catch (RpcException e)
        {
            failure = e.StatusCode;
            throw;
        }
        finally
        {
            ClientTelemetry.End(operation, index, began, span, failure);
        }
    }

    private static CallOptions OptionsOf(TimeSpan timeout, CancellationToken cancellation) => new(
        deadline: timeout == Timeout.InfiniteTimeSpan ? null : TimeProvider.System.GetUtcNow().UtcDateTime + timeout,
        cancellationToken: cancellation);
}
