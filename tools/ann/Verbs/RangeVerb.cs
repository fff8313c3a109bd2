using System.CommandLine;
using System.Diagnostics;
using Ann.Protocol.V1;
using Ann.Tool.Queries;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann range</c>: all items that score well enough, and whether there may be more.</summary>
internal static class RangeVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.Required("--index", "NAME", "Name of the index: its file's name without .ann.");
        Option<string[]> text = QueryVerb.Text();
        Option<string?> vectorFile = VerbOptions.Optional(
            "--vector-file", "FILE", $"Query vectors, at most {QueryRows.MaxRows} rows, instead of texts.");
        SearchVerbOptions options = new(SearchKind.Range);
        Option<string?> show = QueryVerb.Show();
        Option<bool> json = VerbOptions.Json();

        Verb command = new("range",
            "Ask a running server for all items within a distance. Says of each query whether there may be more.",
            "ann range --index items --text \"wireless mouse\" --min-score 0.6",
            "ann range --index items --vector-file queries.npy --min-score 0.8 --k 10000 --exact --json")
        {
            connection, index, text, vectorFile, show,
        };
        options.AddTo(command);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] texts = parsed.GetValue(text) ?? [];
            QueryRows.Require(texts, parsed.GetValue(vectorFile));
            using ServerConnection server = connection.Open(tool, parsed);
            string name = parsed.GetRequiredValue(index);
            IndexDescription description = await server.DescribeAsync(name, cancellation);
            RangeRequest request = new() { Search = options.Request(tool, parsed, name, description) };
            string[] names = QueryRows.Fill(tool, request.Search, texts, parsed.GetValue(vectorFile));
            long start = Stopwatch.GetTimestamp();
            DateTime? deadline = options.Deadline(tool, parsed);
            RangeResponse found = await server.ReadAsync(
                retrieval => retrieval.RangeAsync(request, deadline: deadline, cancellationToken: cancellation), cancellation);
            double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            Dictionary<string, string> titles = QueryVerb.ReadTitles(tool, parsed.GetValue(show), found.Answer.Keys);
            QueryReport report = QueryVerb.Report(request.Search, description, found.Answer, names, titles);
            return QueryVerb.Write(tool, report with
            {
                Queries = [.. report.Queries.Zip(found.Bounded, static (query, bounded) => query with { Bounded = bounded })],
                RoundTripUs = microseconds,
            }, parsed.GetValue(json));
        });
        return command;
    }
}
