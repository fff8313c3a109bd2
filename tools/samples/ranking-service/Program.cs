using Ann.Client;
using Ann.Samples.RankingService;
using Ann.Samples.Shared;
using Grpc.Core;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);

// With a server of your own: --AnnClient:Address http://HOST:PORT, and any other option of the client in the same way.
DirectoryInfo? folder = null;
LocalServer? local = null;
if (builder.Configuration["AnnClient:Address"] is null)
{
    folder = Directory.CreateTempSubdirectory("ranking-service-");
    local = await LocalServer.StartAsync("--data", folder.FullName);
    builder.Configuration["AnnClient:Address"] = local.Address;
}
builder.Services.AddAnnClient(builder.Configuration.GetSection("AnnClient").Bind).ValidateOnStart();
builder.Services.Configure<FeedOptions>(builder.Configuration.GetSection("Feed"));
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<Catalogue>();
builder.Services.AddSingleton<Shoppers>();
builder.Services.AddSingleton<HomeFeed>();

WebApplication app = builder.Build();
app.Use(Refusals.TellAsync);
app.UseDefaultFiles();
app.UseStaticFiles();

app.MapGet("/api/shoppers", (Shoppers all) => all.All.Select(static one => new { one.Id, one.Name }));
RouteGroupBuilder one = app.MapGroup("/api/shoppers/{id}").AddEndpointFilter<KnownShopper>();
one.MapGet("/feed", (string id, double? maxPrice, int? perCategory, Shoppers all, HomeFeed feed, CancellationToken cancel) =>
    feed.MakeAsync(all.Find(id)!, maxPrice, perCategory, cancel));
one.MapPost("/opened/{key}", async (string id, ulong key, Shoppers all, HomeFeed feed, CancellationToken cancel) =>
{
    if (!all.Open(id, key))
        return Results.NotFound();
    await feed.MarkSeenAsync(id, [key], cancel);
    return Results.NoContent();
});
one.MapPost("/seen", (string id, ulong[] keys, HomeFeed feed, CancellationToken cancel) => feed.MarkSeenAsync(id, keys, cancel));
one.MapDelete("/seen", (string id, HomeFeed feed, CancellationToken cancel) => feed.ForgetSeenAsync(id, cancel));

try
{
    await app.Services.GetRequiredService<Catalogue>().WriteAsync();
    await app.Services.GetRequiredService<HomeFeed>().WarmUpAsync(app.Services.GetRequiredService<Shoppers>().All.First());
    await app.RunAsync();
}
finally
{
    if (local is not null)
        await local.DisposeAsync();
    folder?.Delete(recursive: true);
}

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
            await Results.Problem(fault.Message, statusCode: StatusCodes.Status503ServiceUnavailable, title: fault.Reason is { Length: > 0 } reason ? reason : $"{fault.Code}")
                .ExecuteAsync(context);
        }
    }
}
