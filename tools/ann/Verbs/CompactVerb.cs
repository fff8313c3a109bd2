using System.CommandLine;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann compact</c>: one sealed segment, without the rows of deleted items.</summary>
internal static class CompactVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.LiveIndex();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("compact",
            "Rewrite a live index as one sealed segment without deleted rows. Searches and writes go on; the server does it by itself too.",
            "ann compact --index shop")
        {
            index, connection, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            CompactRequest request = new() { Index = parsed.GetRequiredValue(index) };
            long start = tool.Time.GetTimestamp();
            using ServerConnection server = connection.Open(tool, parsed);
            IndexDescription after = (await server.ChangeAsync(
                indexes => indexes.CompactAsync(request, cancellationToken: cancellation), cancellation)).Index;
            CompactReport report = new(
                after.Name, after.Count, after.Dead, after.Segments, after.SizeInBytes, tool.SecondsSince(start));
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.CompactReport);
            else
                tool.Out.WriteLine(
                    $"{report.Index}: {report.Items:N0} items in {report.Segments} segment(s), {report.Dead:N0} deleted rows, "
                    + $"{report.FileBytes:N0} bytes of files, {report.Seconds:F1} s");
            return ExitCodes.Done;
        });
        return command;
    }
}
