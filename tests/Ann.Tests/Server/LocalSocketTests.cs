using System.Net.Sockets;
using Ann.Client;
using Ann.Core;
using Ann.Server.Access;
using Ann.Server.Hosting;
using Ann.Server.Settings;
using Ann.Tests.Server.Access;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: callers of the same machine reach the server by a Unix domain socket, under the same rules; a socket that a dead server left is
/// replaced, and nothing else is.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class LocalSocketTests(SampleIndexes samples)
{
    [Fact]
    public async Task AClientSearchesByTheSocketWhichIsGoneAfterAStop()
    {
        string path = NewPath();
        await using (RunningServer server = await StartAsync(path))
        {
            using AnnClient client = new($"unix://{path}");
            using SearchAnswer answer = await client.Index("plain").SearchAsync(samples.Rows[0], k: 5);
            using AnnClient byPort = new(server.Host.Address);
            using SearchAnswer same = await byPort.Index("plain").SearchAsync(samples.Rows[0], k: 5);
            Assert.Equal(same.NumberKeys.ToArray(), answer.NumberKeys.ToArray());
            Assert.StartsWith("http://127.0.0.1:", server.Host.Address, StringComparison.Ordinal);
            if (!OperatingSystem.IsWindows())
                Assert.Equal((UnixFileMode)0b110_110_000, File.GetUnixFileMode(path));
            Assert.Equal($"Listening on unix://{path} for callers of this machine, mode 660.", server.Log.Of(35).Single().Text);
        }
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task PermissionsAreThoseThatWereAskedFor()
    {
        string path = NewPath();
        await using RunningServer server = await StartAsync(path, "0600");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task TheSocketOfADeadServerIsReplaced()
    {
        string path = NewPath();
        LeaveStale(path);
        await using RunningServer server = await StartAsync(path);
        using AnnClient client = new($"unix://{path}");
        Assert.Equal(2, (await client.ListIndexesAsync()).Count);
    }

    [Fact]
    public async Task TheSocketOfALivingServerStaysItsOwn()
    {
        string path = NewPath();
        await using RunningServer server = await StartAsync(path);
        AnnException e = await Assert.ThrowsAsync<AnnException>(() => StartAsync(path));
        Assert.Equal(AnnError.InvalidArgument, e.Error);
        Assert.Equal($"SocketFile is {path}, on which another process listens. Stop it, or name another path.", e.Message);
        using AnnClient client = new($"unix://{path}");
        Assert.Equal(2, (await client.ListIndexesAsync()).Count);
    }

    [Fact]
    public async Task OtherFilesAreLeftAsTheyAre()
    {
        string folder = samples.NewDirectory();
        string file = Path.Combine(folder, "file");
        File.WriteAllText(file, "precious");
        foreach (string path in new[] { file, folder })
        {
            AnnException e = await Assert.ThrowsAsync<AnnException>(() => StartAsync(path));
            Assert.Equal(
                $"SocketFile is {path}, where something is that is no socket; it is left as it is. Name another path.", e.Message);
        }
        Assert.Equal("precious", File.ReadAllText(file));
        string nowhere = Path.Combine(folder, "no", "such");
        AnnException missing = await Assert.ThrowsAsync<AnnException>(() => StartAsync(nowhere));
        Assert.StartsWith($"SocketFile: cannot listen on {nowhere}: ", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhereCallersHaveKeysOneIsAskedForAndRefusalsTellOfTheSocket()
    {
        string path = NewPath();
        await using GuardedServer server = await GuardedServer.StartAsync(samples, options => options.SocketFile = path);
        (string key, _) = server.NewKey("ranker", "read:plain");
        server.LookAtFiles();
        using AnnClient stranger = new($"unix://{path}");
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => stranger.Index("plain").SearchAsync(samples.Rows[0]));
        Assert.Equal(StatusCode.Unauthenticated, e.StatusCode);
        using AnnClient ranker = new(new AnnClientOptions { Address = $"unix://{path}", ApiKey = key });
        using SearchAnswer answer = await ranker.Index("plain").SearchAsync(samples.Rows[0], k: 3);
        Assert.Equal(3, answer.Count);
        RpcException other = await Assert.ThrowsAsync<RpcException>(() => ranker.Index("named").SearchAsync(samples.Rows[0]));
        Assert.Equal(StatusCode.PermissionDenied, other.StatusCode);
        Assert.Contains(
            File.ReadAllLines(server.AuditFile),
            static line => line.Contains($"\"from\":\"{CallerAddress.LocalSocket}\"", StringComparison.Ordinal)
                && line.Contains("UNAUTHENTICATED", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SocketMode", "rw-", "SocketMode is 'rw-'; permissions were expected, octal, such as 660.")]
    [InlineData("SocketMode", "7777", "SocketMode is '7777'; permissions were expected, octal, such as 660.")]
    [InlineData("RequireClientCertificate", "true", "SocketFile and RequireClientCertificate are set; ")]
    [InlineData("ClientCaFile", "ca.pem", "SocketFile is set, and callers have certificates alone (ClientCaFile), ")]
    public void SettingsThatDoNotGoWithItAreRefused(string setting, string value, string wanted)
    {
        AnnException e = Assert.Throws<AnnException>(() => AnnServerHost.Create(options =>
        {
            options.SocketFile = "/run/ann.sock";
            typeof(Ann.Server.ServerOptions).GetProperty(setting)!.SetValue(options, value == "true" ? true : value);
            if (setting != "SocketMode")
                (options.TlsCertificateFile, options.ClientCaFile) = ("server.pem", "ca.pem");
        }, new ServerSurroundings { Settings = new SettingInputs() }));
        Assert.Contains(wanted, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void APathThatIsTooLongIsRefusedBeforeAnythingIsOpened()
    {
        string path = "/" + new string('x', 200);
        AnnException e = Assert.Throws<AnnException>(() => AnnServerHost.Create(
            options => options.SocketFile = path, new ServerSurroundings()));
        Assert.Contains($"SocketFile is '{path}', which is no path of a socket", e.Message, StringComparison.Ordinal);
    }

    private static string NewPath() => Path.Combine(Path.GetTempPath(), $"ann-{Guid.NewGuid():n}.sock");

    /// <summary>What a server leaves that is killed: a socket on which nobody listens.</summary>
    private static void LeaveStale(string path)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        File.Move(path, path + ".kept"); // else the platform removes it with the socket
        socket.Dispose();
        File.Move(path + ".kept", path);
        Assert.True(File.Exists(path));
    }

    private Task<RunningServer> StartAsync(string path, string mode = "660") => RunningServer.StartAsync(samples, options =>
    {
        options.SocketFile = path;
        options.SocketMode = mode;
    });
}
