using System.CommandLine;
using System.Diagnostics;
using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Core.Hnsw;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann query</c>: asks a running server, as a small gRPC client.</summary>
internal static class QueryVerb
{
    private const int MaxRows = 1024;

    /// <summary>What was asked.</summary>
    private sealed record Request(string Index, string[] Texts, string? VectorFile, int K, int Ef, bool Exact, string? Show);

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> address = VerbOptions.Address();
        Option<string> index = VerbOptions.Required("--index", "NAME", "Name of the index: its file's name without .ann.");
        Option<string[]> text = new("--text")
        {
            Description = "A text, encoded by the server with the index's encoder. May be repeated.",
            HelpName = "TEXT",
        };
        Option<string?> vectorFile = VerbOptions.Optional(
            "--vector-file", "FILE", $"Query vectors, at most {MaxRows} rows, instead of texts.");
        Option<int> k = VerbOptions.Number("--k", "Results a query.", 10, 1, SearchParameters.MaxK);
        Option<int> ef = VerbOptions.Number(
            "--ef", "Beam width, at least k; 0 leaves it to the server.", 0, 0, SearchParameters.MaxEfSearch);
        Option<bool> exact = new("--exact") { Description = "Scan every item instead of walking the graph." };
        Option<string?> show = VerbOptions.Optional("--show", "FILE", "The items as .jsonl: prints title and text of each result.");
        Option<bool> json = VerbOptions.Json();

        Verb command = new("query",
            "Ask a running server for the nearest items.",
            "ann query --index items --text \"wireless mouse\" --show items.jsonl")
        {
            address, index, text, vectorFile, k, ef, exact, show, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            Request request = new(
                parsed.GetRequiredValue(index), parsed.GetValue(text) ?? [], parsed.GetValue(vectorFile), parsed.GetValue(k),
                parsed.GetValue(ef), parsed.GetValue(exact), parsed.GetValue(show));
            if (request.Texts.Length == 0 == (request.VectorFile is null))
                throw AnnException.Invalid("--text", "expected either --text or --vector-file.");
            using ServerConnection server = new(parsed.GetValue(address)!);
            QueryReport report = await RunAsync(tool, server, request, cancellation);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.QueryReport);
            else
                Print(tool.Out, report);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<QueryReport> RunAsync(
        ToolContext tool, ServerConnection server, Request request, CancellationToken cancellation)
    {
        SearchRequest search = new() { Index = request.Index, K = (uint)request.K };
        if (request.Ef > 0)
            search.EfSearch = (uint)request.Ef;
        if (request.Exact)
            search.Exact = true;
        string[] names = request.Texts;
        if (request.VectorFile is not null)
        {
            (search.Queries, names) = ReadVectors(tool, request.VectorFile);
        }
        else
        {
            EmbedResponse embedded = await server.EmbedAsync(request.Index, request.Texts, cancellation);
            search.Queries = embedded.Vectors;
            search.EncoderFingerprint = embedded.EncoderFingerprint;
        }

        IndexDescription description = await server.DescribeAsync(request.Index, cancellation);
        long start = Stopwatch.GetTimestamp();
        SearchResponse found = await server.SearchAsync(search, cancellation);
        double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds;

        Dictionary<string, string> titles = request.Show is null ? [] : ReadTitles(tool, request.Show, found.Keys);
        return new QueryReport
        {
            Index = request.Index,
            Generation = found.Generation,
            LargerIsNearer = description.LargerIsNearer,
            Queries = [.. names.Select((name, row) => new QueryAnswer(name, SearchAnswers.Hits(found, row, titles)))],
            Visited = found.Stats?.Visited ?? 0,
            SearchUs = microseconds,
        };
    }

    private static (VectorBatch Batch, string[] Names) ReadVectors(ToolContext tool, string path)
    {
        using VectorReader reader = VectorFile.OpenReader(tool.Files, path);
        if (reader.Notice is not null)
            tool.Notice(reader.Notice);
        if (reader.Count > MaxRows)
            throw AnnException.BadInput(path, "", $"it holds {reader.Count} rows; at most {MaxRows} can be asked at once.");
        float[] values = new float[reader.Count * reader.Dimension];
        for (int row = 0; row < reader.Count;)
            row += reader.ReadRows(values.AsSpan(row * reader.Dimension));
        string[] names = [.. Enumerable.Range(0, (int)reader.Count).Select(row => $"row {row}")];
        return (ServerConnection.ToBatch(values, reader.Dimension), names);
    }

    /// <summary>Titles of the results only: the file may be larger than memory.</summary>
    private static Dictionary<string, string> ReadTitles(ToolContext tool, string path, KeyColumn wanted)
    {
        int results = Math.Max(wanted.Texts.Count, wanted.Numbers.Count);
        HashSet<string> keys = [.. Enumerable.Range(0, results).Select(position => ServerConnection.KeyAt(wanted, position))];
        Dictionary<string, string> titles = new(keys.Count, StringComparer.Ordinal);
        using JsonlTextReader reader = new(tool.Files, path);
        List<string> texts = [];
        int row = 0;
        while (reader.ReadTexts(texts, 1024) > 0)
        {
            foreach (string text in texts)
            {
                string key = reader.Keys.Format(row++);
                if (keys.Contains(key))
                    titles[key] = text;
            }
        }
        return titles;
    }

    private static void Print(TextWriter text, QueryReport report)
    {
        foreach (QueryAnswer answer in report.Queries)
        {
            text.WriteLine(answer.Text);
            SearchAnswers.Print(text, answer);
        }
        text.WriteLine(
            $"{report.Index}, generation {report.Generation}: {report.SearchUs / 1000:F2} ms, {report.Visited:N0} distances; "
            + $"{(report.LargerIsNearer ? "larger" : "smaller")} scores are nearer");
    }
}
