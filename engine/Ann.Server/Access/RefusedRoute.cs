using Ann.Server.Errors;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.Extensions.Options;
using ErrorInfo = Google.Rpc.ErrorInfo;
using Status = Google.Rpc.Status;

namespace Ann.Server.Access;

/// <summary>What somebody is told whom a route's policy does not let pass: over gRPC a status with its details, else HTTP's own.</summary>
internal sealed class RefusedRoute(RefusalRecord refusals, IOptions<ServerOptions> options) : IAuthorizationMiddlewareResultHandler
{
    private static readonly JsonFormatter Formatter =
        new(JsonFormatter.Settings.Default.WithTypeRegistry(TypeRegistry.FromMessages(ErrorInfo.Descriptor)));

    private readonly string _wanted = WantedBy(options.Value);

    /// <inheritdoc/>
    public Task HandleAsync(
        RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult) =>
        authorizeResult.Succeeded ? next(context) : RefuseAsync(context);

    private async Task RefuseAsync(HttpContext context)
    {
        AccessIdentity? caller = AccessIdentity.Of(context);
        Status status = caller is null
            ? AccessStatus.Unauthenticated(await FaultAsync(context) ?? _wanted)
            : AccessStatus.Denied($"{caller.Shown} has no role that allows {context.Request.Path}.");
        refusals.Add(context, caller?.Shown ?? "", index: "", (StatusCode)status.Code, status.Message);
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true)
            AnswerGrpc(context.Response, status);
        else
            await AnswerHttpAsync(context, status);
    }

    /// <summary>What was wrong with a credential; null where there was none. The scheme has looked, and answers the same again.</summary>
    private static async Task<string?> FaultAsync(HttpContext context) => (await context.AuthenticateAsync()).Failure?.Message;

    /// <summary>A status without a body: gRPC's "trailers-only".</summary>
    private static void AnswerGrpc(HttpResponse response, Status status)
    {
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = status.Code.ToString(System.Globalization.CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Uri.EscapeDataString(status.Message);
        response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray());
    }

    private static Task AnswerHttpAsync(HttpContext context, Status status)
    {
        bool isUnknown = status.Code == (int)StatusCode.Unauthenticated;
        context.Response.StatusCode = isUnknown ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden;
        if (isUnknown)
            context.Response.Headers.WWWAuthenticate = AccessSchemes.BearerWord.TrimEnd();
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(Formatter.Format(status)); // as errors of REST calls are
    }

    private static string WantedBy(ServerOptions options)
    {
        List<string> ways = [];
        if (options.ApiKeyFile.Length > 0)
            ways.Add("an API key");
        if (options.JwtIssuer.Length > 0)
            ways.Add("a token");
        string bearer = ways.Count > 0 ? $"{string.Join(" or ", ways)} in the header 'authorization: Bearer …'" : "";
        string certificate = options.ClientCaFile.Length > 0 ? "a certificate of the connection" : "";
        return $"The call has no credential; this server takes {string.Join(", or ", new[] { bearer, certificate }.Where(
            static way => way.Length > 0))}.";
    }
}
