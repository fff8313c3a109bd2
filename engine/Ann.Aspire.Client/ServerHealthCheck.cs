using Ann.Client;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Ann.Aspire.Client;

/// <summary>Asks the server for its health by <c>grpc.health.v1</c>, over the connections that searches take.</summary>
internal sealed class ServerHealthCheck(AnnClient client) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            HealthCheckResponse answer = await new Health.HealthClient(client.Calls)
                .CheckAsync(new HealthCheckRequest(), cancellationToken: cancellationToken);
            return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, $"The server says {answer.Status}.");
        }
        catch (RpcException fault)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, fault.Status.Detail, fault);
        }
    }
}
