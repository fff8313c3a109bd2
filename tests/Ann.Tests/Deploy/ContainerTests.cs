using System.Text.Json;
using System.Text.RegularExpressions;
using Ann.Core;
using Ann.Server;

namespace Ann.Tests.Deploy;

/// <summary>Goal: Dockerfile and compose file run what there is, as nobody in particular, on a file system that is read-only.</summary>
public sealed partial class ContainerTests
{
    private static readonly string Compose = DeployFiles.PathOf("compose");

    private static readonly Dictionary<object, object> Services =
        (Dictionary<object, object>)DeployFiles.Yaml(File.ReadAllText(Path.Combine(Compose, "compose.yaml")))["services"];

    private static readonly string[] Lines =
    [
        .. Continued().Replace(File.ReadAllText(DeployFiles.PathOf("docker", "Dockerfile")), " ").Split('\n')
            .Where(static line => line.Length > 0 && line[0] != '#'),
    ];

    [Theory]
    [InlineData("gpu")]
    [InlineData("cpu")]
    public void AnImageRunsAServerAsAUserWithoutRights(string target)
    {
        string[] stage = Stage(target);
        string Only(string word) =>
            Assert.Single(stage, line => line.StartsWith(word + " ", StringComparison.Ordinal))[(word.Length + 1)..];

        Assert.Matches(@"^[1-9]\d*:[1-9]\d*$", Only("USER"));
        Assert.Equal("SIGTERM", Only("STOPSIGNAL"));
        Assert.Equal(["/data"], Words(Only("VOLUME")));
        Assert.Equal(["/opt/annserver/ann"], Words(Only("ENTRYPOINT")));
        Assert.Null(DeployFiles.FaultOf(Words(Only("CMD"))));
        string check = Only("HEALTHCHECK");
        string[] health = Words(check[(check.IndexOf("CMD ", StringComparison.Ordinal) + 4)..]);
        Assert.Equal("/opt/annserver/ann", health[0]);
        Assert.Null(DeployFiles.FaultOf(health[1..]));
        Assert.Contains("ANN_CACHE_DIR=/data/", Only("ENV"), StringComparison.Ordinal);
        Assert.Contains("HOME=/data", Only("ENV"), StringComparison.Ordinal); // without one TLS ends the start
        Assert.Contains("org.opencontainers.image.licenses=\"MIT\"", Only("LABEL"), StringComparison.Ordinal);
        Assert.Contains($"--chown={Only("USER")} /image/data /data", string.Join('\n', stage), StringComparison.Ordinal);
    }

    [Fact]
    public void BasesAreArgumentsWithTagsAndTheLastTargetIsTheCpus()
    {
        string[] arguments = [.. Lines.TakeWhile(static line => !line.StartsWith("FROM ", StringComparison.Ordinal))];
        string[] stages = [.. Lines.Where(static line => line.StartsWith("FROM ", StringComparison.Ordinal))];

        Assert.All(arguments, static line => Assert.Matches(@"^ARG \w+_IMAGE=[\w./-]+:\d[\w.-]+$", line));
        string[] bases = [.. arguments.Select(static line => $"${{{line[4..line.IndexOf('=', StringComparison.Ordinal)]}}}"), "sources"];
        Assert.All(stages, line =>
            Assert.Contains(line.Replace("--platform=$BUILDPLATFORM ", "", StringComparison.Ordinal).Split(' ')[1], bases));
        Assert.EndsWith(" AS cpu", stages[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void TheImagesOwnSettingsListenForOthersOnlyWithWhatGuardsThem()
    {
        using JsonDocument settings = JsonDocument.Parse(File.ReadAllText(DeployFiles.PathOf("docker", "ann.json")));
        AnnException refused = Assert.Throws<AnnException>(static () => DeployFiles.Settings(DeployFiles.PathOf("docker", "ann.json")));

        Assert.All(refused.Violations, static one => Assert.Contains("Listen is 0.0.0.0", one.Description, StringComparison.Ordinal));
        Assert.Equal(2, refused.Violations.Count); // the port of calls, that for operators: all else is right
        Assert.All(
            settings.RootElement.GetProperty("Ann").EnumerateObject()
                .Where(static one => one.Name.EndsWith("Directory", StringComparison.Ordinal)),
            static one => Assert.StartsWith("/data/", one.Value.GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public void EveryServiceIsConfined() => Assert.All(Services, static service =>
    {
        Dictionary<object, object> own = (Dictionary<object, object>)service.Value;
        Assert.Equal("true", own["read_only"]);
        Assert.Equal(["ALL"], (List<object>)own["cap_drop"]);
        Assert.Equal(["no-new-privileges:true"], (List<object>)own["security_opt"]);
        Assert.Contains("mem_limit", own.Keys);
        Assert.Matches(@":\w*\d", (string)own["image"]);
    });

    [Fact]
    public void TheServersSettingsAreTakenGuardedAndFitItsVolumes()
    {
        ServerOptions options = DeployFiles.Settings(Path.Combine(Compose, "config", "ann.json"));
        Dictionary<object, object> server = (Dictionary<object, object>)Services["annserver"];
        string[] volumes = [.. ((List<object>)server["volumes"]).Cast<string>()];

        DeployFiles.AssertGuarded(options);
        Assert.Contains("data:/data", volumes);
        Assert.All(DeployFiles.WrittenPaths(options), static path => Assert.StartsWith("/data/", path, StringComparison.Ordinal));
        Assert.Contains("./config:/etc/annserver:ro", volumes);
        Assert.All(DeployFiles.ReadPaths(options), static path => Assert.StartsWith("/etc/annserver/", path, StringComparison.Ordinal));
        double grace = double.Parse(((string)server["stop_grace_period"]).TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(grace >= options.DrainSeconds + DeployFiles.SecondsBeyondDrain);
        Assert.All(((List<object>)server["ports"]).Cast<string>(), port =>
            Assert.Contains($"0.0.0.0:{port.Split(':')[^1]}", (string[])[options.Listen, options.WebListen]));
        string scrape = File.ReadAllText(Path.Combine(Compose, "prometheus.yml"));
        Assert.Contains($"targets: [\"annserver:{options.OpsListen.Split(':')[1]}\"]", scrape, StringComparison.Ordinal);
        Assert.Contains("job_name: annserver\n", scrape, StringComparison.Ordinal);
    }

    /// <summary>Files that are mounted are there, but for those that the operator makes.</summary>
    [Fact]
    public void WhatIsMountedIsThere()
    {
        string[] made = [.. File.ReadAllLines(Path.Combine(Compose, ".gitignore")).Where(static line => line.Length > 0 && line[0] != '#')];
        string[] sources = [.. Services.Values.Cast<Dictionary<object, object>>()
            .SelectMany(static one => ((List<object>)one["volumes"]).Cast<string>())
            .Select(static volume => volume.Split(':')[0]).Where(static source => source.StartsWith('.'))];

        Assert.True(sources.Length > 5);
        Assert.All(sources, source => Assert.True(
            Path.Exists(Path.Combine(Compose, source))
                || made.Any(one => source[2..].StartsWith(one.TrimEnd('*', '/'), StringComparison.Ordinal)), source));
    }

    private static string[] Stage(string name) =>
    [
        .. Lines.SkipWhile(line => !line.StartsWith("FROM ", StringComparison.Ordinal) || line.Split(' ')[^1] != name).Skip(1)
            .TakeWhile(static line => !line.StartsWith("FROM ", StringComparison.Ordinal)),
    ];

    private static string[] Words(string json) => JsonSerializer.Deserialize<string[]>(json)!;

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();
}
