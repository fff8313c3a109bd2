using System.CommandLine;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann list</c>: the indexes that a server hosts.</summary>
internal static class ListVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("list",
            "List the indexes of a running server: state, items, dimension, metric, memory. ann describe tells all of one.",
            "ann list --json")
        {
            connection, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServerConnection server = connection.Open(tool, parsed);
            ListReport report = new(
                server.Address, [.. (await server.ListAsync(cancellation)).Indexes.Select(HostedIndexes.Of)]);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.ListReport);
            else
                Print(tool.Out, report);
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Print(TextWriter text, ListReport report)
    {
        if (report.Indexes.Count == 0)
        {
            text.WriteLine($"{report.Address} hosts no index");
            return;
        }
        int width = Math.Max("index".Length, report.Indexes.Max(static index => index.Index.Length));
        text.WriteLine(
            $"{"index".PadRight(width)}  {"state",-8} {"kind",-5}{"items",14}{"dim",7}  {"metric",-7} {"keys",-7}{"loaded bytes",18}");
        foreach (HostedIndexReport index in report.Indexes)
        {
            string name = index.Index.PadRight(width);
            text.WriteLine(index.Facts is not { } facts
                ? $"{name}  {index.State,-8} {index.Failure}".TrimEnd()
                : $"{name}  {index.State,-8} {(facts.Live ? "live" : "file"),-5}{facts.Items,14:N0}{facts.Dimension,7}  "
                + $"{facts.Metric,-7} {facts.KeyType,-7}{facts.LoadedBytes,18:N0}");
        }
    }
}
