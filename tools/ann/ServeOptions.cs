using System.CommandLine;
using Ann.Server;
using Ann.Server.Settings;

namespace Ann.Tool;

/// <summary>
/// The options of <c>ann serve</c>: one for every setting of the server, made of what <see cref="Setting"/> tells. Only what was given is
/// handed on, as the text that it is: the server reads texts of all sources alike.
/// </summary>
internal sealed class ServeOptions
{
    private const string Text = "text";
    private const string Json = "json";

    private readonly Argument<string[]> _files = new("files") { Arity = ArgumentArity.ZeroOrMore };
    private readonly List<(Setting Setting, Option Option)> _options = [];
    private readonly Option<string?> _settings = VerbOptions.Optional(
        "--config", "FILE",
        "Settings file: JSON with the sections Ann and Logging. Environment and options go before it. Left out: ann.json here, else that "
        + "of the system (/etc/annserver), where there is one.");
    private readonly Option<string> _format = VerbOptions.Choice(
        "--log-format", "The log on standard error: text, a line an event; json, a document a line.", Text, Text, Json);

    public ServeOptions()
    {
        foreach (Setting setting in Setting.All)
        {
            if (setting.Option == _files.Name)
                _files.Description = setting.Meaning;
            else
                _options.Add((setting, OptionOf(setting)));
        }
    }

    /// <summary>Adds argument and options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_files);
        foreach ((_, Option option) in _options)
            command.Add(option);
        command.Add(_settings);
        command.Add(_format);
    }

    /// <summary>What was given, and the tool's own defaults.</summary>
    public SettingInputs Read(ToolContext tool, ParseResult parsed)
    {
        Dictionary<string, GivenOption> given = [];
        Setting files = Setting.All.Single(one => one.Option == _files.Name);
        foreach ((int place, string file) in (parsed.GetValue(_files) ?? []).Index())
            given[$"{files.Key}:{place}"] = new GivenOption(files.Option, file);
        foreach ((Setting setting, Option option) in _options)
        {
            if (parsed.GetResult(option) is not { Implicit: false })
                continue;
            if (option is Option<string[]> several)
            {
                foreach ((int place, string text) in (parsed.GetValue(several) ?? []).Index())
                    given[$"{setting.Key}:{place}"] = new GivenOption(setting.Option, text);
                continue;
            }
            string value = option is Option<bool> on ? $"{parsed.GetValue(on)}" : parsed.GetValue((Option<string?>)option) ?? "";
            given[setting.Key] = new GivenOption(setting.Option, ToSetting(setting, value));
        }
        if (parsed.GetResult(_format) is { Implicit: false })
        {
            string name = parsed.GetValue(_format) == Json ? Json : "simple";
            given[LoggingSettings.FormatKey] = new GivenOption(_format.Name, name);
        }
        return new SettingInputs
        {
            File = parsed.GetValue(_settings) ?? tool.SettingsFiles.FirstOrDefault(tool.Files.FileExists),
            Options = given,
            EnvironmentPrefix = tool.SettingsPrefix,
            Defaults = new Dictionary<string, string?>
            {
                [$"{Setting.Section}:{nameof(ServerOptions.EncoderCacheDirectory)}"] = tool.CacheDirectory,
            },
        };
    }

    private static Option OptionOf(Setting setting)
    {
        string description = setting.Meaning
            + (setting.Range.Length > 0 && setting.Unit.Length > 0 ? $" {setting.Range}{UnitOf(setting)}." : "")
            + (setting.Default == "none" ? "" : $" Default: {setting.Default}.");
        if (setting.IsSwitch)
            return new Option<bool>(setting.Option) { Description = description, HelpName = setting.ValueName };
        return setting.IsList
            ? new Option<string[]>(setting.Option) { Description = description, HelpName = setting.ValueName }
            : VerbOptions.Optional(setting.Option, setting.ValueName, description);
    }

    private static string UnitOf(Setting setting) =>
        setting.Unit is SettingAttribute.Milliseconds or SettingAttribute.Seconds ? $" {setting.Unit}" : "";

    /// <summary>The words of <c>--residence</c> are the ones that <c>ann eval</c> has too.</summary>
    private static string ToSetting(Setting setting, string value) =>
        setting.Name == nameof(ServerOptions.Residence) && value == "layout" ? $"{VerbOptions.ResidenceOf(value)}" : value;
}
