using System.CommandLine;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann detach</c>: a generation that does not serve, gone.</summary>
internal static class DetachVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.LiveIndex();
        Option<string> generation = VerbOptions.Required("--generation", "HEX", "The generation, 16 hex digits.");
        Option<bool> json = VerbOptions.Json();
        Verb command = new("detach",
            "Take a generation that does not serve away from a live index, and delete its files.",
            "ann detach --index shop --generation 0123456789abcdef")
        {
            index, generation, connection, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            DetachRequest request = new() { Index = parsed.GetRequiredValue(index), Generation = parsed.GetRequiredValue(generation) };
            using ServerConnection server = connection.Open(tool, parsed);
            await server.ChangeAsync(indexes => indexes.DetachAsync(request, cancellationToken: cancellation), cancellation);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, new DetachReport(request.Index, request.Generation), ToolJson.Default.DetachReport);
            else
                tool.Out.WriteLine($"{request.Index}@{request.Generation}: detached, its files are deleted");
            return ExitCodes.Done;
        });
        return command;
    }
}
