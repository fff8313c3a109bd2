using System.CommandLine;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann drop</c>: a live index and its files, gone.</summary>
internal static class DropVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.LiveIndex();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("drop",
            "Remove a live index from a running server, and delete its files. There is no way back but a snapshot.",
            "ann drop --index shop")
        {
            index, connection, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            DropRequest request = new() { Index = parsed.GetRequiredValue(index) };
            using ServerConnection server = connection.Open(tool, parsed);
            await server.ChangeAsync(indexes => indexes.DropAsync(request, cancellationToken: cancellation), cancellation);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, new DropReport(request.Index), ToolJson.Default.DropReport);
            else
                tool.Out.WriteLine($"{request.Index}: dropped, its files are deleted");
            return ExitCodes.Done;
        });
        return command;
    }
}
