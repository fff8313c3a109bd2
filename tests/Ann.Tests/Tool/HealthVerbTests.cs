using System.Globalization;
using System.Text.Json;
using Ann.Tests.Server;
using Ann.Tests.Server.Access;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>Goal: an exit code tells whether a server serves, whatever it asks of its callers.</summary>
[Collection<ServerTests>]
public sealed class HealthVerbTests(SampleIndexes samples)
{
    [Fact]
    public async Task AServerAndItsIndexesTellWhetherTheyServe()
    {
        await using Serving server = await Serving.StartAsync(
            samples.L2, samples.Damaged("torn"), "--embedded-encoder", "false", "--warm-up-calls", "0");

        ToolRun whole = await ToolRun.RunAsync("health", "--address", server.Address);
        ToolRun torn = await ToolRun.RunAsync("health", "--address", server.Address, "--index", "torn", "--json");

        Assert.Equal($"{server.Address}: serving", whole.Expect(ExitCodes.Done).Out.TrimEnd());
        (await ToolRun.RunAsync("health", "--address", server.Address, "--index", "plain")).Expect(ExitCodes.Done);
        Assert.False(torn.Expect(ExitCodes.CheckFailed).Json.GetProperty("serving").GetBoolean());
        Assert.Contains("nobody", (await ToolRun.RunAsync("health", "--address", server.Address, "--index", "nobody"))
            .Expect(ExitCodes.CheckFailed).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoDoesNotAnswerDoesNotServe() => Assert.Contains(
        "no server answers",
        (await ToolRun.RunAsync("health", "--address", "127.0.0.1:1")).Expect(ExitCodes.CheckFailed).Out, StringComparison.Ordinal);

    /// <summary>The certificate has no name of the loopback, and nobody whom the system trusts has issued it: it is the file's.</summary>
    [Fact]
    public async Task SettingsLeadToTheirServerOverTls()
    {
        await using GuardedServer server = await GuardedServer.StartAsync(samples);
        string file = server.PathOf("ann.json");
        int port = new Uri(server.Host.Address).Port;
        Write(server.PathOf("server.pem"));

        ToolRun found = await ToolRun.RunAsync("health", "--config", file);
        (string other, _) = server.Authority.Server("server");
        File.WriteAllText(server.PathOf("other.pem"), other);
        Write(server.PathOf("other.pem"));
        ToolRun wrong = await ToolRun.RunAsync("health", "--config", file);

        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{port}: serving"), found.Expect(0).Out.TrimEnd());
        Assert.Contains("certificate", wrong.Expect(ExitCodes.CheckFailed).Out, StringComparison.Ordinal);

        void Write(string certificate) => File.WriteAllText(file, JsonSerializer.Serialize(new
        {
            Ann = new
            {
                Listen = string.Create(CultureInfo.InvariantCulture, $"0.0.0.0:{port}"),
                TlsCertificateFile = certificate,
                TlsKeyFile = server.PathOf("server.key"),
                ApiKeyFile = server.KeyFile,
            },
        }));
    }

    [Fact]
    public async Task SettingsThatNoServerTakesAreRefused()
    {
        string file = Path.Combine(samples.NewDirectory(), "ann.json");
        File.WriteAllText(file, """{ "Ann": { "Lisen": "127.0.0.1:1" } }""");

        (await ToolRun.RunAsync("health", "--config", file)).ExpectRefusal("Lisen", "Listen");
    }
}
