using System.Diagnostics;
using System.Text.Json;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Remote;
using Ann.Tool.Reports;
using Ann.Tool.Verbs;
using Google.Protobuf;

namespace Ann.Tool.Queries;

/// <summary>A file with a search a line, asked in one call; an answer a line.</summary>
internal static class SearchBatch
{
    private static readonly ToolJson Lines = new(new JsonSerializerOptions(ToolJson.Default.Options) { WriteIndented = false });

    /// <summary>Asks, and writes a report a line, in the order of the file.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the line of the file; or as the server answers.</exception>
    public static async Task<int> RunAsync(
        ToolContext tool, ServerConnection server, string index, string path, DateTime? deadline, CancellationToken cancellation)
    {
        SearchManyRequest request = Read(tool, index, path);
        IndexDescription description = await server.DescribeAsync(index, cancellation);
        long start = Stopwatch.GetTimestamp();
        SearchManyResponse found = await server.SearchManyAsync(request, cancellation, deadline);
        double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        foreach ((int i, SearchResponse answer) in found.Answers.Index())
        {
            SearchRequest search = request.Searches[i];
            search.Index = index;
            string[] names = search.Union is null
                ? [.. Enumerable.Range(0, Math.Max(0, answer.RowOffsets.Count - 1)).Select(static row => $"row {row}")]
                : ["union"];
            QueryReport report = QueryVerb.Report(search, description, answer, names, []);
            tool.Out.WriteLine(JsonSerializer.Serialize(report with { RoundTripUs = microseconds }, Lines.QueryReport));
        }
        return ExitCodes.Done;
    }

    private static SearchManyRequest Read(ToolContext tool, string index, string path)
    {
        SearchManyRequest request = new() { Index = index };
        using StreamReader lines = new(tool.Files.OpenRead(path));
        for (int number = 1; lines.ReadLine() is string line; number++)
        {
            if (line.AsSpan().Trim().IsEmpty)
                continue;
            try
            {
                request.Searches.Add(JsonParser.Default.Parse<SearchRequest>(line));
            }
            catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException or FormatException or OverflowException)
            {
                throw AnnException.BadInput(path, $"line {number}", $"a JSON of ann.v1.SearchRequest was expected: {e.Message}", e);
            }
        }
        if (request.Searches.Count == 0)
            throw AnnException.BadInput(path, "", "it holds no search; a JSON of ann.v1.SearchRequest a line was expected.");
        return request;
    }
}
