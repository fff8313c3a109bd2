using System.CommandLine;
using Ann.Core;
using Ann.Tool.Remote;
using Ann.Tool.Top;

namespace Ann.Tool.Load.Scenarios;

/// <summary>The options of <c>ann load</c> that are for scenarios.</summary>
internal sealed class ScenarioOptions
{
    /// <summary>Which.</summary>
    public Option<string?> Scenario { get; } = VerbOptions.Optional("--scenario", "NAME|FILE",
        $"Several streams at once, in phases: a file, or one that comes with ann: {string.Join(", ", ScenarioReader.Names)}.");

    /// <summary>Shows one that comes with the tool.</summary>
    public Option<string?> Print { get; } = VerbOptions.Optional(
        "--print-scenario", "NAME", "Print a scenario that comes with ann, to begin one's own with, and end.");

    /// <summary>Variables.</summary>
    public Option<string[]> Let { get; } = new("--let")
    {
        Description = "Sets a variable of the scenario; may be given again.",
        HelpName = "NAME=TEXT",
    };

    /// <summary>Of all rates.</summary>
    public Option<double> Scale { get; } = LoadOptions.Real(
        "--scale", "What all rates of the scenario are multiplied by.", 1, 0.0001, 10_000);

    /// <summary>The server's port for operators.</summary>
    public Option<string?> Metrics { get; } = VerbOptions.Optional("--metrics", "HOST:PORT",
        "The server's port for operators, its setting OpsListen: its CPU, memory and GC pauses go into the report of a scenario.");

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All => [Scenario, Print, Let, Scale, Metrics];

    /// <summary>What <c>--let</c> sets.</summary>
    /// <exception cref="AnnException">InvalidArgument: no NAME=TEXT.</exception>
    public Dictionary<string, string> ReadLets(ParseResult parsed)
    {
        Dictionary<string, string> lets = new(StringComparer.Ordinal);
        foreach (string let in parsed.GetValue(Let) ?? [])
        {
            int sign = let.IndexOf('=');
            if (sign <= 0)
                throw AnnException.Invalid("--let", $"--let is '{let}'; expected NAME=TEXT, such as category=brand.");
            lets[let[..sign]] = let[(sign + 1)..];
        }
        return lets;
    }

    /// <summary>The port that <c>--metrics</c> names; null for none. What lets the tool in is that of the server.</summary>
    public OpsConnection? ReadMetrics(ToolContext tool, ParseResult parsed, ServerTarget server) =>
        parsed.GetValue(Metrics) is string address
            ? new OpsConnection(server with { Address = ServerAddress.Parse(address, server.UseTls, Metrics.Name) }, tool.Time)
            : null;
}
