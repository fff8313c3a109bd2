using System.Text.Json;
using System.Text.RegularExpressions;
using Ann.Core;

namespace Ann.Tool.Load.Scenarios;

/// <summary>Reads scenarios: files, or those that come with the tool, by name.</summary>
internal static partial class ScenarioReader
{
    private const string Prefix = "scenarios/";
    private const string Suffix = ".jsonc";
    private const int MostBytes = 1 << 20;

    /// <summary>Names of those that come with the tool.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(ScenarioReader).Assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(static name => name[Prefix.Length..^Suffix.Length]).Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of a scenario that comes with the tool; null where there is none of that name.</summary>
    public static string? Shipped(string name)
    {
        using Stream? stream = typeof(ScenarioReader).Assembly.GetManifestResourceStream(Prefix + name + Suffix);
        if (stream is null)
            return null;
        using StreamReader reader = new(stream, System.Text.Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Reads a scenario.</summary>
    /// <param name="tool">Whose files.</param>
    /// <param name="scenario">A name of <see cref="Names"/>, or else a file.</param>
    /// <param name="lets">Variables that the caller sets.</param>
    /// <exception cref="AnnException">InvalidArgument: names file, place and fault. NotFound: no such file or name.</exception>
    public static Scenario Read(ToolContext tool, string scenario, IReadOnlyDictionary<string, string> lets)
    {
        string text = Shipped(scenario) ?? ReadFile(tool, scenario);
        Scenario raw = Parse(scenario, text);
        if (lets.Keys.FirstOrDefault(name => !raw.Variables.ContainsKey(name)) is string unknown)
        {
            throw AnnException.Invalid("--let",
                $"--let sets '{unknown}', and scenario '{scenario}' has {(raw.Variables.Count == 0 ? "no variables" : "these variables: "
                + string.Join(", ", raw.Variables.Keys))}.");
        }
        text = Variable().Replace(text, match => JsonEncodedText.Encode(ValueOf(match.Groups[1].Value)).ToString());
        Scenario read = Parse(scenario, text);
        ScenarioRules.Check(scenario, read);
        return read;

        string ValueOf(string name) =>
            !raw.Variables.TryGetValue(name, out string? standard)
                ? throw AnnException.BadInput(scenario, "", $"${{{name}}} is used, and variables has no '{name}'.")
            : lets.GetValueOrDefault(name) ?? standard
                ?? throw AnnException.Invalid("--let", $"scenario '{scenario}' needs --let {name}=…");
    }

    private static string ReadFile(ToolContext tool, string path)
    {
        if (!tool.Files.FileExists(path))
        {
            throw AnnException.BadInput(
                path, "", $"there is no such file, and no scenario of that name comes with ann: {string.Join(", ", Names)}.");
        }
        using Stream stream = tool.Files.OpenRead(path);
        if (stream.Length > MostBytes)
            throw AnnException.BadInput(path, "", $"it has {stream.Length} bytes; a scenario has at most {MostBytes}.");
        using StreamReader reader = new(stream, System.Text.Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static Scenario Parse(string path, string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, ScenarioJson.Default.Scenario)
                ?? throw AnnException.BadInput(path, "", "it is null; a scenario was expected.");
        }
        catch (JsonException e)
        {
            string place = e.LineNumber is long line ? $"line {line + 1}" : "";
            throw AnnException.BadInput(path, place, WordsOf(e), e);
        }
    }

    /// <summary>What is wrong, without the names of our types.</summary>
    private static string WordsOf(JsonException e)
    {
        if (Unmapped().Match(e.Message) is { Success: true } unknown)
            return $"there is no member '{unknown.Groups[1].Value}'.";
        if (Missing().Match(e.Message) is { Success: true } missing)
            return $"{e.Path}: these members are missing: {missing.Groups[1].Value}.";
        return $"{e.Path}: {e.Message.Split(" Path: ")[0]}";
    }

    [GeneratedRegex(@"\$\{([A-Za-z0-9_]+)\}")]
    private static partial Regex Variable();

    [GeneratedRegex("The JSON property '([^']*)' could not be mapped")]
    private static partial Regex Unmapped();

    [GeneratedRegex("was missing required properties including: (.*)\\.$|was missing required properties, including the following: (.*)$")]
    private static partial Regex Missing();
}
