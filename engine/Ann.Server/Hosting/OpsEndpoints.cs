using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ann.Server.Access;
using Ann.Server.Health;
using Microsoft.AspNetCore.Http.Features;

namespace Ann.Server.Hosting;

/// <summary>What is answered on the port for operators, all of it: probes, and the metrics.</summary>
internal static class OpsEndpoints
{
    /// <summary>Path of the metrics.</summary>
    public const string Metrics = "/metrics";

    private const int MostBodyBytes = 64 << 10;

    /// <summary>Puts the port for operators before everything else.</summary>
    /// <param name="app">The server.</param>
    /// <param name="export">Makes the metrics.</param>
    public static void MapOps(this WebApplication app, TelemetryExport export) => app.MapWhen(OpsPort.Asks, branch =>
    {
        branch.Use(static (context, next) =>
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
                body.MaxRequestBodySize = MostBodyBytes; // nothing here reads any
            return next(context);
        });
        branch.UseRouting();
        branch.UseAccess();
        branch.UseEndpoints(routes =>
        {
            MapProbes(routes, app.Services.GetRequiredService<Readiness>());
            MapMetrics(routes, export);
        });
    });

    /// <summary>Liveness and readiness. They tell names of indexes.</summary>
    private static void MapProbes(IEndpointRouteBuilder routes, Readiness readiness)
    {
        routes.MapGet("/livez", static context => context.Response.WriteAsync("ok")).RequireAccess(AccessPolicies.Health);
        routes.MapGet("/readyz", context =>
        {
            ServerReadiness found = readiness.OfServer();
            return AnswerAsync(context, found.Ready, found, ReadinessJson.Default.ServerReadiness);
        }).RequireAccess(AccessPolicies.Health);
        routes.MapGet("/readyz/{index}", context =>
        {
            if (readiness.OfIndex($"{context.Request.RouteValues["index"]}") is { } found)
                return AnswerAsync(context, found.Ready, found, ReadinessJson.Default.IndexReadiness);
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return context.Response.WriteAsync("no such index");
        }).RequireAccess(AccessPolicies.Health);
    }

    /// <summary>The metrics, for Prometheus.</summary>
    private static void MapMetrics(IEndpointRouteBuilder routes, TelemetryExport export) =>
        routes.MapPrometheusScrapingEndpoint(Metrics, export.Meters, configureBranchedPipeline: null, optionsName: null)
            .RequireAccess(AccessPolicies.Metrics);

    private static Task AnswerAsync<T>(HttpContext context, bool isReady, T body, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(body, type)).AsTask();
    }
}
