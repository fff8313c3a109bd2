using Ann.Server.Access;
using Ann.Server.Settings;
using Ann.Server.Transport;
using Ann.Web;
using Ann.Web.Pages;
using Ann.Web.Rest;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Ann.Server.Web;

/// <summary>
/// Puts console and REST into the server. Called only where one of them is served: without them nothing of theirs is loaded, and no call
/// goes another way than before.
/// </summary>
internal static class WebParts
{
    /// <summary>Adds REST to the calls, and what the console shows.</summary>
    public static void AddWeb(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(new WebGuard(options.WebNames));
        services.AddSingleton<WebAddress>();
        services.AddSingleton<RestRoutes>();
        services.AddSingleton<RestDeadline>();
        services.AddSingleton<WebCalls>();
        services.AddGrpc(static grpc => grpc.Interceptors.Add<RestDeadline>()).AddRest();
        if (!options.Console)
            return;
        services.AddSingleton<ConsoleFiles>();
        services.AddSingleton<FiguresSources>();
        services.AddSingleton<FiguresBoard>();
        services.AddSingleton<ConsoleSlowQueries>();
        services.AddSingleton<ConsoleData>();
    }

    /// <summary>Listens for console and REST: HTTP/1.1 for curl, HTTP/2 for browsers once there is TLS.</summary>
    public static void ListenForWeb(this KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(options.BodySeconds);
        kestrel.Listen(ListenAddress.Parse(options.WebListen, nameof(ServerOptions.WebListen)), listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (listen.ApplicationServices.GetRequiredService<ServerTls>() is { IsOn: true } tls)
                tls.Use(listen);
            WebConnection.Mark(listen);
            listen.ApplicationServices.GetRequiredService<WebAddress>().Listens = listen;
        });
    }

    /// <summary>
    /// Maps all that the web has beside the calls, which are mapped with their services: document and pages, which hold nothing of the
    /// server's, and <see cref="ConsoleData"/>.
    /// </summary>
    public static void MapWeb(this WebApplication app, ServerOptions options)
    {
        RouteGroupBuilder files = app.MapGroup("");
        files.RequireAccess(AccessPolicies.Public);
        files.MapRestDocument();
        if (!options.Console)
            return;
        app.Services.GetRequiredService<ConsoleFiles>().Map(files);
        app.Services.GetRequiredService<ConsoleData>().Map(app).RequireAccess(AccessPolicies.Read);
    }
}
