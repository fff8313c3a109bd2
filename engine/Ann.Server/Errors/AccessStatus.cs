using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Status = Google.Rpc.Status;

namespace Ann.Server.Errors;

/// <summary>How a call ends whose caller is not known, or may not do what it asks for.</summary>
internal static class AccessStatus
{
    /// <summary>No credential, or none that is good.</summary>
    public static Status Unauthenticated(string message) => Of(StatusCode.Unauthenticated, "UNAUTHENTICATED", message);

    /// <summary>A good credential that does not allow it.</summary>
    public static Status Denied(string message) => Of(StatusCode.PermissionDenied, "PERMISSION_DENIED", message);

    private static Status Of(StatusCode code, string reason, string message)
    {
        Status status = new() { Code = (int)code, Message = CutText.Of(message) };
        status.Details.Add(Any.Pack(new ErrorInfo { Domain = StatusDetails.Domain, Reason = reason }));
        return status;
    }
}
