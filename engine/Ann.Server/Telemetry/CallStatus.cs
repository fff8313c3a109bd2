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

    /// <summary>The status that a response carries, in its trailers, or its headers where there is nothing else.</summary>
    public static string Of(HttpContext context)
    {
        string? text = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers[Header];
        if (string.IsNullOrEmpty(text))
            text = context.Response.Headers[Header];
        return string.IsNullOrEmpty(text) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? NameOf((int)StatusCode.Cancelled) // it was cut off
            : NameOf(number);
    }
}
