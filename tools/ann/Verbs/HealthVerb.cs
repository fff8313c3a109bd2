using System.CommandLine;
using Ann.Core;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann health</c>: whether a server serves, as an exit code: what containers and scripts ask.</summary>
internal static class HealthVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string?> index = VerbOptions.Optional("--index", "NAME", "Ask for this index. Default: the server as a whole.");
        Option<string?> config = VerbOptions.Optional(
            "--config", "FILE",
            "Ask the server of this machine that has this settings file and this environment: on its port, over TLS where they say so, and "
            + "taking the very certificate (PEM) that they name. Goes in the place of --address and --ca.");
        Option<int> timeout = VerbOptions.Number("--timeout", "Seconds to wait for the answer.", 4, 1, 600);
        Option<bool> json = VerbOptions.Json();
        Verb command = new("health",
            "Ask a running server whether it serves. Exit code 0: it does; 1: it loads, drains, has nothing to serve, or gives no answer.",
            "ann health", "ann health --index items", "ann health --config /etc/annserver/ann.json --json")
        {
            index, connection, config, timeout, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            ServerTarget target = connection.Read(tool, parsed);
            if (parsed.GetValue(config) is string file)
                target = OwnServer.Of(tool, file, target);
            HealthReport report = await AskAsync(tool, target, parsed.GetValue(index) ?? "", parsed.GetValue(timeout), cancellation);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.HealthReport);
            else
                tool.Out.WriteLine($"{report.Address}{(report.Index is null ? "" : " " + report.Index)}: {report.Status}");
            return report.Serving ? ExitCodes.Done : ExitCodes.CheckFailed;
        });
        return command;
    }

    private static async Task<HealthReport> AskAsync(
        ToolContext tool, ServerTarget target, string index, int seconds, CancellationToken cancellation)
    {
        using ServerConnection server = new(target);
        string? name = index.Length == 0 ? null : index;
        try
        {
            bool serves = await server.ServesAsync(index, tool.Time.GetUtcNow().UtcDateTime.AddSeconds(seconds), cancellation);
            return new HealthReport(server.Address, name, serves, serves ? "serving" : "not serving");
        }
        catch (AnnException e)
        {
            return new HealthReport(server.Address, name, Serving: false, e.Message);
        }
    }
}
