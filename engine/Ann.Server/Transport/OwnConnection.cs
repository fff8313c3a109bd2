using System.Net;
using System.Net.Security;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Ann.Server.Transport;

/// <summary>Connections of the server to its own port, whatever that asks for.</summary>
internal sealed class OwnConnection(IServer server, IOptions<ServerOptions> options, OwnIdentity own, ServerTls tls)
{
    /// <summary>A channel on which the server calls itself, by its own key; null while no port is open.</summary>
    public GrpcChannel? Open() => Address is { } address
        ? GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            MaxReceiveMessageSize = null,
            HttpHandler = options.Value.AuthenticatesCallers() ? new OwnKey(own.Key, Handler()) : Handler(),
            DisposeHttpClient = true,
        })
        : null;

    /// <summary>What a caller of this machine calls: a server that listens on every address listens on the loopback's.</summary>
    private Uri? Address
    {
        get
        {
            if (server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is not { } listened)
                return null;
            UriBuilder address = new(listened);
            if (!IPAddress.TryParse(address.Host.Trim('[', ']'), out IPAddress? host))
                return address.Uri;
            if (host.Equals(IPAddress.Any))
                address.Host = IPAddress.Loopback.ToString();
            else if (host.Equals(IPAddress.IPv6Any))
                address.Host = $"[{IPAddress.IPv6Loopback}]";
            return address.Uri;
        }
    }

    private SocketsHttpHandler Handler()
    {
        SocketsHttpHandler handler = new() { UseProxy = false, EnableMultipleHttp2Connections = true };
        if (!tls.IsOn)
            return handler;
        handler.SslOptions = new SslClientAuthenticationOptions
        {
            // The very certificate that is in use, whatever names it has and whoever issued it.
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null
                && tls.Current is { } current && shown.GetRawCertData().AsSpan().SequenceEqual(current.Certificate.RawDataMemory.Span),
        };
        if (options.Value.RequireClientCertificate)
            handler.SslOptions.ClientCertificates = [own.Certificate];
        return handler;
    }

    /// <summary>Shows the server's own key with each request.</summary>
    private sealed class OwnKey(string key, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.TryAddWithoutValidation("authorization", $"Bearer {key}");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
