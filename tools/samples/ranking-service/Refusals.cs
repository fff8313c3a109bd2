using Ann.Client;
using Grpc.Core;

namespace Ann.Samples.RankingService;

/// <summary>Refuses what is asked of a shopper who is unknown.</summary>
internal sealed class KnownShopper(Shoppers all) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        all.Find($"{context.HttpContext.GetRouteValue("id")}") is null ? Results.NotFound() : await next(context);
}

/// <summary>What a refused or failed search becomes: 503, with the server's reason and its time to come again.</summary>
internal static class Refusals
{
    public static async Task TellAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (RpcException e) when (!context.Response.HasStarted)
        {
            CallFault fault = CallFault.Of(e);
            if (fault.RetryAfter is { } after)
                context.Response.Headers.RetryAfter = $"{Math.Ceiling(after.TotalSeconds)}";
            string title = fault.Reason.Length > 0 ? fault.Reason : $"{fault.Code}"; // what is no server's has a code alone
            string detail = fault.Message.Length > 0 ? fault.Message : "The search did not end in its time.";
            await Results.Problem(detail, statusCode: StatusCodes.Status503ServiceUnavailable, title: title).ExecuteAsync(context);
        }
    }
}
