using Microsoft.Extensions.Options;

namespace Ann.Server.Settings;

/// <summary>
/// Sets <see cref="ServerOptions"/> by what the sources say, and fails their validation with everything in them that cannot be used. The
/// binder of the platform would stop at the first bad value, and pass over unknown names.
/// </summary>
internal sealed class SettingsReader : IConfigureOptions<ServerOptions>, IValidateOptions<ServerOptions>
{
    private readonly List<(Setting Setting, object Value)> _values = [];
    private readonly Dictionary<Setting, string> _origins = [];
    private readonly List<string> _faults;

    public SettingsReader(SettingSources sources)
    {
        _faults = [.. sources.Strangers(), .. LoggingSettings.Faults(sources)];
        foreach (Setting setting in Setting.All)
        {
            if (setting.IsList)
                ReadList(setting, sources.FindList(setting.Key));
            else if (sources.Find(setting.Key) is SettingText found && TryRead(setting, found, out object value))
                _values.Add((setting, value));
        }
    }

    /// <summary>Source and name that a setting comes from; null for its default.</summary>
    public string? OriginOf(Setting setting) =>
        _origins.TryGetValue(setting, out string? origin) && origin != setting.Key ? origin : null; // a key alone is a default of the host

    /// <inheritdoc/>
    public void Configure(ServerOptions options)
    {
        foreach ((Setting setting, object value) in _values)
            setting.Set(options, value);
    }

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ServerOptions options) =>
        _faults.Count > 0 ? ValidateOptionsResult.Fail(_faults) : ValidateOptionsResult.Success;

    private void ReadList(Setting setting, IReadOnlyList<SettingText>? entries)
    {
        if (entries is null)
            return;
        List<string> texts = [];
        foreach (SettingText entry in entries)
        {
            if (TryRead(setting, entry, out object value))
                texts.Add((string)value);
        }
        _origins.TryAdd(setting, entries is [] ? setting.Key : entries[0].Origin);
        _values.Add((setting, texts));
    }

    private bool TryRead(Setting setting, SettingText found, out object value)
    {
        if (setting.TryRead(found.Text, out value, out string fault))
        {
            _origins[setting] = found.Origin;
            return true;
        }
        _faults.Add($"{found.Origin} {fault}");
        return false;
    }
}
