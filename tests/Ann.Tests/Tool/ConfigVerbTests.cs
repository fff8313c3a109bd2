using System.Text.Json;
using Ann.Core.Files;
using Ann.Server.Settings;
using Ann.Tests.Files.Formats;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>Goal: what a server would be told is shown with its sources and without secrets; what it would refuse is refused.</summary>
public sealed class ConfigVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _prefix = $"ANN{Guid.NewGuid():n}_";

    public void Dispose()
    {
        foreach (string name in (string[])["Ann__SearchQueueLimit", "Ann__OtlpHeaders", "Ann__SearchQueueLimt"])
            Environment.SetEnvironmentVariable(_prefix + name, null);
        _folder.Dispose();
    }

    [Fact]
    public async Task EverySettingIsShownWithItsSource()
    {
        string file = _folder.Write("ann.json", """
            { "Ann": { "DrainSeconds": "20s", "SearchQueueLimit": 3, "IndexFiles": ["a.ann", "b.ann"] },
              "Logging": { "LogLevel": { "Default": "Warning" } } }
            """);
        Set("Ann__SearchQueueLimit", "4");
        Set("Ann__OtlpHeaders", "key=hunter2");

        ToolRun run = (await RunAsync("--config", file, "--max-heavy-searches", "5", "--json")).Expect(0);

        Dictionary<string, JsonElement> shown = run.Json.GetProperty("settings").EnumerateArray()
            .ToDictionary(static one => one.GetProperty("name").GetString()!);
        Assert.Equal(file, run.Json.GetProperty("file").GetString());
        Assert.Equal(Setting.All.Count + 1, shown.Count);
        Assert.Equal(("20", $"{file}: Ann:DrainSeconds"), Of("DrainSeconds"));
        Assert.Equal(("4", _prefix + "Ann__SearchQueueLimit"), Of("SearchQueueLimit"));
        Assert.Equal(("5", "--max-heavy-searches"), Of("MaxHeavySearches"));
        Assert.Equal(("512", "default"), Of("MaxConnections"));
        Assert.Equal((ToolRun.CacheDirectory, "default"), Of("EncoderCacheDirectory"));
        Assert.Equal(("Warning", $"{file}: Logging:LogLevel:Default"), Of("Logging:LogLevel:Default"));
        Assert.Equal(["a.ann", "b.ann"], shown["IndexFiles"].GetProperty("values").EnumerateArray().Select(static one => one.GetString()));
        Assert.Equal((Setting.Masked, _prefix + "Ann__OtlpHeaders"), Of("OtlpHeaders"));
        Assert.DoesNotContain("hunter2", run.Out, StringComparison.Ordinal);

        (string?, string?) Of(string name) => (shown[name].GetProperty("value").GetString(), shown[name].GetProperty("source").GetString());
    }

    [Fact]
    public async Task WhatIsChangedIsShownAlone()
    {
        string[] lines = (await RunAsync("--changed", "--slow-query-ms", "5s")).Expect(0).Out.TrimEnd().Split('\n');

        Assert.Equal(["settings file: none", "SlowQueryMs  5000  --slow-query-ms"], lines.Select(static line => line.TrimEnd()));
    }

    [Fact]
    public async Task AFileThatIsNotNamedIsFound()
    {
        string near = _folder["near.json"];
        string far = _folder.Write("far.json", """{ "Ann": { "DrainSeconds": 7 } }""");

        Assert.Contains($"{far}: Ann:DrainSeconds", await ShownAsync(), StringComparison.Ordinal);
        _folder.Write("near.json", """{ "Ann": { "DrainSeconds": 8 } }""");
        Assert.Contains($"{near}: Ann:DrainSeconds", await ShownAsync(), StringComparison.Ordinal);
        string named = _folder.Write("named.json", """{ "Ann": { "DrainSeconds": 9 } }""");
        Assert.Contains($"{named}: Ann:DrainSeconds", await ShownAsync("--config", named), StringComparison.Ordinal);

        async Task<string> ShownAsync(params string[] args) =>
            (await ToolRun.RunAsync(World() with { SettingsFiles = [near, far] }, default, ["config", "show", "--changed", .. args]))
                .Expect(0).Out;
    }

    [Fact]
    public async Task AllFaultsAreToldAtOnceWithoutSecrets()
    {
        string file = _folder.Write(
            "ann.json", """{ "Ann": { "Listen": "nowhere", "OpsListen": "9464", "OtlpEndpoint": "collector" } }""");
        Set("Ann__SearchQueueLimt", "1");

        ToolRun run = await RunAsync("--config", file, "--drain-seconds", "soon", "--trace-share", "2");

        run.ExpectRefusal(
            "6 settings cannot be used", "Listen is 'nowhere'", "OpsListen is '9464'", "OtlpEndpoint is 'collector'",
            "--drain-seconds is 'soon'", "--trace-share is '2'", "Did you mean SearchQueueLimit?");
    }

    private void Set(string name, string value) => Environment.SetEnvironmentVariable(_prefix + name, value);

    private Task<ToolRun> RunAsync(params string[] args) => ToolRun.RunAsync(World(), default, ["config", "show", .. args]);

    private ToolContext World() => new()
    {
        Out = TextWriter.Null,
        Error = TextWriter.Null,
        Files = PhysicalFileSystem.Instance,
        CacheDirectory = ToolRun.CacheDirectory,
        SettingsPrefix = _prefix,
    };
}
