using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Ann.Core;
using Ann.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Ann.Tests.Server.Access;

/// <summary>Goal: certificates are replaced while the server serves, and no caller notices.</summary>
[Collection<ServerTests>]
public sealed class CertificateReloadTests(SampleIndexes samples)
{
    private const int Reloads = 6;

    /// <summary>Kubelets, Prometheus and browsers offer HTTP/2 first, whatever a port speaks.</summary>
    [Fact]
    public async Task EachPortSpeaksItsOwnProtocolWhateverTheOthersSpoke()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples, static options =>
        {
            options.Console = true;
            options.WebListen = "127.0.0.1:0";
        });
        (string key, _) = server.NewKey("reader", "read:plain");
        server.LookAtFiles();
        for (int i = 0; i < 2; i++)
        {
            await new Retrieval.RetrievalClient(server.Connect(key)).SearchAsync(RunningServer.Request(samples));
            foreach (string address in new[] { server.Host.OpsAddress + "/livez", server.Host.WebAddress + "/" })
            {
                using HttpClient http = new(server.Handler(key));
                using HttpRequestMessage request = new(HttpMethod.Get, address)
                {
                    Version = HttpVersion.Version20,
                    VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
                };
                using HttpResponseMessage answer = await http.SendAsync(request);
                Assert.Equal((HttpStatusCode.OK, HttpVersion.Version11), (answer.StatusCode, answer.Version));
            }
            server.WriteServerCertificate($"server {i}");
            server.LookAtFiles();
        }
    }

    [Fact]
    public async Task CallersUnderLoadSeeNoFailureWhileCertificatesAreReplaced()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        (string key, _) = server.NewKey("reader", "read:plain");
        server.LookAtFiles();
        using CancellationTokenSource enough = new();
        CancellationToken stop = enough.Token;
        int calls = 0, connections = 0;
        // Old connections, which go on, and new ones, whose handshakes fall anywhere between two files that are written.
        Task[] callers =
        [
            .. Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
            {
                Retrieval.RetrievalClient client = new(server.Connect(key));
                while (!stop.IsCancellationRequested)
                {
                    await client.SearchAsync(RunningServer.Request(samples));
                    Interlocked.Increment(ref calls);
                }
            })),
            Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    using GrpcChannel channel = GrpcChannel.ForAddress(
                        server.Host.Address, new GrpcChannelOptions { HttpHandler = server.Handler(key), DisposeHttpClient = true });
                    await new Retrieval.RetrievalClient(channel).SearchAsync(RunningServer.Request(samples));
                    Interlocked.Increment(ref connections);
                }
            }),
        ];

        List<string> shown = [await ShownAsync(server)];
        for (int i = 1; i <= Reloads; i++)
        {
            int before = Volatile.Read(ref connections);
            server.WriteServerCertificate($"server {i}");
            server.LookAtFiles();
            shown.Add(await ShownAsync(server));
            await RunningServer.Eventually(() => Volatile.Read(ref connections) > before + 2 || callers.Any(static one => one.IsFaulted),
                "connections are made after a change");
        }
        await enough.CancelAsync();
        await Task.WhenAll(callers);

        Assert.Equal(Enumerable.Range(1, Reloads).Select(static i => $"CN=server {i}").Prepend("CN=server"), shown);
        Assert.True(calls > Reloads && connections > Reloads, $"{calls} calls, {connections} connections");
    }

    [Fact]
    public async Task ACertificateThatCannotBeUsedIsToldOnceAndTheOneBeforeStays()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        string certificate = File.ReadAllText(server.PathOf("server.pem"));
        string key = File.ReadAllText(server.PathOf("server.key"));

        (_, string other) = server.Authority.Server();
        File.WriteAllText(server.PathOf("server.key"), other); // of another certificate
        server.LookAtFiles();
        server.LookAtFiles();
        server.Log.Expect("The server's certificate stays what it was");
        Assert.Single(server.Log.Of(91));
        Assert.DoesNotContain(other.Split('\n')[1], server.Log.Of(91)[0].Text, StringComparison.Ordinal);
        Assert.Equal("CN=server", await ShownAsync(server));

        File.Delete(server.PathOf("server.pem"));
        server.LookAtFiles();
        server.Log.Expect("The server's certificate stays what it was");
        Assert.Equal("CN=server", await ShownAsync(server));

        File.WriteAllText(server.PathOf("server.pem"), certificate);
        File.WriteAllText(server.PathOf("server.key"), key);
        server.LookAtFiles();
        server.WriteServerCertificate("another");
        server.LookAtFiles();
        Assert.Equal("CN=another", await ShownAsync(server));
    }

    [Fact]
    public async Task AChangeIsTakenWhenTwoLooksAgree()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        server.Part<Ann.Server.Reloading.WatchedFiles>().Dispose(); // its own looks

        server.WriteServerCertificate("half");
        server.Part<Ann.Server.Reloading.WatchedFiles>().Look();
        Assert.Equal("CN=server", await ShownAsync(server));

        server.Part<Ann.Server.Reloading.WatchedFiles>().Look();
        Assert.Equal("CN=half", await ShownAsync(server));
    }

    [Fact]
    public async Task APfxWithAPasswordServes()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples, options =>
        {
            string folder = Path.GetDirectoryName(options.TlsCertificateFile)!;
            using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(options.TlsCertificateFile, options.TlsKeyFile);
            options.TlsCertificateFile = Path.Combine(folder, "server.pfx");
            File.WriteAllBytes(options.TlsCertificateFile, pem.Export(X509ContentType.Pkcs12, "hunter2"));
            options.TlsKeyFile = "";
            string secret = Path.Combine(folder, "password");
            File.WriteAllText(secret, "hunter2\n");
            options.TlsPassword = "@" + secret;
        });

        Assert.Equal("CN=server", await ShownAsync(server));
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData("")]
    public async Task AWrongPasswordEndsTheStartAndIsNotTold(string password)
    {
        AnnException e = await Assert.ThrowsAsync<AnnException>(() => GuardedServer.StartAsync(samples, options =>
        {
            using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(options.TlsCertificateFile, options.TlsKeyFile);
            options.TlsCertificateFile += ".pfx";
            File.WriteAllBytes(options.TlsCertificateFile, pem.Export(X509ContentType.Pkcs12, "hunter2"));
            options.TlsKeyFile = "";
            options.TlsPassword = password;
        }));

        Assert.Equal(AnnError.InvalidArgument, e.Error);
        Assert.Contains("server.pem.pfx", e.Message, StringComparison.Ordinal);
        if (password.Length > 0)
            Assert.DoesNotContain(password + "'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallersWhomTheNewAuthoritiesVouchForTooNoticeNothing()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        Retrieval.RetrievalClient client = new(server.Connect(certificate: server.Authority.Client("CN=ranking, O=Shop")));
        await client.SearchAsync(RunningServer.Request(samples));
        using TestAuthority next = new("the next authority");

        File.WriteAllText(server.PathOf("ca.pem"), server.Authority.Pem + "\n" + next.Pem);
        server.LookAtFiles();
        await client.SearchAsync(RunningServer.Request(samples));
        Retrieval.RetrievalClient newcomer = new(server.Connect(certificate: next.Client("CN=ranking, O=Shop")));
        await newcomer.SearchAsync(RunningServer.Request(samples));

        File.WriteAllText(server.PathOf("ca.pem"), next.Pem);
        server.LookAtFiles();
        await newcomer.SearchAsync(RunningServer.Request(samples));
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await client.SearchAsync(RunningServer.Request(samples)));
        Assert.Equal(StatusCode.Unauthenticated, e.StatusCode);
    }

    [Fact]
    public async Task WhereACertificateIsRequiredNobodyConnectsWithoutAGoodOneButTheServerItself()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples, static options =>
        {
            options.RequireClientCertificate = true;
            options.WarmUpCalls = 48;
        });

        Assert.Equal(48, (int)server.Log.Of(34)[0].Values["Calls"]!);
        Retrieval.RetrievalClient good = new(server.Connect(certificate: server.Authority.Client("CN=ranking, O=Shop")));
        await good.SearchAsync(RunningServer.Request(samples));
        foreach ((string, string)? bad in new (string, string)?[] { null, TestAuthority.SelfSigned("CN=ranking, O=Shop") })
        {
            using HttpClient client = new(server.Handler(certificate: bad)) { DefaultRequestVersion = new Version(2, 0) };
            await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri(server.Host.Address)));
        }
    }

    [Fact]
    public async Task TheOldProtocolsAreRefused()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        using System.Net.Sockets.TcpClient socket = new();
        Uri address = new(server.Host.Address);
        await socket.ConnectAsync(address.Host, address.Port);
#pragma warning disable CA5397, CA5359, SYSLIB0039 // It is refused: that is the point.
        using SslStream stream = new(socket.GetStream(), false, static (_, _, _, _) => true);
        await Assert.ThrowsAnyAsync<Exception>(() => stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.Tls11,
        }));
#pragma warning restore CA5397, CA5359, SYSLIB0039
    }

    /// <summary>Subject of the certificate that a new connection is shown.</summary>
    private static async Task<string> ShownAsync(GuardedServer server)
    {
        using System.Net.Sockets.TcpClient socket = new();
        Uri address = new(server.Host.Address);
        await socket.ConnectAsync(address.Host, address.Port);
        string subject = "";
        using SslStream stream = new(socket.GetStream(), false, (_, certificate, _, _) =>
        {
            subject = certificate!.Subject;
            return subject.StartsWith("CN=", StringComparison.Ordinal);
        });
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        });
        return subject;
    }
}
