using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Hosting;

/// <summary>
/// Passes every unary call of a service through the <see cref="DrainGate"/>. Health and reflection do without: they answer to the end.
/// </summary>
internal sealed class DrainInterceptor(DrainGate gate) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        gate.Enter();
        try
        {
            return await continuation(request, context);
        }
        finally
        {
            gate.Exit();
        }
    }
}
