using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Security.Authentication;
using Ann.Core;
using Ann.Core.Files;
using Ann.Server.Reloading;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace Ann.Server.Transport;

/// <summary>
/// The server's side of TLS. What handshakes need is put together when the certificate is read, not at each handshake; those that come
/// after a change have the new one, connections that are open go on.
/// </summary>
internal sealed partial class ServerTls(
    IOptions<ServerOptions> options, ClientTrust clients, WatchedFiles files, IFileSystem disk, TimeProvider time, ILogger<ServerTls> log)
{
    private const int MostPasswordBytes = 4096;

    /// <summary>Who begins a handshake has so long to finish it.</summary>
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(10);

    /// <summary>Left to the certificate, from which the log warns.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    private volatile Loaded? _loaded;

    /// <summary>True where connections are encrypted.</summary>
    public bool IsOn => options.Value.TlsCertificateFile.Length > 0;

    /// <summary>The certificate in use; null without TLS.</summary>
    public CertificateChain? Current => _loaded?.Chain;

    /// <summary>Reads the certificate, and whom callers' certificates must be from.</summary>
    /// <exception cref="AnnException">A file cannot be read or used.</exception>
    public void Open()
    {
        ServerOptions server = options.Value;
        if (clients.IsOn)
        {
            clients.Open();
            clients.Changed += () => _loaded = _loaded is { } now ? Load(now.Chain) : null;
        }
        string[] paths = server.TlsKeyFile.Length > 0 ? [server.TlsCertificateFile, server.TlsKeyFile] : [server.TlsCertificateFile];
        files.Add("The server's certificate", paths, contents =>
        {
            byte[]? key = contents.Count > 1 ? contents[1] : null;
            CertificateChain chain = CertificateFiles.ReadWithKey(paths[0], contents[0], key, Password(server.TlsPassword));
            _loaded = Load(chain);
            Describe(chain);
        });
    }

    /// <summary>Tells a meter how long the certificate is still good.</summary>
    public void Tell(Meter meter) => meter.CreateObservableGauge(
        "ann.tls.certificate_left", LeftOfCurrent, "s", "Time that the server's certificate is still good.");

    /// <summary>Encrypts the connections of a listener, whose protocols are set.</summary>
    /// <remarks>
    /// What strangers do in a handshake is no error of the server: Kestrel would log some of it as one, with a stack, for each connection.
    /// </remarks>
    public void Use(ListenOptions listen)
    {
        listen.Use(next => async connection =>
        {
            try
            {
                await next(connection);
            }
            catch (Exception e) when (e is NotSupportedException or AuthenticationException or IOException)
            {
                Broken(connection.RemoteEndPoint, e.Message);
            }
        });
        bool isOfCalls = listen.Protocols == HttpProtocols.Http2;
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeTime,
            OnConnection = _ => ValueTask.FromResult(isOfCalls ? _loaded!.Http2 : _loaded!.Http1),
        });
        if (isOfCalls)
        {
            listen.Use(next => connection =>
            {
                ReadOnlyMemory<byte> spoken = connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol ?? default;
                return spoken.Span.SequenceEqual(SslApplicationProtocol.Http2.Protocol.Span) ? next(connection) : Task.CompletedTask;
            });
        }
    }

    private IEnumerable<Measurement<double>> LeftOfCurrent() => Current is { } current
        ? [new((current.Certificate.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime).TotalSeconds)]
        : [];

    private Loaded Load(CertificateChain chain)
    {
        SslStreamCertificateContext shown = SslStreamCertificateContext.Create(chain.Certificate, chain.Others, offline: true);
        return new Loaded(chain, Handshake(shown, SslApplicationProtocol.Http2), Handshake(shown, SslApplicationProtocol.Http11));
    }

    /// <summary>Each protocol has its own: Kestrel keeps in it what is offered, so listeners that share one all offer that.</summary>
    private SslServerAuthenticationOptions Handshake(SslStreamCertificateContext shown, SslApplicationProtocol protocol)
    {
        SslServerAuthenticationOptions handshake = new()
        {
            ApplicationProtocols = [protocol],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ServerCertificateContext = shown,
        };
        if (clients.IsOn)
        {
            handshake.ClientCertificateRequired = true; // asked for; whether one must come, Accepts says
            handshake.CertificateChainPolicy = clients.Policy();
            handshake.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => clients.Accepts(certificate, chain, errors);
            handshake.AllowTlsResume = false; // each connection shows its certificate
        }
        return handshake;
    }

    private void Describe(CertificateChain chain)
    {
        DateTimeOffset end = chain.Certificate.NotAfter;
        if (end - time.GetUtcNow() < Soon)
            EndsSoon(chain.Certificate.Subject, end);
        else
            Shows(chain.Certificate.Subject, end);
    }

    /// <summary>What the setting says, or the first line of the file that it names.</summary>
    private string Password(string setting)
    {
        if (!setting.StartsWith('@'))
            return setting;
        string text = System.Text.Encoding.UTF8.GetString(WholeFile.Read(disk, setting[1..], "password", MostPasswordBytes));
        int end = text.AsSpan().IndexOfAny('\r', '\n');
        return end < 0 ? text : text[..end];
    }

    [LoggerMessage(EventId = 92, Level = LogLevel.Information, Message = "The server shows the certificate {Subject}, good until {End:u}.")]
    private partial void Shows(string subject, DateTimeOffset end);

    [LoggerMessage(EventId = 93, Level = LogLevel.Warning,
        Message = "The server's certificate {Subject} ends at {End:u}; replace its file.")]
    private partial void EndsSoon(string subject, DateTimeOffset end);

    [LoggerMessage(EventId = 96, Level = LogLevel.Debug, Message = "A handshake with {Remote} failed: {Reason}")]
    private partial void Broken(System.Net.EndPoint? remote, string reason);

    private sealed record Loaded(CertificateChain Chain, SslServerAuthenticationOptions Http2, SslServerAuthenticationOptions Http1);
}
