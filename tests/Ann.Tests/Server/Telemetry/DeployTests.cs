using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ann.Tests.House;

namespace Ann.Tests.Server.Telemetry;

/// <summary>Goal: rules and dashboard ask for what a server tells, and each alert says what to do.</summary>
public sealed partial class DeployTests
{
    private static readonly string Rules = Path.Combine(TidyTests.Root, "engine", "deploy", "prometheus", "alerts.yml");
    private static readonly string Dashboard = Path.Combine(TidyTests.Root, "engine", "deploy", "grafana", "annserver.json");
    private static readonly string Operations = Path.Combine(TidyTests.Root, "engine", "docs", "operations.md");

    private static HashSet<string> Known =>
        [.. MetricTable.Rows.SelectMany(static row => row.Series), .. MetricTable.Platform, "up"];

    private static HashSet<string> Labels =>
    [
        .. MetricTable.Rows.SelectMany(static row => row.Attributes).Select(static name => name.Replace('.', '_')), "le", "instance", "job",
        "gc_heap_generation", "cpu_mode",
    ];

    [Fact]
    public void EveryAlertAsksForWhatThereIsAndHasItsSection()
    {
        string text = File.ReadAllText(Rules);
        string page = File.ReadAllText(Operations);
        (string Name, string For, string Expression, string Runbook)[] alerts =
        [
            .. Alert().Matches(text).Select(static one =>
                (one.Groups["name"].Value, one.Groups["for"].Value, one.Groups["expr"].Value, one.Groups["runbook"].Value)),
        ];

        Assert.Equal(text.Split("- alert:").Length - 1, alerts.Length);
        Assert.NotEmpty(alerts);
        TidyTests.AssertNone(alerts.SelectMany(static alert => Faults(alert.Name, alert.Expression)));
        Assert.All(alerts, alert =>
        {
            Assert.Contains($"\n### {alert.Name}\n", page, StringComparison.Ordinal);
            Assert.Equal($"engine/docs/operations.md#{alert.Name.ToLowerInvariant()}", alert.Runbook);
            string told = alert.Expression.Replace("|", "\\|", StringComparison.Ordinal);
            string link = $"[{alert.Name}](#{alert.Name.ToLowerInvariant()})";
            Assert.Contains($"| {link} | {alert.For} | `{told}` |", page, StringComparison.Ordinal);
        });
        Assert.Equal(alerts.Length, page.Split("\n| [Ann").Length - 1);
    }

    [Fact]
    public void TheDashboardAsksForWhatThereIs()
    {
        using JsonDocument board = JsonDocument.Parse(File.ReadAllText(Dashboard));
        JsonElement panels = board.RootElement.GetProperty("panels");
        (string Title, string Expression)[] asked =
        [
            .. from panel in panels.EnumerateArray()
               where panel.TryGetProperty("targets", out _)
               from target in panel.GetProperty("targets").EnumerateArray()
               select (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!),
        ];
        int[] ids = [.. panels.EnumerateArray().Select(static panel => panel.GetProperty("id").GetInt32())];

        Assert.True(asked.Length > 20);
        Assert.Equal(ids.Distinct(), ids);
        TidyTests.AssertNone(asked.SelectMany(static one => Faults(one.Title, one.Expression)));
    }

    [Theory]
    [InlineData("check", "alerts.yml")]
    [InlineData("test", "alerts.test.yml")]
    public async Task PromtoolTakesTheRules(string verb, string file)
    {
        if (PrometheusTests.Find("promtool") is not { } promtool)
        {
            Assert.Skip("promtool is not on this machine (Debian: apt-get install prometheus).");
            return;
        }
        string path = Path.Combine(Path.GetDirectoryName(Rules)!, file);
        using Process check = Process.Start(new ProcessStartInfo(promtool, [verb, "rules", path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string said = await check.StandardOutput.ReadToEndAsync() + await check.StandardError.ReadToEndAsync();
        await check.WaitForExitAsync();

        Assert.True(check.ExitCode == 0, said);
    }

    /// <summary>Names in an expression that no series and no label has.</summary>
    private static IEnumerable<string> Faults(string place, string expression)
    {
        string plain = Quoted().Replace(expression, "");
        return Word().Matches(plain).Select(static word => word.Value)
            .Where(static word => word.StartsWith("ann_", StringComparison.Ordinal) || word.StartsWith("rpc_", StringComparison.Ordinal)
                || word.StartsWith("dotnet_", StringComparison.Ordinal) || word.StartsWith("kestrel_", StringComparison.Ordinal)
                || word.StartsWith("db_", StringComparison.Ordinal))
            .Where(static word => !Known.Contains(word) && !Labels.Contains(word))
            .Select(word => $"{place} asks for {word}, which is not in the table of metrics.");
    }

    [GeneratedRegex(
        "- alert: (?<name>\\w+)\\n +expr: '(?<expr>[^']+)'\\n +for: (?<for>\\w+)\\n +labels:\\n +severity: (critical|warning|info)\\n"
        + " +annotations:\\n +summary: '[^']+'\\n +runbook: (?<runbook>\\S+)\\n")]
    private static partial Regex Alert();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"[a-z_][a-z0-9_]*", RegexOptions.IgnoreCase)]
    private static partial Regex Word();
}
