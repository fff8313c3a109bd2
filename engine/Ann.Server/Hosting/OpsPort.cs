using Ann.Server.Settings;
using Ann.Server.Transport;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Ann.Server.Hosting;

/// <summary>The port of <see cref="ServerOptions.OpsListen"/>: connections of it are known by a mark, and speak HTTP/1.1.</summary>
/// <remarks>It has a limit of connections of its own: who takes all those of the calls does not keep probes out.</remarks>
internal static class OpsPort
{
    private static readonly object Mark = new();

    /// <summary>Listens.</summary>
    public static void Listen(KestrelServerOptions kestrel, string address) =>
        kestrel.Listen(ListenAddress.Parse(address, nameof(ServerOptions.OpsListen)), static listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (listen.ApplicationServices.GetRequiredService<ServerTls>() is { IsOn: true } tls)
                tls.Use(listen);
            listen.Use(static next => connection =>
            {
                connection.Items[Mark] = Mark;
                return next(connection);
            });
        });

    /// <summary>True for a request that came there.</summary>
    public static bool Asks(HttpContext context) =>
        !HttpProtocol.IsHttp2(context.Request.Protocol)
        && context.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(Mark) == true;
}
