using System.CommandLine;
using Ann.Server.Hosting;
using Ann.Server.Settings;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann config</c>: the settings of a server, without starting one.</summary>
internal static class ConfigVerb
{
    private const string Standard = "default";

    /// <summary>The command with its own one.</summary>
    public static Command Create(ToolContext tool) => new Verb("config",
        "Show the settings that a server would have, and check them.",
        "ann config show --data /var/lib/ann --json")
    {
        Show(tool),
    };

    private static Verb Show(ToolContext tool)
    {
        ServeOptions options = new();
        Option<bool> changed = new("--changed") { Description = "Show those alone that are not the default." };
        Option<bool> json = VerbOptions.Json();
        Verb command = new("show",
            "Show every setting, its value and where it comes from, of a server that gets the same options, in this directory and "
            + "environment. Secrets are masked. What could not be used is told all at once, with exit code 2: this checks a configuration.",
            "ann config show --config ann.json", "ann config show --changed", "ann config show --listen 127.0.0.1:50052 --json");
        options.AddTo(command);
        command.Add(changed);
        command.Add(json);
        command.SetAction(parsed =>
        {
            SettingInputs inputs = options.Read(tool, parsed);
            bool all = !parsed.GetValue(changed);
            ConfigReport report = new(
                inputs.File,
                [
                    .. EffectiveSettings.Read(inputs, tool.Files).Where(one => all || one.Origin is not null).Select(static one =>
                        new SettingReport(
                            one.Name, one.IsList ? null : one.Values is [string value] ? value : "", one.IsList ? one.Values : null,
                            one.Origin ?? Standard)),
                ]);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.ConfigReport);
            else
                Print(tool.Out, report);
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Print(TextWriter text, ConfigReport report)
    {
        text.WriteLine($"settings file: {report.File ?? "none"}");
        if (report.Settings.Count == 0)
            return;
        int name = report.Settings.Max(static one => one.Name.Length);
        int value = Math.Min(report.Settings.Max(static one => Shown(one).Length), 40);
        foreach (SettingReport one in report.Settings)
            text.WriteLine($"{one.Name.PadRight(name)}  {Shown(one).PadRight(value)}  {one.Source}");
    }

    private static string Shown(SettingReport setting) => setting.Value ?? string.Join(", ", setting.Values ?? []);
}
