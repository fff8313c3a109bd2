using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Ann.Client.Connecting;

/// <summary>What sends requests to a server, and shows what it wants to see.</summary>
internal static class ServerHandler
{
    /// <summary>A handler, with connections of its own.</summary>
    /// <param name="options">Checked already.</param>
    public static HttpMessageHandler Of(AnnClientOptions options)
    {
        SocketsHttpHandler sockets = new()
        {
            EnableMultipleHttp2Connections = !options.HasFixedConnections,
            UseProxy = false, // A proxy of the environment speaks no HTTP/2 without encryption, and servers are near.
            KeepAlivePingDelay = TimeSpan.FromSeconds(60),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        };
        if (ServerAddresses.SocketOf(options.Address) is { } socket)
            sockets.ConnectCallback = (_, cancellation) => ConnectAsync(socket, cancellation);
        if (ServerAddresses.IsEncrypted(options.Address, options.UseTls))
            sockets.SslOptions = Handshake(options);
        return options.ApiKey is null && options.TokenProvider is null
            ? sockets
            : new BearerHandler(options.ApiKey, options.TokenProvider, sockets);
    }

    private static async ValueTask<Stream> ConnectAsync(string socket, CancellationToken cancellation)
    {
        Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation).ConfigureAwait(false);
            return new NetworkStream(connection, ownsSocket: true);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Handshake(AnnClientOptions options)
    {
        SslClientAuthenticationOptions handshake = new();
        if (options.Authorities is { } authorities)
        {
            handshake.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            handshake.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        if (options.ServerCertificate is { } expected)
        {
            handshake.RemoteCertificateValidationCallback = (_, shown, _, _) =>
                shown is not null && shown.GetRawCertData().AsSpan().SequenceEqual(expected.RawDataMemory.Span);
        }
        if (options.ClientCertificate is { } own)
        {
            handshake.ClientCertificateContext =
                SslStreamCertificateContext.Create(own, options.ClientCertificateIssuers, offline: true);
        }
        return handshake;
    }
}
