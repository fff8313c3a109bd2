using System.CommandLine;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann snapshot</c>: a consistent copy of a live index while it serves.</summary>
internal static class SnapshotVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.LiveIndex();
        Option<string> name = VerbOptions.Required(
            "--name", "NAME", "Name of the copy: a new directory in the server's snapshot directory.");
        Option<bool> json = VerbOptions.Json();
        Verb command = new("snapshot",
            "Copy a live index as it is at one moment, while it serves. The server needs a snapshot directory (ann serve --snapshots DIR).",
            "ann snapshot --index shop --name shop-monday")
        {
            index, name, connection, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            SnapshotRequest request = new() { Index = parsed.GetRequiredValue(index), Name = parsed.GetRequiredValue(name) };
            long start = tool.Time.GetTimestamp();
            using ServerConnection server = connection.Open(tool, parsed);
            SnapshotResponse made = await server.ChangeAsync(
                indexes => indexes.SnapshotAsync(request, cancellationToken: cancellation), cancellation);
            SnapshotReport report = new(request.Index, request.Name, made.LogPosition, tool.SecondsSince(start));
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.SnapshotReport);
            else
                tool.Out.WriteLine(
                    $"{report.Index}: copied to {report.Name}, log position {report.LogPosition}, {report.Seconds:F1} s");
            return ExitCodes.Done;
        });
        return command;
    }
}
