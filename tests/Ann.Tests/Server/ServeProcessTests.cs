using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Ann.Protocol.V1;
using Ann.Tests.Server.Access;
using Grpc.Net.Client;

namespace Ann.Tests.Server;

/// <summary>Goal: <c>ann serve</c> as a process listens where it is told, obeys its environment, logs what happens, ends with 0.</summary>
public sealed class ServeProcessTests : IDisposable
{
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("ann-process-");

    [Theory]
    [InlineData("0.0.0.0:0", "127.0.0.1")]
    [InlineData("[::]:0", "[::1]")]
    [InlineData("[::1]:0", "[::1]")]
    [InlineData("127.0.0.1:0", "127.0.0.1")]
    public async Task AnyAddressServes(string listen, string host)
    {
        Assert.SkipWhen(listen[0] == '[' && !Socket.OSSupportsIPv6, "This machine has no IPv6.");
        using ServeProcess server = await ServeProcess.StartAsync(
            Nothing, "--data", _data.FullName, "--listen", listen, "--insecure-listen");

        int port = new Uri(server.Address).Port;
        using GrpcChannel channel = GrpcChannel.ForAddress(string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}"));
        Assert.Empty((await new Ann.Protocol.V1.Indexes.IndexesClient(channel).ListAsync(new ListRequest())).Indexes);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public async Task AStoppedServerEndsWithNoughtAndALogWithTimes(string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals.");
        using ServeProcess server = await ServeProcess.StartAsync(Nothing, "--data", _data.FullName, "--listen", "127.0.0.1:0");

        (int code, string errors) = await server.StopAsync(signal);

        Assert.Equal(0, code);
        string[] lines = errors.TrimEnd().Split('\n');
        Assert.All(lines, static line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|warn): Ann\.Server\.", line));
        Assert.Contains("Listening on ", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("Stopped.", lines[^1].TrimEnd(), StringComparison.Ordinal);
    }

    /// <summary>Containers run as users that no line of passwd knows, without HOME; for TLS the platform looks below it.</summary>
    [Fact]
    public async Task AUserWithoutAHomeServesWithTls()
    {
        const string Program = "setpriv --reuid 64123 --regid 64123 --clear-groups env --unset HOME";
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows knows a home of each user.");
        Assert.SkipUnless(
            Environment.IsPrivilegedProcess && CanRun($"{Program} test -r {AppContext.BaseDirectory}ann.dll"),
            "Another user can be taken by root alone, with setpriv, and must be able to read the program.");
        using TestAuthority authority = new("the authority");
        (string certificate, string key) = authority.Server();
        string path = Path.Combine(_data.FullName, "server.pem");
        await File.WriteAllTextAsync(path, string.Join('\n', certificate, authority.Pem, key));
        string data = Directory.CreateDirectory(Path.Combine(_data.FullName, "data")).FullName;
        Assert.True(CanRun($"chmod -R a+rwX {_data.FullName}"));

        using ServeProcess server = await ServeProcess.StartAsync(
            [.. Program.Split(' '), "dotnet"], Nothing, "--data", data, "--listen", "127.0.0.1:0", "--tls-cert", path);

        Assert.StartsWith("https://", server.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheEnvironmentIsObeyedWithoutOptions()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals.");
        Dictionary<string, string> environment = new()
        {
            ["Ann__Listen"] = "127.0.0.1:0",
            ["Ann__DataDirectory"] = Path.Combine(_data.FullName, "made"),
            ["Logging__LogLevel__Default"] = "Warning",
            ["Logging__Console__FormatterName"] = "json",
        };
        using ServeProcess server = await ServeProcess.StartAsync(environment);

        (int code, string errors) = await server.StopAsync("TERM");

        Assert.Equal(0, code);
        Assert.True(Directory.Exists(environment["Ann__DataDirectory"]));
        JsonElement line = JsonDocument.Parse(Assert.Single(errors.TrimEnd().Split('\n'))).RootElement;
        Assert.Equal((14, "Warning"), (line.GetProperty("EventId").GetInt32(), line.GetProperty("LogLevel").GetString()));
        Assert.EndsWith("Z", line.GetProperty("Timestamp").GetString());
    }

    [Fact]
    public async Task AnOptionGoesBeforeTheEnvironment()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals.");
        Dictionary<string, string> environment = new() { ["Ann__Listen"] = "nonsense", ["Logging__Console__FormatterName"] = "simple" };
        using ServeProcess server = await ServeProcess.StartAsync(
            environment, "--data", _data.FullName, "--listen", "127.0.0.1:0", "--log-format", "json");

        (int code, string errors) = await server.StopAsync("TERM");

        Assert.Equal(0, code);
        Assert.All(errors.TrimEnd().Split('\n'), static line => JsonDocument.Parse(line));
    }

    /// <summary>Who exports nothing does not pay for its libraries when it starts.</summary>
    [Fact]
    public async Task OpenTelemetryIsLoadedWhereItIsWanted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux alone tells what a process has loaded.");
        using ServeProcess plain = await ServeProcess.StartAsync(Nothing, "--data", _data.FullName, "--listen", "127.0.0.1:0");
        using ServeProcess told = await ServeProcess.StartAsync(
            Nothing, "--data", _data.CreateSubdirectory("other").FullName, "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0");

        Assert.False(plain.HasLoaded("OpenTelemetry"));
        Assert.True(told.HasLoaded("OpenTelemetry"));
    }

    public void Dispose() => _data.Delete(recursive: true);

    private static bool CanRun(string command)
    {
        string[] words = command.Split(' ');
        try
        {
            using Process process = Process.Start(words[0], words[1..]);
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // there is no such program
        }
    }
}
