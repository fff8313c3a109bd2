using System.Diagnostics;
using System.Globalization;
using Ann.Server;
using Ann.Tests.Server.Telemetry;
using Ann.Tool;

namespace Ann.Tests.Deploy;

/// <summary>Goal: the units of <c>engine/deploy/systemd</c> start what there is, give it time to end, and confine it.</summary>
public sealed class ServiceUnitTests
{
    private static readonly string Folder = DeployFiles.PathOf("systemd");

    private static readonly ILookup<string, string> Service = Read("annserver.service");

    private static readonly ILookup<string, string> Backup = Read("annserver-backup.service");

    [Fact]
    public void TheServiceStartsAServerAndIsToldWhenItServes()
    {
        string[] words = Assert.Single(Service["ExecStart"]).Split(' ');

        Assert.Equal("/opt/annserver/ann", words[0]);
        Assert.Null(DeployFiles.FaultOf(words[1..]));
        Assert.Equal("notify", Assert.Single(Service["Type"])); // Supervisor tells it
        Assert.Equal(
            ExitCodes.BadInput.ToString(CultureInfo.InvariantCulture), Assert.Single(Service["RestartPreventExitStatus"]));
    }

    [Fact]
    public void TheServiceHasTimeToDrain()
    {
        double stop = double.Parse(Assert.Single(Service["TimeoutStopSec"]).TrimEnd('s'), CultureInfo.InvariantCulture);

        Assert.True(stop >= new ServerOptions().DrainSeconds + DeployFiles.SecondsBeyondDrain);
        Assert.Equal("SIGTERM", Assert.Single(Service["KillSignal"]));
    }

    /// <summary>What the compiler of the runtime, the garbage collector and the writer's priority need stays allowed.</summary>
    [Fact]
    public void TheServiceIsConfinedButCanRun()
    {
        foreach (ILookup<string, string> unit in (ILookup<string, string>[])[Service, Backup])
        {
            Assert.Equal("strict", Assert.Single(unit["ProtectSystem"]));
            Assert.Equal("yes", Assert.Single(unit["NoNewPrivileges"]));
            Assert.Equal("", Assert.Single(unit["CapabilityBoundingSet"]));
            Assert.Equal("annserver", Assert.Single(unit["User"]));
        }
        Assert.Equal("no", Assert.Single(Service["MemoryDenyWriteExecute"]));
        Assert.Empty(Service["ProcSubset"]);
        Assert.Contains("setpriority", Service["SystemCallFilter"].Last(), StringComparison.Ordinal);
    }

    [Fact]
    public void TheBackupTakesTheDirectoriesOfTheService()
    {
        string[] words = [.. Assert.Single(Backup["ExecStart"]).Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        string home = Assert.Single(Service["WorkingDirectory"]);

        Assert.EndsWith("/deploy/backup/ann-backup", words[0], StringComparison.Ordinal);
        Assert.Equal("$ANN_BACKUP_OPTIONS", words[^1]);
        DeployFiles.AssertBacksUp([.. words[1..^1]]);
        Assert.Contains($"{home}/data", words);
        Assert.Contains($"{home}/snapshots", words);
        Assert.Contains("annserver/data annserver/snapshots", Assert.Single(Service["StateDirectory"]), StringComparison.Ordinal);
        Assert.Contains("[Timer]", File.ReadAllText(Path.Combine(Folder, "annserver-backup.timer")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("annserver.service")]
    [InlineData("annserver-backup.service")]
    public async Task SystemdRatesTheirExposureAsOk(string unit)
    {
        if (PrometheusTests.Find("systemd-analyze") is not { } analyze)
        {
            Assert.Skip("systemd-analyze is not on this machine.");
            return;
        }
        string[] words = ["security", "--no-pager", "--offline=true", "--threshold=20", Path.Combine(Folder, unit)];
        ProcessStartInfo start = new(analyze, words) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process rate = Process.Start(start)!;
        Task<string> errors = rate.StandardError.ReadToEndAsync();
        string said = await rate.StandardOutput.ReadToEndAsync();
        await rate.WaitForExitAsync();

        Assert.SkipWhen((await errors).Contains("unrecognized option", StringComparison.Ordinal), "This systemd-analyze rates no files.");
        Assert.True(rate.ExitCode == 0, said + await errors);
    }

    /// <summary>Keys and values of a unit, lines that go on joined.</summary>
    private static ILookup<string, string> Read(string name) => File.ReadAllText(Path.Combine(Folder, name))
        .Replace("\\\n", "", StringComparison.Ordinal)
        .Split('\n').Where(static line => line.Contains('=', StringComparison.Ordinal) && line[0] is not '#')
        .Select(static line => line.Split('=', 2)).ToLookup(static pair => pair[0], static pair => pair[1]);
}
