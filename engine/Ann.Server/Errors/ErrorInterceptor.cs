using Ann.Core;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Options;

namespace Ann.Server.Errors;

/// <summary>
/// Where an exception becomes a gRPC status. Outermost, so that it sees the other interceptors' too. Requests that cannot be read
/// never come here: <see cref="Hosting.ServiceMethods{TService}"/>.
/// </summary>
internal sealed partial class ErrorInterceptor(ILogger<ErrorInterceptor> log, TimeProvider time, IOptions<ServerOptions> options)
    : Interceptor
{
    /// <summary>Directories of this machine, which are the operator's to know. The names below them are the caller's too.</summary>
    private readonly string[] _hidden =
    [
        .. new[] { options.Value.DataDirectory, options.Value.ImportDirectory, options.Value.SnapshotDirectory }
            .Where(static directory => directory.Length > 0)
            .SelectMany(static directory => new[] { Path.GetFullPath(directory), directory }) // the system's own messages have it in full
            .Select(static directory => Path.TrimEndingDirectorySeparator(directory) + Path.DirectorySeparatorChar),
    ];

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            Task<TResponse> call = continuation(request, context);
            return call.IsCompletedSuccessfully ? call : WatchAsync(call, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw ToRpcException(e, context);
        }
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        WatchStreamAsync(() => continuation(request, responseStream, context), context);

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        WatchStreamAsync(() => continuation(requestStream, responseStream, context), context);

    private async Task WatchStreamAsync(Func<Task> call, ServerCallContext context)
    {
        try
        {
            await call();
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            throw Ended(context); // A write that fails after the caller went away is the same event, however it is reported.
        }
        catch (IOException)
        {
            // A stream that the caller reset, before the call's token tells of it. Failures of disks come as AnnException.
            throw new RpcException(new Status(StatusCode.Cancelled, "The caller went away."));
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw ToRpcException(e, context);
        }
    }

    private async Task<TResponse> WatchAsync<TResponse>(Task<TResponse> call, ServerCallContext context)
    {
        try
        {
            return await call;
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw ToRpcException(e, context);
        }
    }

    private RpcException ToRpcException(Exception e, ServerCallContext context)
    {
        if (e is AnnException expected)
            return StatusDetails.ToRpcException(expected, WithoutDirectories);

        if (e is OperationCanceledException && context.CancellationToken.IsCancellationRequested)
            return Ended(context);

        // What went wrong inside is the operator's to know.
        Unexpected(context.Method, e);
        return new RpcException(new Status(StatusCode.Internal, "Unexpected error. The server's log has it."));
    }

    private string WithoutDirectories(string message) => _hidden.Aggregate(
        message, static (text, directory) => text.Replace(directory, "", StringComparison.Ordinal));

    private RpcException Ended(ServerCallContext context) => CallEnd.ToRpcException(context, time);

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "{Method} failed unexpectedly.")]
    private partial void Unexpected(string method, Exception exception);
}
