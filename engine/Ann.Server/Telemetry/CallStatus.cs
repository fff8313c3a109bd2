using System.Globalization;
using System.Text.Json;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace Ann.Server.Telemetry;

/// <summary>The status of a call as it went over the wire.</summary>
internal static class CallStatus
{
    private const string Header = "grpc-status";

    private static readonly string[] Names =
        [.. Enum.GetValues<StatusCode>().Order().Select(static code => code == StatusCode.OK
            ? "OK" : JsonNamingPolicy.SnakeCaseUpper.ConvertName($"{code}"))];

    /// <summary>gRPC's name of a status by its number.</summary>
    public static string NameOf(int number) => number >= 0 && number < Names.Length ? Names[number] : Names[(int)StatusCode.Unknown];

    /// <summary>
    /// The status that a response carries: in its trailers, or its headers where there is nothing else. One to a call that is not gRPC's
    /// has that of its HTTP status; one to a call of gRPC that has none was cut off.
    /// </summary>
    public static string Of(HttpContext context)
    {
        string? text = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers[Header];
        if (string.IsNullOrEmpty(text))
            text = context.Response.Headers[Header];
        if (!string.IsNullOrEmpty(text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            return NameOf(number);
        bool isGrpc = context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;
        return NameOf((int)(isGrpc ? StatusCode.Cancelled : OfHttp(context.Response.StatusCode)));
    }

    /// <summary>gRPC's status for one of HTTP: the way back of <c>google.rpc.Code</c>.</summary>
    private static StatusCode OfHttp(int status) => status switch
    {
        < 400 => StatusCode.OK,
        400 => StatusCode.InvalidArgument,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.NotFound,
        409 => StatusCode.AlreadyExists,
        429 => StatusCode.ResourceExhausted,
        499 => StatusCode.Cancelled,
        501 => StatusCode.Unimplemented,
        503 => StatusCode.Unavailable,
        504 => StatusCode.DeadlineExceeded,
        < 500 => StatusCode.FailedPrecondition,
        _ => StatusCode.Internal,
    };
}
