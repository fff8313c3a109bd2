using System.CommandLine;
using System.Globalization;
using Ann.Protocol.V1;
using Ann.Tool.Queries;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann prepare</c>: makes a filter known to a server, to be named by its hash.</summary>
internal static class PrepareVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.Required("--index", "NAME", "Name of the index: its file's name without .ann.");
        Option<string> filter = VerbOptions.Required("--filter", "FILTER", "What ann query takes as --filter.");
        Option<bool> json = VerbOptions.Json();
        Verb command = new("prepare",
            "Make a filter known to a running server, for searches to name by its hash (ann query --prepared-filter HASH).",
            "ann prepare --index items --filter \"category in (shoes, boots) and price < 50\"")
        {
            connection, index, filter, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServerConnection server = connection.Open(tool, parsed);
            string name = parsed.GetRequiredValue(index);
            IndexDescription description = await server.DescribeAsync(name, cancellation);
            PrepareFilterRequest request = new()
            {
                Index = name,
                Filter = SearchVerbOptions.ParseFilter("--filter", parsed.GetRequiredValue(filter), description),
            };
            PrepareFilterResponse prepared = await server.ReadAsync(
                retrieval => retrieval.PrepareFilterAsync(request, cancellationToken: cancellation), cancellation);
            PrepareReport report = new(
                name, prepared.PreparedFilter.ToString("x16", CultureInfo.InvariantCulture), prepared.Matching);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.PrepareReport);
            else
                tool.Out.WriteLine($"{report.Index}: prepared filter {report.PreparedFilter} takes {report.Matching:N0} items");
            return ExitCodes.Done;
        });
        return command;
    }
}
