using System.Globalization;
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

    /// <summary>Field of an overload that no waiting ends: one message or reply larger than its limit.</summary>
    public const string TooLarge = "size";

    /// <summary>A queue drains in milliseconds; a client should come back soon, spread by its own jitter.</summary>
    private static readonly Duration AfterOverload = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100));

    /// <summary>Memory and disk are freed by compaction, or by a person.</summary>
    private static readonly Duration AfterFull = Duration.FromTimeSpan(TimeSpan.FromSeconds(1));

    /// <summary>Loading and restarting take seconds.</summary>
    private static readonly Duration AfterUnavailable = Duration.FromTimeSpan(TimeSpan.FromSeconds(1));

    /// <param name="e">The failure.</param>
    /// <param name="toCaller">A message as callers may read it.</param>
    public static RpcException ToRpcException(AnnException e, Func<string, string> toCaller)
    {
        string message = CutText.Of(toCaller(e.Message));
        Status status = new() { Code = (int)ToStatusCode(e.Error), Message = message };
        status.Details.Add(Any.Pack(new ErrorInfo { Domain = Domain, Reason = ToReason(e.Error) }));
        foreach (IMessage detail in DetailsOf(e, message, toCaller))
            status.Details.Add(Any.Pack(detail));
        RpcException exception = status.ToRpcException();
        if (IsTooLarge(e))
        {
            exception.Trailers.Add("grpc-retry-pushback-ms", "-1"); // gRPC's word for never
        }
        else if (DelayOf(e) is { } delay)
        {
            double milliseconds = Math.Ceiling(delay.ToTimeSpan().TotalMilliseconds);
            exception.Trailers.Add("grpc-retry-pushback-ms", milliseconds.ToString("0", CultureInfo.InvariantCulture));
        }
        return exception;
    }

    /// <summary>True for what a limit will never let through, however often it is asked.</summary>
    private static bool IsTooLarge(AnnException e) =>
        e is { Error: AnnError.Overloaded, Field: TooLarge } || e.RetryAfter == Timeout.InfiniteTimeSpan;

    /// <summary>When a client should come back, for those whose library heeds it.</summary>
    private static Duration? DelayOf(AnnException e) => e.Error switch
    {
        AnnError.Overloaded when e.RetryAfter is { } wait => Duration.FromTimeSpan(wait),
        AnnError.Overloaded when e.Field is "memory" or "disk" => AfterFull,
        AnnError.Overloaded => AfterOverload,
        AnnError.Unavailable => AfterUnavailable,
        _ => null,
    };

    public static StatusCode ToStatusCode(AnnError error) => error switch
    {
        AnnError.InvalidArgument => StatusCode.InvalidArgument,
        AnnError.NotFound => StatusCode.NotFound,
        AnnError.AlreadyExists => StatusCode.AlreadyExists,
        AnnError.FailedPrecondition => StatusCode.FailedPrecondition,
        AnnError.Overloaded => StatusCode.ResourceExhausted,
        AnnError.Unavailable => StatusCode.Unavailable,
        AnnError.Corrupt => StatusCode.DataLoss,
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
    };

    private static IEnumerable<IMessage> DetailsOf(AnnException e, string message, Func<string, string> toCaller) => e.Error switch
    {
        AnnError.InvalidArgument when e.Field is string field =>
        [
            new BadRequest
            {
                FieldViolations = { new BadRequest.Types.FieldViolation { Field = CutText.OfPath(field), Description = message } },
            },
        ],
        AnnError.NotFound => [new ResourceInfo { ResourceType = e.Field ?? "", Description = message }],
        AnnError.FailedPrecondition => [new PreconditionFailure { Violations = { ViolationsOf(e, message, toCaller) } }],
        AnnError.Overloaded when IsTooLarge(e) =>
        [
            new QuotaFailure { Violations = { new QuotaFailure.Types.Violation { Subject = e.Field, Description = message } } },
        ],
        AnnError.Overloaded when e.Field is "memory" or "disk" || e.RetryAfter is not null =>
        [
            new RetryInfo { RetryDelay = DelayOf(e) },
            new QuotaFailure { Violations = { new QuotaFailure.Types.Violation { Subject = e.Field, Description = message } } },
        ],
        AnnError.Overloaded => [new RetryInfo { RetryDelay = DelayOf(e) }],
        AnnError.Unavailable => [new RetryInfo { RetryDelay = DelayOf(e) }],
        _ => [],
    };

    private static IEnumerable<PreconditionFailure.Types.Violation> ViolationsOf(
        AnnException e, string message, Func<string, string> toCaller) => e.Violations.Count > 0
        ? e.Violations.Select(violation => Violation("NOT_MET", violation.Subject, toCaller(violation.Description)))
        : [Violation("MISMATCH", e.Field ?? "", message)];

    private static PreconditionFailure.Types.Violation Violation(string type, string subject, string description) =>
        new() { Type = type, Subject = CutText.Of(subject), Description = CutText.Of(description) };
}
