using System.Net.Sockets;
using Ann.Tests.Files.Formats;
using Ann.Tests.Server;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>Goal: systemd hears when a server serves and when it stops.</summary>
public sealed class SupervisorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ServingAndStoppingAreTold()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such sockets.");
        using Socket supervisor = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        supervisor.Bind(new UnixDomainSocketEndPoint(_folder["notify"]));
        Directory.CreateDirectory(_folder["data"]);

        Dictionary<string, string> environment = new() { [Supervisor.SocketVariable] = _folder["notify"] };
        using ServeProcess server = await ServeProcess.StartAsync(_folder["data"], environment);
        Assert.Equal("READY=1", await NextAsync(supervisor));
        (int code, _) = await server.StopAsync("TERM");

        Assert.Equal(("STOPPING=1", 0), (await NextAsync(supervisor), code));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/nowhere/notify")]
    [InlineData("@nobody-has-this-name")]
    public void NobodyWhoListensHindersNothing(string? socket) => new Supervisor(socket).Tell(isServing: true);

    private static async Task<string> NextAsync(Socket supervisor)
    {
        byte[] message = new byte[256];
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
        int length = await supervisor.ReceiveAsync(message, SocketFlags.None, patience.Token);
        return System.Text.Encoding.ASCII.GetString(message, 0, length);
    }
}
