using System.Reflection;
using Ann.Core;
using Ann.Server;
using Ann.Server.Settings;
using Ann.Tests.House;
using Ann.Tests.Tool;

namespace Ann.Tests.Server.Settings;

/// <summary>
/// Goal: every setting is obeyed from every source, the stronger source wins, and a bad value is told with the name that its writer wrote.
/// The settings are those of the options type: a new one is tested by being there.
/// </summary>
public sealed class SettingsMatrixTests
{
    public static TheoryData<string> Names =>
        [.. typeof(ServerOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(static one => one.Name)];

    public static TheoryData<string, SettingSource> Matrix
    {
        get
        {
            TheoryData<string, SettingSource> cells = [];
            foreach (string name in Names)
            {
                foreach (SettingSource source in Enum.GetValues<SettingSource>())
                    cells.Add(name, source);
            }
            return cells;
        }
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public void ASettingIsReadFromASource(string name, SettingSource source)
    {
        foreach ((string text, object value) in SettingsCase.Samples(name))
        {
            using SettingsCase settings = new();
            Assert.Equal(value, ValueOf(settings.With(source, name, text).Read(), name));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AStrongerSourceWins(string name)
    {
        (string weak, string strong) = (SettingsCase.Samples(name)[0].Text, SettingsCase.Samples(name)[1].Text);
        object wanted = SettingsCase.Samples(name)[1].Value;
        foreach ((SettingSource weaker, SettingSource stronger) in new[]
        {
            (SettingSource.File, SettingSource.Environment),
            (SettingSource.File, SettingSource.Option),
            (SettingSource.Environment, SettingSource.Option),
        })
        {
            using SettingsCase settings = new();
            Assert.Equal(wanted, ValueOf(settings.With(weaker, name, weak).With(stronger, name, strong).Read(), name));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void WhatIsNotGivenIsTheDefault(string name)
    {
        using SettingsCase settings = new();

        object? value = ValueOf(settings.Read(), name);

        object? standard = ValueOf(new ServerOptions(), name);
        Assert.Equal(name == nameof(ServerOptions.EncoderCacheDirectory) ? ToolRun.CacheDirectory : standard, value);
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public void ABadValueIsToldByTheNameThatWasWritten(string name, SettingSource source)
    {
        Setting setting = Setting.All.Single(one => one.Name == name);
        bool isText = ValueOf(new ServerOptions(), name) is string or IList<string>;
        string[] bad = isText ? (setting.IsRequired || setting.IsList ? [""] : []) : ["nonsense", "", "-1e99"];
        foreach (string text in bad)
        {
            if (setting.IsSwitch && source == SettingSource.Option)
                continue; // refused by the command line itself
            using SettingsCase settings = new();
            string place = setting.IsList ? ":0" : "";
            string written = source switch
            {
                SettingSource.File => $"{settings.FilePath}: Ann:{name}{place}",
                SettingSource.Environment => $"{settings.Prefix}Ann__{name}{place.Replace(":", "__", StringComparison.Ordinal)}",
                _ => setting.Option,
            };

            AnnViolation fault = Assert.Single(settings.With(source, name, text).Refusal().Violations);

            Assert.StartsWith($"{written} is {(text.Length == 0 ? "empty" : $"'{text}'")}; it must be ", fault.Description);
        }
    }

    [Fact]
    public void AllBadValuesAreToldTogether()
    {
        using SettingsCase settings = new();
        string[] numbers = [.. Setting.All.Where(static one => one.Unit.Length > 0).Select(static one => one.Name)];
        Assert.True(numbers.Length > 20);
        foreach ((int i, string name) in numbers.Index())
            settings.With((SettingSource)(i % 3), name, "nonsense");
        settings.With(SettingSource.Option, nameof(ServerOptions.Listen), "somewhere");
        settings.Set("Ann__SearchQueueLimt", "64").Set("Logging__LogLevel__Default", "loud");

        AnnException e = settings.Refusal();

        Assert.Equal(numbers.Length + 3, e.Violations.Count);
        Assert.Contains($"{numbers.Length + 3} settings cannot be used.", e.Message, StringComparison.Ordinal);
        Assert.All(e.Violations, fault => Assert.Contains(fault.Description, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void TheDocumentHasEverySettingAsTheCodeHasIt()
    {
        string page = File.ReadAllText(Path.Combine(TidyTests.Root, "engine", "docs", "operations.md"));
        string[][] rows = [.. page.Split('\n').SkipWhile(static line => !line.StartsWith("| setting | option |", StringComparison.Ordinal))
            .Skip(2).TakeWhile(static line => line.StartsWith('|'))
            .Select(static line => line.Split('|').Skip(1).Select(static cell => cell.Replace("`", "").Trim()).ToArray())];

        Assert.Equal(
            Setting.All.Select(static one =>
                string.Join(" | ", one.Name, one.Option, one.EnvironmentName, one.Default, one.Unit, one.Range)),
            rows.Select(static cells => string.Join(" | ", cells[..6])));
        Assert.All(rows, static cells => Assert.NotEqual("", cells[6]));
    }

    [Fact]
    public async Task TheHelpHasEveryOption()
    {
        string help = (await ToolRun.RunAsync("serve", "--help")).Expect(0).Out;

        Assert.All(Setting.All, setting => Assert.Contains(setting.Option, help, StringComparison.Ordinal));
    }

    private static object? ValueOf(ServerOptions options, string name)
    {
        object? value = typeof(ServerOptions).GetProperty(name)!.GetValue(options);
        return value is IList<string> { Count: 1 } list ? list[0] : value;
    }
}
