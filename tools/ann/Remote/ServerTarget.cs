using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Ann.Core;
using Ann.Server.Transport;
using Grpc.Net.Client;

namespace Ann.Tool.Remote;

/// <summary>A server, and what it takes to be let in: the one place where channels to servers are made.</summary>
internal sealed record ServerTarget
{
    private const int MaxReplyBytes = 256 << 20; // The largest k times 1,024 rows, with string keys.

    /// <summary>With http or https.</summary>
    public required Uri Address { get; init; }

    /// <summary>API key or token that is shown with each call; null for none.</summary>
    public string? Bearer { get; init; }

    /// <summary>Who issued the server's certificate; null for those whom the system trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>The very certificate that the server must show, whatever names it has; null for one that authorities vouch for.</summary>
    public X509Certificate2? Shown { get; init; }

    /// <summary>Certificate that is shown to the server; null for none.</summary>
    public CertificateChain? Certificate { get; init; }

    /// <summary>A server that asks for nothing.</summary>
    /// <exception cref="AnnException">InvalidArgument: no such address.</exception>
    public static ServerTarget Plain(string address) => new() { Address = ServerAddress.Parse(address) };

    /// <summary>A channel.</summary>
    /// <param name="isSingle">True for one that never opens a second connection.</param>
    public GrpcChannel Connect(bool isSingle = false) => GrpcChannel.ForAddress(Address, new GrpcChannelOptions
    {
        MaxReceiveMessageSize = MaxReplyBytes,
        HttpHandler = Handler(isSingle),
        DisposeHttpClient = true,
    });

    /// <summary>What sends requests, and shows what the server wants to see.</summary>
    /// <inheritdoc cref="Connect"/>
    public HttpMessageHandler Handler(bool isSingle = false)
    {
        SocketsHttpHandler sockets = new() { EnableMultipleHttp2Connections = !isSingle };
        if (isSingle)
            sockets.UseProxy = false;
        if (Address.Scheme == Uri.UriSchemeHttps)
            sockets.SslOptions = Handshake();
        return Bearer is null ? sockets : new BearerHandler(Bearer, sockets);
    }

    /// <summary>Nothing of it is a secret but the bearer, which is not told.</summary>
    public override string ToString() => Address.ToString();

    private SslClientAuthenticationOptions Handshake()
    {
        SslClientAuthenticationOptions handshake = new();
        if (Authorities is { } authorities)
        {
            handshake.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            handshake.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        if (Shown is { } expected)
        {
            handshake.RemoteCertificateValidationCallback = (_, shown, _, _) =>
                shown is not null && shown.GetRawCertData().AsSpan().SequenceEqual(expected.RawDataMemory.Span);
        }
        if (Certificate is { } own)
            handshake.ClientCertificateContext = SslStreamCertificateContext.Create(own.Certificate, own.Others, offline: true);
        return handshake;
    }

    /// <summary>Shows the bearer with each request.</summary>
    private sealed class BearerHandler(string bearer, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        private readonly AuthenticationHeaderValue _header = new("Bearer", bearer);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = _header;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
