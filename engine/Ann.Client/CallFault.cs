using Google.Rpc;
using Grpc.Core;

namespace Ann.Client;

/// <summary>What a server says of a call that failed, taken apart (<c>google.rpc.Status</c> with its details).</summary>
public sealed class CallFault
{
    private CallFault(RpcException exception)
    {
        Code = exception.StatusCode;
        Message = exception.Status.Detail;
        Google.Rpc.Status? status = exception.GetRpcStatus();
        Reason = status?.GetDetail<ErrorInfo>()?.Reason ?? "";
        RetryAfter = status?.GetDetail<RetryInfo>()?.RetryDelay?.ToTimeSpan();
        Fields = [.. status?.GetDetail<BadRequest>()?.FieldViolations.Select(static one => (one.Field, one.Description)) ?? []];
    }

    /// <summary>The code of gRPC.</summary>
    public StatusCode Code { get; }

    /// <summary>The server's sentence: what, what was expected, what was found.</summary>
    public string Message { get; }

    /// <summary>The reason in one word, of domain <c>ann.v1</c>; empty where the failure is not the server's.</summary>
    public string Reason { get; }

    /// <summary>How long to wait before the same is asked again; null: the server does not say, or never.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>Fields of the request that are wrong, and why.</summary>
    public IReadOnlyList<(string Field, string Description)> Fields { get; }

    /// <summary>Takes a failure apart.</summary>
    public static CallFault Of(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return new CallFault(exception);
    }
}
