using Microsoft.Extensions.Logging.Console;

namespace Ann.Server.Settings;

/// <summary>The section <c>Logging</c> as the platform has it, checked before the platform trips over it.</summary>
internal static class LoggingSettings
{
    /// <summary>The section.</summary>
    public const string Section = "Logging";

    /// <summary>Key of the form that the lines of the log have.</summary>
    public const string FormatKey = "Logging:Console:FormatterName";

    private const string Level = "LogLevel";

    private static readonly string[] Formats = [ConsoleFormatterNames.Simple, ConsoleFormatterNames.Json, ConsoleFormatterNames.Systemd];

    /// <summary>What cannot be used: a sentence each.</summary>
    public static IReadOnlyList<string> Faults(SettingSources sources)
    {
        IConfigurationSection section = sources.Root.GetSection(Section);
        List<string> faults = [.. section.AsEnumerable().SelectMany(value => FaultOf(sources, value.Key, value.Value))];
        IConfigurationSection console = section.GetSection("Console");
        foreach (Action bind in new Action[]
        {
            () => console.Get<ConsoleLoggerOptions>(),
            () => console.GetSection("FormatterOptions").Get<SimpleConsoleFormatterOptions>(),
            () => console.GetSection("FormatterOptions").Get<JsonConsoleFormatterOptions>(),
        })
        {
            if (Failure(bind) is string failure && !faults.Contains(failure))
                faults.Add(failure);
        }
        return faults;
    }

    private static IEnumerable<string> FaultOf(SettingSources sources, string key, string? text)
    {
        string[] parts = key.Split(':');
        bool IsOneOf(IEnumerable<string> words) => words.Contains(text, StringComparer.OrdinalIgnoreCase);
        string Origin() => sources.Find(key)!.Origin;
        if (text is not null && parts[^1].Equals(Level, StringComparison.OrdinalIgnoreCase))
            yield return $"{Origin()} is '{text}'; it must name a category, as Logging__LogLevel__Default does.";
        else if (text is not null && parts.Length > 2 && parts[^2].Equals(Level, StringComparison.OrdinalIgnoreCase)
            && !IsOneOf(Enum.GetNames<LogLevel>()))
            yield return $"{Origin()} is '{text}'; it must be one of {string.Join(", ", Enum.GetNames<LogLevel>())}.";
        else if (text is not null && key.Equals(FormatKey, StringComparison.OrdinalIgnoreCase) && !IsOneOf(Formats))
            yield return $"{Origin()} is '{text}'; it must be one of {string.Join(", ", Formats)}.";
    }

    private static string? Failure(Action bind)
    {
        try
        {
            bind();
            return null;
        }
        catch (InvalidOperationException e)
        {
            return e.Message.EndsWith('.') ? e.Message : e.Message + ".";
        }
    }
}
