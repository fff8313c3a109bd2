using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.Memory;

namespace Ann.Server.Settings;

/// <summary>What the process is told of its settings, but for what a host sets in code.</summary>
internal sealed record SettingInputs
{
    /// <summary>A JSON file with the sections <c>Ann</c> and <c>Logging</c>; null for none.</summary>
    public string? File { get; init; }

    /// <summary>What the names of environment variables begin with; empty but for tests, which share one environment.</summary>
    public string EnvironmentPrefix { get; init; } = "";

    /// <summary>Defaults of this host, by key, such as <c>Ann:EncoderCacheDirectory</c>.</summary>
    public IReadOnlyDictionary<string, string?> Defaults { get; init; } = new Dictionary<string, string?>();

    /// <summary>Options that were given, by key; entries of lists by their position, such as <c>Ann:IndexFiles:0</c>.</summary>
    public IReadOnlyDictionary<string, GivenOption> Options { get; init; } = new Dictionary<string, GivenOption>();
}

/// <summary>An option of the command line.</summary>
/// <param name="Name">As it was typed, such as <c>--listen</c>.</param>
/// <param name="Text">Its value.</param>
internal sealed record GivenOption(string Name, string Text);

/// <summary>A text of one source.</summary>
/// <param name="Text">The value; null where a file says so.</param>
/// <param name="Origin">Source and name as they were written: <c>Ann__Listen</c>, <c>--listen</c>, <c>ann.json: Ann:Listen</c>.</param>
internal sealed record SettingText(string? Text, string Origin);

/// <summary>The sources of settings, with more weight than the ones before it: defaults, settings file, environment, options.</summary>
internal sealed class SettingSources
{
    private readonly SettingInputs _inputs;
    private readonly IConfigurationProvider[] _strongestFirst;

    private SettingSources(SettingInputs inputs, IConfigurationRoot root)
    {
        _inputs = inputs;
        Root = root;
        _strongestFirst = [.. root.Providers.Reverse()];
    }

    /// <summary>All of them as one configuration.</summary>
    public IConfigurationRoot Root { get; }

    /// <summary>Reads them.</summary>
    /// <exception cref="AnnException">The settings file does not exist (NotFound), or is no JSON object (InvalidArgument).</exception>
    public static SettingSources Read(SettingInputs inputs, IFileSystem files)
    {
        ConfigurationBuilder builder = new();
        builder.AddInMemoryCollection(inputs.Defaults);
        using Stream? file = inputs.File is null ? null : files.OpenRead(inputs.File);
        if (file is not null)
            builder.AddJsonStream(file);
        builder.AddEnvironmentVariables(inputs.EnvironmentPrefix);
        builder.AddInMemoryCollection(inputs.Options.ToDictionary(
            static option => option.Key, static option => (string?)option.Value.Text, StringComparer.OrdinalIgnoreCase));
        try
        {
            return new SettingSources(inputs, builder.Build());
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw AnnException.BadInput(inputs.File!, "", $"it is no settings file: {e.Message}", e);
        }
    }

    /// <summary>The text of the strongest source that has one; null when none has.</summary>
    /// <param name="key">With colons.</param>
    public SettingText? Find(string key) => _strongestFirst
        .Select(source => source.TryGet(key, out string? text) ? new SettingText(text, OriginOf(source, key)) : null)
        .FirstOrDefault(static found => found is not null);

    /// <summary>
    /// The entries of a list, of the strongest source that has any: lists are replaced, not merged by position. An empty list of a file
    /// counts. Null when no source has it.
    /// </summary>
    public IReadOnlyList<SettingText>? FindList(string key)
    {
        foreach (IConfigurationProvider source in _strongestFirst)
        {
            string[] places = Below(source, key);
            if (places.Length > 0)
                return [.. places.Select(place => TextOf(source, $"{key}:{place}"))];
            if (source.TryGet(key, out string? text) && string.IsNullOrEmpty(text))
                return [];
        }
        return null;
    }

    /// <summary>What is no setting, or of another shape than the setting has: a sentence each.</summary>
    public IEnumerable<string> Strangers() => _strongestFirst.Reverse().SelectMany(
        source => Below(source, Setting.Section).SelectMany(name => StrangersOf(source, name)).Concat(OtherSections(source)));

    private IEnumerable<string> StrangersOf(IConfigurationProvider source, string name)
    {
        string key = $"{Setting.Section}:{name}";
        Setting? setting = Setting.All.FirstOrDefault(one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (setting is null)
        {
            string question = NearestName.Question(name, Setting.All.Select(static one => one.Name));
            yield return $"{OriginOf(source, key)} is no setting.{question}";
        }
        else if (!setting.IsList && Below(source, key) is [string below, ..])
        {
            yield return $"{OriginOf(source, $"{key}:{below}")} is no setting; {setting.Name} takes one value.";
        }
        else if (setting.IsList && source.TryGet(key, out string? text) && !string.IsNullOrEmpty(text))
        {
            yield return $"{OriginOf(source, key)} is '{text}'; it must be a list, as {setting.EnvironmentName} begins one.";
        }
    }

    /// <summary>Of the file alone: the environment is full of other programs' names.</summary>
    private IEnumerable<string> OtherSections(IConfigurationProvider source) => source is not JsonStreamConfigurationProvider
        ? []
        : Below(source, null)
            .Where(static name => !name.Equals(Setting.Section, StringComparison.OrdinalIgnoreCase)
                && !name.Equals(LoggingSettings.Section, StringComparison.OrdinalIgnoreCase))
            .Select(name => $"{OriginOf(source, name)} is no section; {Setting.Section} and {LoggingSettings.Section} are.");

    private SettingText TextOf(IConfigurationProvider source, string key) =>
        new(source.TryGet(key, out string? text) ? text : null, OriginOf(source, key));

    private string OriginOf(IConfigurationProvider source, string key) => source switch
    {
        JsonStreamConfigurationProvider => $"{_inputs.File}: {key}",
        EnvironmentVariablesConfigurationProvider => _inputs.EnvironmentPrefix + key.Replace(":", "__", StringComparison.Ordinal),
        MemoryConfigurationProvider when _inputs.Options.TryGetValue(key, out GivenOption? option) => option.Name,
        _ => key,
    };

    private static string[] Below(IConfigurationProvider source, string? key) =>
        [.. source.GetChildKeys([], key).Distinct(StringComparer.OrdinalIgnoreCase).Order(ConfigurationKeyComparer.Instance)];
}
