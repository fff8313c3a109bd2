using Ann.Client;
using Ann.Samples.RankingService;
using Ann.Samples.Shared;

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
