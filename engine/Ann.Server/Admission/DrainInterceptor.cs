using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Admission;

/// <summary>
/// Passes every unary and bidirectional call of a service through the <see cref="DrainGate"/>. Health and reflection do without:
/// they answer to the end.
/// </summary>
/// <remarks>
/// A call counts until its answer is with the transport, status and all: a port that closes when the service has returned would cut off
/// callers who are yet to be told.
/// </remarks>
internal sealed class DrainInterceptor(DrainGate gate) : Interceptor
{
    private static readonly Func<object, Task> Exit = static gate =>
    {
        ((DrainGate)gate).Exit();
        return Task.CompletedTask;
    };

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Enter(context);
        return continuation(request, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Enter(context);
        return continuation(requestStream, responseStream, context);
    }

    private void Enter(ServerCallContext context)
    {
        gate.Enter();
        context.GetHttpContext().Response.OnCompleted(Exit, gate);
    }
}
