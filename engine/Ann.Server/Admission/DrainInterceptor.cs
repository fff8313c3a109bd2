using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Admission;

/// <summary>
/// Passes every unary and bidirectional call of a service through the <see cref="DrainGate"/>. Health and reflection do without:
/// they answer to the end.
/// </summary>
internal sealed class DrainInterceptor(DrainGate gate) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        gate.Enter();
        bool stays = false;
        try
        {
            Task<TResponse> call = continuation(request, context);
            stays = !call.IsCompleted;
            return stays ? ExitAfterAsync(call) : call;
        }
        finally
        {
            if (!stays)
                gate.Exit();
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        gate.Enter();
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        finally
        {
            gate.Exit();
        }
    }

    private async Task<TResponse> ExitAfterAsync<TResponse>(Task<TResponse> call)
    {
        try
        {
            return await call;
        }
        finally
        {
            gate.Exit();
        }
    }
}
