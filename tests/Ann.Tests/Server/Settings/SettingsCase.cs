using System.CommandLine;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Ann.Core;
using Ann.Server;
using Ann.Server.Hosting;
using Ann.Server.Settings;
using Ann.Tests.Tool;
using Ann.Tool;

namespace Ann.Tests.Server.Settings;

/// <summary>Where a test puts a setting.</summary>
public enum SettingSource
{
    File,
    Environment,
    Option,
}

/// <summary>Settings as a process has them: a file, environment variables of this test alone, options of <c>ann serve</c>.</summary>
internal sealed class SettingsCase : IDisposable
{
    private readonly string _prefix = $"ANN{Guid.NewGuid():n}_";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-settings-");
    private readonly Dictionary<string, object> _file = [];
    private readonly List<string> _variables = [];
    private readonly List<string> _options = [];

    public string FilePath => Path.Combine(_folder.FullName, "ann.json");

    /// <summary>Names of variables begin so.</summary>
    public string Prefix => _prefix;

    /// <summary>Two texts that a setting takes, and what they mean. Made of what the property's attributes say.</summary>
    public static (string Text, object Value)[] Samples(string name)
    {
        PropertyInfo property = typeof(ServerOptions).GetProperty(name)!;
        Type type = property.PropertyType;
        if (type == typeof(bool))
            return [("true", true), ("false", false)];
        if (type.IsEnum)
            return [.. Enum.GetValues(type).Cast<object>().TakeLast(2).Select(static value => ($"{value}".ToLowerInvariant(), value))];
        if (name is nameof(ServerOptions.Listen) or nameof(ServerOptions.OpsListen) or nameof(ServerOptions.WebListen))
            return [("127.0.0.1:1", "127.0.0.1:1"), ("[::1]:2", "[::1]:2")];
        if (name == nameof(ServerOptions.OtlpEndpoint))
            return [("http://127.0.0.1:4317", "http://127.0.0.1:4317"), ("https://collector", "https://collector")];
        if (name == nameof(ServerOptions.SocketFile))
            return [("/run/ann a.sock", "/run/ann a.sock"), ("/run/b", "/run/b")];
        if (name == nameof(ServerOptions.SocketMode))
            return [("600", "600"), ("0666", "0666")];
        if (type == typeof(string) || type == typeof(IList<string>))
            return [($"{name}/a", $"{name}/a"), ($"{name} b", $"{name} b")];
        RangeAttribute range = property.GetCustomAttribute<RangeAttribute>()
            ?? throw new InvalidOperationException($"{name} is a number without a range.");
        object least = Convert.ChangeType(range.Minimum, type, CultureInfo.InvariantCulture);
        object more = type == typeof(double) ? 0.5 : Convert.ChangeType(64 << 11, type, CultureInfo.InvariantCulture);
        if (!range.IsValid(more))
            more = Convert.ChangeType(500, type, CultureInfo.InvariantCulture);
        if (!range.IsValid(more))
            more = Convert.ChangeType(128 << 20, type, CultureInfo.InvariantCulture);
        Assert.True(range.IsValid(more) && !more.Equals(least), $"{name} wants another sample");
        return [(Text(least), least), (Text(more), more)];
    }

    public SettingsCase With(SettingSource source, string name, params string[] texts)
    {
        Setting setting = Setting.All.SingleOrDefault(one => one.Name == name)!;
        foreach (string companion in CompanionsOf(name))
            _file.TryAdd(companion, companion);
        bool isList = setting?.IsList ?? false;
        switch (source)
        {
            case SettingSource.File:
                _file[name] = isList ? texts : texts[0];
                break;
            case SettingSource.Environment:
                foreach ((int place, string text) in texts.Index())
                    Set(isList ? $"Ann__{name}__{place}" : $"Ann__{name}", text);
                break;
            default:
                foreach (string text in texts)
                    _options.AddRange(setting!.Option == "files" ? [text] : [setting.Option, text]);
                break;
        }
        return this;
    }

    /// <summary>Settings that must go with one, in the weakest source.</summary>
    private static string[] CompanionsOf(string name) => name switch
    {
        nameof(ServerOptions.JwtIssuer) => [nameof(ServerOptions.JwtAudience), nameof(ServerOptions.JwtKeys)],
        nameof(ServerOptions.JwtAudience) => [nameof(ServerOptions.JwtIssuer), nameof(ServerOptions.JwtKeys)],
        nameof(ServerOptions.JwtKeys) => [nameof(ServerOptions.JwtIssuer), nameof(ServerOptions.JwtAudience)],
        nameof(ServerOptions.TlsKeyFile) or nameof(ServerOptions.TlsPassword) => [nameof(ServerOptions.TlsCertificateFile)],
        nameof(ServerOptions.ClientCaFile) => [nameof(ServerOptions.TlsCertificateFile)],
        nameof(ServerOptions.GrantsFile) or nameof(ServerOptions.RequireClientCertificate) =>
            [nameof(ServerOptions.TlsCertificateFile), nameof(ServerOptions.ClientCaFile)],
        _ => [],
    };

    /// <summary>A variable by its whole name.</summary>
    public SettingsCase Set(string variable, string text)
    {
        _variables.Add(_prefix + variable);
        Environment.SetEnvironmentVariable(_prefix + variable, text);
        return this;
    }

    /// <summary>The options of a server that is told so.</summary>
    /// <param name="json">The settings file, in place of what was put there.</param>
    /// <exception cref="AnnException">The settings are refused.</exception>
    public ServerOptions Read(string? json = null)
    {
        if (json is not null || _file.Count > 0)
        {
            File.WriteAllText(FilePath, json ?? JsonSerializer.Serialize(new Dictionary<string, object> { ["Ann"] = _file }));
            _options.AddRange("--config", FilePath);
        }
        ToolContext tool = new()
        {
            Out = TextWriter.Null,
            Error = TextWriter.Null,
            CacheDirectory = ToolRun.CacheDirectory,
            SettingsPrefix = _prefix,
        };
        Command serve = new("serve");
        ServeOptions options = new();
        options.AddTo(serve);
        ParseResult parsed = serve.Parse(_options, CommandLine.Parsing);
        Assert.Empty(parsed.Errors);
        ServerOptions? read = null;
        ServerSurroundings surroundings = new()
        {
            Settings = options.Read(tool, parsed),
            Checked = found =>
            {
                read = found;
                throw new EnoughException(); // nothing that the settings name is there
            },
        };
        try
        {
            AnnServerHost.Create(static _ => { }, surroundings);
        }
        catch (EnoughException)
        {
            // The settings are good.
        }
        return read!;
    }

    /// <summary>What a server says that refuses these settings.</summary>
    public AnnException Refusal(string? json = null)
    {
        AnnException e = Assert.Throws<AnnException>(() => Read(json));
        Assert.Equal(AnnError.InvalidArgument, e.Error);
        return e;
    }

    public void Dispose()
    {
        foreach (string variable in _variables)
            Environment.SetEnvironmentVariable(variable, null);
        _folder.Delete(recursive: true);
    }

    private static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    private sealed class EnoughException : Exception;
}
