using Grpc.Core;

namespace Ann.Server.Errors;

/// <summary>How a call ends whose caller waits no longer.</summary>
internal static class CallEnd
{
    /// <summary>DEADLINE_EXCEEDED when the deadline has passed, otherwise CANCELLED. gRPC cancels the call's token for both.</summary>
    public static RpcException ToRpcException(ServerCallContext context, TimeProvider time) =>
        time.GetUtcNow().UtcDateTime >= context.Deadline
            ? DeadlineExceeded(context, time)
            : new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled."));

    /// <summary>The time of the call is used up: its own, or what the server lets a call take.</summary>
    public static RpcException DeadlineExceeded(ServerCallContext context, TimeProvider time) => new(new Status(
        StatusCode.DeadlineExceeded,
        time.GetUtcNow().UtcDateTime >= context.Deadline
            ? "The deadline passed before the answer was complete."
            : "The answer was not complete when the call had taken as long as the server lets one take (MaxSearchMs)."));
}
