using Ann.Core;
using Ann.Core.Files;
using Ann.Server.Settings;
using Microsoft.Extensions.Options;

namespace Ann.Server.Hosting;

/// <summary>What the settings of a server come to, without starting it.</summary>
internal static class EffectiveSettings
{
    /// <summary>What is checked of settings that could be read.</summary>
    public static IReadOnlyList<IValidateOptions<ServerOptions>> Checks { get; } = [new SettingRanges(), new SettingsTogether()];

    /// <summary>Every setting, in the order of the documents, then those of the log that a source has.</summary>
    /// <exception cref="AnnException">As the start of a server: all faults at once.</exception>
    public static IReadOnlyList<SettingFact> Read(SettingInputs inputs, IFileSystem files)
    {
        SettingSources sources = SettingSources.Read(inputs, files);
        SettingsReader reader = new(sources);
        ServerOptions options = Checked(reader);
        return
        [
            .. Setting.All.Select(setting =>
                new SettingFact(setting.Name, setting.Shown(options), setting.IsList, reader.OriginOf(setting))),
            .. sources.Root.GetSection(LoggingSettings.Section).AsEnumerable().Where(static one => one.Value is not null)
                .OrderBy(static one => one.Key, StringComparer.Ordinal)
                .Select(one => new SettingFact(one.Key, [one.Value!], IsList: false, sources.Find(one.Key)?.Origin)),
        ];
    }

    /// <summary>The settings themselves.</summary>
    /// <exception cref="AnnException">As the start of a server: all faults at once.</exception>
    public static ServerOptions Options(SettingInputs inputs, IFileSystem files) =>
        Checked(new SettingsReader(SettingSources.Read(inputs, files)));

    /// <summary>Why a server with such settings does not start.</summary>
    public static AnnException Refusal(IReadOnlyList<string> faults) => new(
        AnnError.InvalidArgument, (faults.Count > 1 ? $"{faults.Count} settings cannot be used. " : "") + string.Join(" ", faults))
    {
        Field = Setting.Section,
        Violations = [.. faults.Select(static fault => new AnnViolation(Setting.Section, fault))],
    };

    private static ServerOptions Checked(SettingsReader reader)
    {
        ServerOptions options = new();
        reader.Configure(options);
        string[] faults = [.. Checks.Prepend(reader).SelectMany(check => check.Validate(null, options).Failures ?? [])];
        return faults.Length == 0 ? options : throw Refusal(faults);
    }
}
