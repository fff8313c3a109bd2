using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Ann.Core.Files;
using Ann.Server;
using Ann.Server.Access;
using Ann.Server.Hosting;
using Ann.Server.Reloading;
using Ann.Tests.Tool;
using Ann.Tool;
using Ann.Tool.ApiKeys;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ann.Tests.Server.Access;

/// <summary>A server that asks its callers who they are, in every way that there is, and callers of every kind.</summary>
internal sealed class GuardedServer : IAsyncDisposable
{
    private readonly List<GrpcChannel> _channels = [];
    private readonly List<string> _secrets = [];

    private GuardedServer(string folder, TestAuthority authority, TestIssuer issuer)
    {
        Folder = folder;
        Authority = authority;
        Issuer = issuer;
    }

    public string Folder { get; }

    public TestAuthority Authority { get; }

    public TestIssuer Issuer { get; }

    public LogSink Log { get; } = new();

    public AnnServerHost Host { get; private set; } = null!;

    public string KeyFile => Path.Combine(Folder, "keys.json");

    public string AuditFile => Path.Combine(Folder, "audit.jsonl");

    /// <summary>What no line of any log may hold.</summary>
    public IReadOnlyList<string> Secrets => _secrets;

    /// <summary>Starts a server with TLS, keys, tokens and certificates that hosts the samples.</summary>
    public static async Task<GuardedServer> StartAsync(SampleIndexes samples, Action<ServerOptions>? configure = null)
    {
        GuardedServer server = new(samples.NewDirectory(), new TestAuthority("the authority"), new TestIssuer());
        server.WriteServerCertificate();
        File.WriteAllText(server.PathOf("ca.pem"), server.Authority.Pem);
        File.WriteAllText(server.PathOf("jwks.json"), server.Issuer.Keys);
        File.WriteAllText(server.PathOf("grants.json"), """
            {"version": 1,
             "certificates": [
               {"subject": "CN=ranking, O=Shop", "name": "ranking", "grants": ["read:plain"]},
               {"dns": "ingest.shop.example", "grants": ["write:plain"]},
               {"uri": "spiffe://shop/admin", "grants": ["admin:*"]}],
             "words": [{"word": "search-admins", "grants": ["admin:*"]}]}
            """);
        ApiKeyFile.Empty.Write(PhysicalFileSystem.Instance, server.KeyFile);
        server.Host = AnnServerHost.Create(options =>
        {
            options.Listen = "127.0.0.1:0";
            options.IndexFiles.Add(samples.L2);
            options.IndexFiles.Add(samples.Cosine);
            options.EmbeddedEncoder = false;
            options.WarmUpCalls = 0;
            options.TlsCertificateFile = server.PathOf("server.pem");
            options.TlsKeyFile = server.PathOf("server.key");
            options.ClientCaFile = server.PathOf("ca.pem");
            options.ApiKeyFile = server.KeyFile;
            options.GrantsFile = server.PathOf("grants.json");
            options.JwtIssuer = TestIssuer.Name;
            options.JwtAudience = TestIssuer.Audience;
            options.JwtKeys = server.PathOf("jwks.json");
            options.AuditLogFile = server.AuditFile;
            options.OpsListen = "127.0.0.1:0";
            configure?.Invoke(options);
        }, new ServerSurroundings
        {
            Logging = logging => logging.AddProvider(server.Log).SetMinimumLevel(LogLevel.Trace).AddFilter(null, LogLevel.Trace),
        });
        try
        {
            await server.Host.ListenAsync(CancellationToken.None);
            await server.Host.LoadAsync(CancellationToken.None);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public string PathOf(string name) => Path.Combine(Folder, name);

    public T Part<T>() where T : notnull => Host.Services.GetRequiredService<T>();

    /// <summary>Writes another certificate of the server: the certificate, then its key.</summary>
    public void WriteServerCertificate(string name = "server")
    {
        (string certificate, string key) = Authority.Server(name);
        File.WriteAllText(PathOf("server.pem"), certificate);
        File.WriteAllText(PathOf("server.key"), key);
    }

    /// <summary>The server looks at its files, twice, as it does every few seconds.</summary>
    public void LookAtFiles()
    {
        Part<WatchedFiles>().Look();
        Part<WatchedFiles>().Look();
    }

    /// <summary>A key of the file. The server knows it once it has looked.</summary>
    public (string Key, string Id) NewKey(string name, string grant, DateTimeOffset? expires = null)
    {
        Ann.Tool.Reports.KeyReport made = KeyFileChange.Create(World, KeyFile, name, [grant], expires);
        _secrets.Add(made.Key![^43..]);
        return (made.Key, made.Id);
    }

    /// <summary>A token; like a key, its signature is told nowhere.</summary>
    public string Token(object roles, string audience = TestIssuer.Audience, int minutes = 10)
    {
        string token = Issuer.Token(roles, audience, minutes: minutes);
        _secrets.Add(token[(token.LastIndexOf('.') + 1)..]);
        return token;
    }

    /// <summary>The world of a tool.</summary>
    public static ToolContext World { get; } =
        new() { Out = TextWriter.Null, Error = TextWriter.Null, CacheDirectory = ToolRun.CacheDirectory };

    /// <summary>A channel of somebody who shows a key or token, or a certificate, or nothing.</summary>
    public GrpcChannel Connect(string? bearer = null, (string Certificate, string Key)? certificate = null)
    {
        GrpcChannel channel = GrpcChannel.ForAddress(Host.Address, new GrpcChannelOptions
        {
            HttpHandler = Handler(bearer, certificate),
            DisposeHttpClient = true,
        });
        _channels.Add(channel);
        return channel;
    }

    public HttpMessageHandler Handler(string? bearer = null, (string Certificate, string Key)? certificate = null)
    {
        SocketsHttpHandler sockets = new()
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { Authority.Certificate },
                },
            },
        };
        if (certificate is { } shown)
        {
            sockets.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPem(shown.Certificate, shown.Key), null, offline: true);
        }
        return new Shown(bearer, sockets);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (GrpcChannel channel in _channels)
            channel.Dispose();
        if (Host is not null)
            await Host.DisposeAsync();
        Authority.Dispose();
        Issuer.Dispose();
        Log.RequireNoErrors();
    }

    private sealed class Shown(string? bearer, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (bearer is not null)
                request.Headers.TryAddWithoutValidation("authorization", $"Bearer {bearer}");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
