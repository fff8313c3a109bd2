using System.CommandLine;
using Ann.Protocol.V1;
using Ann.Tool.Live;
using Ann.Tool.Remote;

namespace Ann.Tool.Verbs;

/// <summary><c>ann rollback</c>: the generation that served before takes over again.</summary>
internal static class RollbackVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.LiveIndex();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("rollback",
            "Let the generation of a live index that served before take over again. A second rollback undoes the first.",
            "ann rollback --index shop")
        {
            index, connection, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            RollbackRequest request = new() { Index = parsed.GetRequiredValue(index) };
            using ServerConnection server = connection.Open(tool, parsed);
            RollbackResponse done = await server.ChangeAsync(
                indexes => indexes.RollbackAsync(request, cancellationToken: cancellation), cancellation);
            PromotionText.Write(tool, PromotionText.Of(request.Index, done.Promotion), parsed.GetValue(json));
            return ExitCodes.Done;
        });
        return command;
    }
}
