using Grpc.Core;

namespace Ann.Server.Errors;

/// <summary>How a call ends whose caller waits no longer.</summary>
internal static class CallEnd
{
    /// <summary>DEADLINE_EXCEEDED when the deadline has passed, otherwise CANCELLED. gRPC cancels the call's token for both.</summary>
    public static RpcException ToRpcException(ServerCallContext context, TimeProvider time) =>
        time.GetUtcNow().UtcDateTime >= context.Deadline
            ? DeadlineExceeded()
            : new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled."));

    /// <summary>The budget of the call is used up.</summary>
    public static RpcException DeadlineExceeded() =>
        new(new Status(StatusCode.DeadlineExceeded, "The deadline passed before the answer was complete."));
}
