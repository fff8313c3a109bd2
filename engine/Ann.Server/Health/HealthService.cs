using Grpc.Core;
using Grpc.Health.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Ann.Server.Health;

/// <summary><c>grpc.health.v1</c>: a service name is an index's name; "" is the whole server.</summary>
/// <remarks>
/// Not the package's HealthServiceImpl: its watches end only when the client goes away, so one watcher would hold every graceful stop
/// until the drain time is over. Here they are told NOT_SERVING and then end.
/// </remarks>
internal sealed class HealthService(HealthBoard board) : Grpc.Health.V1.Health.HealthBase
{
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        board.Current.Statuses.TryGetValue(request.Service, out ServingStatus status)
            ? Task.FromResult(new HealthCheckResponse { Status = status })
            : throw new RpcException(new Status(StatusCode.NotFound, $"No index is named '{request.Service}'."));

    public override async Task Watch(
        HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        ServingStatus told = ServingStatus.Unknown; // never shown by the board
        while (true)
        {
            HealthBoard.Page page = board.Current;
            ServingStatus status = page.Statuses.GetValueOrDefault(request.Service, ServingStatus.ServiceUnknown);
            if (status != told)
                await responseStream.WriteAsync(new HealthCheckResponse { Status = status }, context.CancellationToken);
            told = status;
            if (page.IsLast)
                return;
            await page.Replaced.WaitAsync(context.CancellationToken);
        }
    }
}
