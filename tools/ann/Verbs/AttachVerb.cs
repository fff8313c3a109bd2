using System.CommandLine;
using System.Globalization;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann attach</c>: a built file as a generation beside the serving one.</summary>
internal static class AttachVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.LiveIndex();
        Option<string> file = VerbOptions.Required(
            "--file", "NAME", "Name of an .ann file or a release in the server's import directory: by default its data directory.");
        Option<string?> position = VerbOptions.Optional(
            "--log-position", "N", "Last write of the index that the file's rows know of. Default: what the file says, else 0.");
        Option<bool> json = VerbOptions.Json();
        Verb command = new("attach",
            "Attach a built file to a live index as a new generation, or a release: with the encoder of its queries. Ends when what was "
            + "written since the build is replayed onto it.",
            "ann attach --index shop --file shop-2026-08-01.ann")
        {
            index, file, position, connection, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            AttachRequest request = new() { Index = parsed.GetRequiredValue(index), File = parsed.GetRequiredValue(file) };
            if (parsed.GetValue(position) is string text)
                request.LogPosition = Position(text);
            long start = tool.Time.GetTimestamp();
            using ServerConnection server = connection.Open(tool, parsed);
            GenerationFacts made = (await server.ChangeAsync(
                indexes => indexes.AttachAsync(request, cancellationToken: cancellation), cancellation)).Generation;
            GenerationReport report = new(
                request.Index, made.Id, HostedIndexes.Word(made.Role), made.Items, made.LogPosition, made.AppliedPosition,
                made.MissedKeys, tool.SecondsSince(start));
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.GenerationReport);
            else
                Print(tool.Out, report);
            return ExitCodes.Done;
        });
        return command;
    }

    private static ulong Position(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong position)
            ? position
            : throw AnnException.Invalid("--log-position", $"--log-position is '{text}'; it must be a whole number, 0 or more.");

    private static void Print(TextWriter text, GenerationReport report)
    {
        text.WriteLine(
            $"{report.Index}@{report.Generation}: {report.Items:N0} items, {report.Role}; "
            + $"writes {report.LogPosition} to {report.AppliedPosition} replayed in {report.Seconds:F1} s");
        if (report.MissedKeys > 0)
            text.WriteLine($"  {report.MissedKeys:N0} items were last written by another encoder, and are missed");
    }
}
