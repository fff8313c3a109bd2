using Ann.Core;
using Ann.Server.Errors;
using Ann.Web;
using Grpc.Core;

namespace Ann.Server.Web;

/// <summary>Answers with an error before any call is there that could: as the calls do, a google.rpc.Status.</summary>
internal static class RestErrors
{
    /// <summary>Writes what went wrong. Messages must name no directories.</summary>
    public static Task WriteAsync(HttpContext context, AnnException e)
    {
        RpcException refusal = StatusDetails.ToRpcException(e, static message => message);
        return WebGuard.WriteAsync(context, HttpStatusOf(refusal.StatusCode), refusal.GetRpcStatus()!);
    }

    /// <summary>As google/rpc/code.proto pairs them, which transcoding follows.</summary>
    private static int HttpStatusOf(StatusCode code) => code switch
    {
        StatusCode.InvalidArgument or StatusCode.FailedPrecondition => StatusCodes.Status400BadRequest,
        StatusCode.NotFound => StatusCodes.Status404NotFound,
        StatusCode.AlreadyExists => StatusCodes.Status409Conflict,
        StatusCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        StatusCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };
}
