using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Ann.Server.Web;

/// <summary>Tells what came by the port of console and REST from what came by that of gRPC.</summary>
internal static class WebConnection
{
    private static readonly object Key = new();

    /// <summary>Marks the connections of an endpoint.</summary>
    public static void Mark(ListenOptions listen) => listen.Use(static next => connection =>
    {
        connection.Items[Key] = Key;
        return next(connection);
    });

    /// <summary>True for a request by an endpoint that was marked.</summary>
    public static bool Is(HttpContext context) =>
        context.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(Key) ?? false;
}
