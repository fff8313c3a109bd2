using Ann.Core;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Errors;

/// <summary>The only place where an exception becomes a gRPC status. Outermost, so that it sees the other interceptors' too.</summary>
internal sealed partial class ErrorInterceptor(ILogger<ErrorInterceptor> log, TimeProvider time) : Interceptor
{
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

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            throw Ended(context); // A write that fails after the caller went away is the same event, however it is reported.
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
            return StatusDetails.ToRpcException(expected);

        if (e is OperationCanceledException && context.CancellationToken.IsCancellationRequested)
            return Ended(context);

        // What went wrong inside is the operator's to know.
        Unexpected(context.Method, e);
        return new RpcException(new Status(StatusCode.Internal, "Unexpected error. The server's log has it."));
    }

    private RpcException Ended(ServerCallContext context) => CallEnd.ToRpcException(context, time);

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "{Method} failed unexpectedly.")]
    private partial void Unexpected(string method, Exception exception);
}
