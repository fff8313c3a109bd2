using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Ann.Protocol.V1;
using Ann.Tool.Items;
using Ann.Tool.Queries;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann query</c>: asks a running server, as a small gRPC client.</summary>
internal static class QueryVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.Required("--index", "NAME", "Name of the index: its file's name without .ann.");
        Option<string[]> text = Text();
        Option<string?> vectorFile = VerbOptions.Optional(
            "--vector-file", "FILE", $"Query vectors, at most {QueryRows.MaxRows} rows, instead of texts.");
        Option<string?> batch = VerbOptions.Optional(
            "--batch", "FILE", "Instead of all that says what is searched for: a JSON of ann.v1.SearchRequest a line, in one call.");
        SearchVerbOptions options = new();
        Option<string?> show = Show();
        Option<bool> json = VerbOptions.Json();

        Verb command = new("query",
            "Ask a running server for the nearest items.",
            "ann query --index items --text \"wireless mouse\" --show items.jsonl",
            "ann query --index items --text \"trail shoes\" --filter \"category in (shoes, boots) and price < 50\" --attributes price",
            "ann query --index items --text \"trail shoes\" --text tents --union --cap brand=2 --exclude-set seen:user:42 --mmr 0.7",
            "ann query --index items --batch searches.jsonl --deadline-ms 1000")
        {
            connection, index, text, vectorFile, batch, show,
        };
        options.AddTo(command);
        command.Add(json);
        command.Validators.Add(result => options.RequireAlone(result, batch, [text, vectorFile, show]));
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(batch) is string path)
            {
                using ServerConnection asked = connection.Open(tool, parsed);
                return await SearchBatch.RunAsync(
                    tool, asked, parsed.GetRequiredValue(index), path, options.Deadline(tool, parsed), cancellation);
            }
            string[] texts = parsed.GetValue(text) ?? [];
            QueryRows.Require(texts, parsed.GetValue(vectorFile));
            using ServerConnection server = connection.Open(tool, parsed);
            string name = parsed.GetRequiredValue(index);
            IndexDescription description = await server.DescribeAsync(name, cancellation);
            SearchRequest search = options.Request(tool, parsed, name, description);
            string[] names = QueryRows.Fill(tool, search, texts, parsed.GetValue(vectorFile));
            long start = Stopwatch.GetTimestamp();
            SearchResponse found = await server.SearchAsync(search, cancellation, options.Deadline(tool, parsed));
            double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds;

            QueryReport report = Report(search, description, found, names, ReadTitles(tool, parsed.GetValue(show), found.Keys));
            return Write(tool, report with { RoundTripUs = microseconds }, parsed.GetValue(json));
        });
        return command;
    }

    /// <summary><c>--text</c> of a query.</summary>
    internal static Option<string[]> Text() => new("--text")
    {
        Description = "A text, encoded by the server with the index's encoder. May be repeated.",
        HelpName = "TEXT",
    };

    /// <summary><c>--show</c>. Read it with <see cref="ReadTitles"/>.</summary>
    internal static Option<string?> Show() =>
        VerbOptions.Optional("--show", "FILE", "The items as .jsonl: prints title and text of each result.");

    /// <summary>Writes a report as JSON or for a person.</summary>
    internal static int Write(ToolContext tool, QueryReport report, bool asJson)
    {
        if (asJson)
            ToolJson.Write(tool, report, ToolJson.Default.QueryReport);
        else
            Print(tool.Out, report);
        return ExitCodes.Done;
    }

    /// <summary>An answer as a report.</summary>
    /// <param name="search">What was asked.</param>
    /// <param name="index">The index.</param>
    /// <param name="found">The answer.</param>
    /// <param name="names">What each query is called.</param>
    /// <param name="titles">What items say, by key; keys may be missing.</param>
    internal static QueryReport Report(
        SearchRequest search, IndexDescription index, SearchResponse found, string[] names, Dictionary<string, string> titles)
    {
        SearchStats stats = found.Stats ?? new SearchStats();
        int lists = Math.Max(0, found.RowOffsets.Count - 1);
        JsonObject[]? attributes = search.Attributes.Count == 0
            ? null
            : RemoteAttributes.Objects(found.Attributes, RemoteAttributes.Schema(index), found.Scores.Count);
        return new QueryReport
        {
            Index = search.Index,
            Generation = found.Generation,
            LargerIsNearer = index.LargerIsNearer,
            Queries =
            [
                .. Enumerable.Range(0, lists).Select(list => new QueryAnswer(
                    lists == names.Length ? names[list] : $"union of {names.Length} queries",
                    SearchAnswers.Hits(found, list, titles, attributes))),
            ],
            Completeness = AnswerFacts.Word(found.Completeness),
            Plan = AnswerFacts.Word(stats.Plan),
            Matching = stats.HasMatching ? stats.Matching : null,
            Selectivity = stats.HasSelectivity ? stats.Selectivity : null,
            FilterUs = stats.HasMatching ? stats.FilterUs : null,
            EstimatedRecall = stats.HasEstimatedRecall ? stats.EstimatedRecall : null,
            TargetOutOfReach = stats.TargetOutOfReach ? true : null,
            EfSearch = stats.EfSearch > 0 ? stats.EfSearch : null,
            BrownOut = stats.BrownOut > 0 ? stats.BrownOut : null,
            Quotas = AnswerFacts.Quotas(search, found),
            Visited = stats.Visited,
            QueueUs = stats.QueueUs,
            SearchUs = stats.SearchUs,
            EncodeUs = stats.EncodeUs > 0 ? stats.EncodeUs : null,
            RoundTripUs = 0,
        };
    }

    /// <summary>Titles of the results only: the file may be larger than memory.</summary>
    internal static Dictionary<string, string> ReadTitles(ToolContext tool, string? path, KeyColumn wanted)
    {
        if (path is null)
            return [];
        int results = Math.Max(wanted.Texts.Count, wanted.Numbers.Count);
        HashSet<string> keys = [.. Enumerable.Range(0, results).Select(position => ServerConnection.KeyAt(wanted, position))];
        Dictionary<string, string> titles = new(keys.Count, StringComparer.Ordinal);
        using ItemReader items = new ItemSource { Path = path, Format = ItemSource.FormatOf(path) }.Open(tool);
        while (items.TryRead())
            if (keys.Contains(items.KeyText))
                titles[items.KeyText] = items.Text;
        return titles;
    }

    private static void Print(TextWriter text, QueryReport report)
    {
        foreach (QueryAnswer answer in report.Queries)
        {
            text.WriteLine(PrintedText.Of(answer.Text));
            SearchAnswers.Print(text, answer);
            if (answer.Bounded == true)
                text.WriteLine($"  … {answer.Results.Count} are in the range, as many as were wanted: there may be more");
        }
        text.WriteLine(
            $"{report.Index}, generation {report.Generation}: searched for {report.SearchUs / 1000.0:F2} ms, "
            + $"{report.Visited:N0} distances; {(report.LargerIsNearer ? "larger" : "smaller")} scores are nearer");
        text.WriteLine(
            $"  round trip {report.RoundTripUs / 1000:F2} ms, with the network and a client that has just started"
            + (report.EncodeUs is { } encoded ? $"; {encoded / 1000.0:F2} ms of it in the server's encoder" : "")
            + (report.QueueUs >= 1000 ? $"; {report.QueueUs / 1000.0:F2} ms of it in the server's queue" : ""));
        AnswerFacts.Print(text, report);
        if (report.Missing is not null)
            text.WriteLine("  examples without an item: " + string.Join(", ", report.Missing.Select(PrintedText.Of)));
    }
}
