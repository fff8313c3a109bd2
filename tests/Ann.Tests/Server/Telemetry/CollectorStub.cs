using System.Collections.Concurrent;
using System.Net;
using Ann.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Ann.Tests.Server.Telemetry;

/// <summary>An OpenTelemetry collector that takes OTLP, over HTTP or gRPC, and keeps it. Texts lie in it as they are.</summary>
internal sealed class CollectorStub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, string Bytes, string? Key)> _received = new();

    private CollectorStub(WebApplication app) => _app = app;

    public string Address =>
        _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<CollectorStub> StartAsync(OtlpProtocol protocol = OtlpProtocol.Http)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0,
            listen => listen.Protocols = protocol == OtlpProtocol.Grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        CollectorStub stub = new(builder.Build());
        stub._app.Run(stub.TakeAsync);
        await stub._app.StartAsync();
        return stub;
    }

    /// <summary>True when something of a signal has come that has all these texts.</summary>
    public bool Has(string signal, params string[] texts) =>
        _received.Any(one => one.Path == $"/v1/{signal}" && texts.All(text => one.Bytes.Contains(text, StringComparison.Ordinal)));

    /// <summary>Texts that nothing of a signal has.</summary>
    public string[] Lacks(string signal, IEnumerable<string> texts)
    {
        string all = string.Concat(_received.Where(one => one.Path == $"/v1/{signal}").Select(static one => one.Bytes));
        return [.. texts.Where(text => !all.Contains(text, StringComparison.Ordinal))];
    }

    /// <summary>Values of the header <c>x-key</c>.</summary>
    public IEnumerable<string?> Keys => _received.Select(static one => one.Key);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        string path = context.Request.Path.Value!;
        bool isGrpc = HttpProtocol.IsHttp2(context.Request.Protocol);
        if (isGrpc)
            path = $"/v1/{path.Split('.')[^3].TrimEnd('s')}s"; // of …collector.metrics.v1.MetricsService/Export, …collector.trace.v1…
        _received.Enqueue((path, System.Text.Encoding.Latin1.GetString(body.ToArray()), context.Request.Headers["x-key"]));
        if (!isGrpc)
            return;
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5]); // an empty message
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
