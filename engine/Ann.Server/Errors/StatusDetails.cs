using Ann.Core;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Status = Google.Rpc.Status;

namespace Ann.Server.Errors;

/// <summary>An <see cref="AnnException"/> as gRPC callers see it: a code, a message, and details that a program can act on.</summary>
internal static class StatusDetails
{
    /// <summary>Domain of every <see cref="ErrorInfo"/>.</summary>
    public const string Domain = "ann.v1";

    /// <summary>A queue drains in milliseconds; a client should come back soon, spread by its own jitter.</summary>
    private static readonly Duration AfterOverload = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100));

    /// <summary>Loading and restarting take seconds.</summary>
    private static readonly Duration AfterUnavailable = Duration.FromTimeSpan(TimeSpan.FromSeconds(1));

    public static RpcException ToRpcException(AnnException e)
    {
        Status status = new() { Code = (int)ToStatusCode(e.Error), Message = e.Message };
        status.Details.Add(Any.Pack(new ErrorInfo { Domain = Domain, Reason = ToReason(e.Error) }));
        if (Detail(e) is IMessage detail)
            status.Details.Add(Any.Pack(detail));
        return status.ToRpcException();
    }

    public static StatusCode ToStatusCode(AnnError error) => error switch
    {
        AnnError.InvalidArgument => StatusCode.InvalidArgument,
        AnnError.NotFound => StatusCode.NotFound,
        AnnError.AlreadyExists => StatusCode.AlreadyExists,
        AnnError.FailedPrecondition => StatusCode.FailedPrecondition,
        AnnError.Overloaded => StatusCode.ResourceExhausted,
        AnnError.Unavailable => StatusCode.Unavailable,
        AnnError.Corrupt => StatusCode.DataLoss,
        _ => StatusCode.Internal,
    };

    private static string ToReason(AnnError error) => error switch
    {
        AnnError.InvalidArgument => "INVALID_ARGUMENT",
        AnnError.NotFound => "NOT_FOUND",
        AnnError.AlreadyExists => "ALREADY_EXISTS",
        AnnError.FailedPrecondition => "MISMATCH",
        AnnError.Overloaded => "OVERLOADED",
        AnnError.Unavailable => "UNAVAILABLE",
        AnnError.Corrupt => "CORRUPT",
        _ => "INTERNAL",
    };

    private static IMessage? Detail(AnnException e) => e.Error switch
    {
        AnnError.InvalidArgument when e.Field is string field => new BadRequest
        {
            FieldViolations = { new BadRequest.Types.FieldViolation { Field = field, Description = e.Message } },
        },
        AnnError.NotFound => new ResourceInfo { ResourceType = e.Field ?? "", Description = e.Message },
        AnnError.FailedPrecondition => new PreconditionFailure
        {
            Violations =
            {
                new PreconditionFailure.Types.Violation { Type = "MISMATCH", Subject = e.Field ?? "", Description = e.Message },
            },
        },
        AnnError.Overloaded => new RetryInfo { RetryDelay = AfterOverload },
        AnnError.Unavailable => new RetryInfo { RetryDelay = AfterUnavailable },
        _ => null,
    };
}
