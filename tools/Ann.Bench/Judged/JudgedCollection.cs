using System.Globalization;
using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;

namespace Ann.Bench.Judged;

/// <summary>Texts, queries, and what people said of how well the one answers the other.</summary>
/// <param name="Name">Name of its folder.</param>
/// <param name="Passages">What is searched.</param>
/// <param name="Queries">What is asked.</param>
/// <param name="Grades">Of each query: passages by number with their grade, above 0 where they answer it.</param>
internal sealed record JudgedCollection(
    string Name, string[] Passages, string[] Queries, IReadOnlyList<IReadOnlyDictionary<int, int>> Grades)
{
    /// <summary>
    /// Reads a folder: BEIR's layout (<c>corpus.jsonl</c>, <c>queries.jsonl</c>, <c>qrels/test.tsv</c>), or that of Glasgow's collections
    /// (<c>doc-text</c>, <c>query-text</c>, <c>rlv-ass</c>: numbered texts that end with a slash).
    /// </summary>
    /// <exception cref="AnnException">NotFound: neither is there. InvalidArgument: a file and line that cannot be read.</exception>
    public static JudgedCollection Read(IFileSystem files, string folder)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        if (files.FileExists(Path.Combine(folder, "corpus.jsonl")))
            return ReadBeir(files, name, folder);
        if (files.FileExists(Path.Combine(folder, "doc-text")))
            return ReadSlashed(files, name, folder);
        throw new AnnException(AnnError.NotFound, $"{folder}: expected corpus.jsonl, or doc-text; found neither.");
    }

    /// <summary>Queries with at least one passage that answers them: the others say nothing and are not counted.</summary>
    public IEnumerable<int> JudgedQueries =>
        Enumerable.Range(0, Queries.Length).Where(query => Grades[query].Values.Any(static grade => grade > 0));

    private static JudgedCollection ReadBeir(IFileSystem files, string name, string folder)
    {
        List<(string Id, string Text)> passages = ReadTexts(files, Path.Combine(folder, "corpus.jsonl"));
        List<(string Id, string Text)> queries = ReadTexts(files, Path.Combine(folder, "queries.jsonl"));
        string judgements = Path.Combine(folder, "qrels", "test.tsv");
        List<(string Query, string Passage, int Grade)> judged = [];
        int line = 0;
        foreach (string[] fields in LinesOf(files, judgements).Select(static text => text.Split('\t')))
        {
            line++;
            if (fields.Length == 3 && int.TryParse(fields[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int grade))
                judged.Add((fields[0], fields[1], grade));
            else if (line > 1) // the first may be a header
                throw AnnException.BadInput(judgements, $"line {line}", "expected query, passage and grade, with tabs between.");
        }
        return Of(name, passages, queries, judged);
    }

    private static JudgedCollection ReadSlashed(IFileSystem files, string name, string folder) => Of(
        name, [.. ReadBlocks(files, Path.Combine(folder, "doc-text"))], [.. ReadBlocks(files, Path.Combine(folder, "query-text"))],
        [
            .. ReadBlocks(files, Path.Combine(folder, "rlv-ass")).SelectMany(static block =>
                block.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(passage => (block.Id, passage, 1))),
        ]);

    private static JudgedCollection Of(
        string name, List<(string Id, string Text)> passages, List<(string Id, string Text)> queries,
        IReadOnlyList<(string Query, string Passage, int Grade)> judged)
    {
        Dictionary<string, int> rows = passages.Select(static (passage, row) => (passage.Id, row)).ToDictionary();
        ILookup<string, (int Row, int Grade)> ofQuery = judged
            .Where(judgement => rows.ContainsKey(judgement.Passage))
            .ToLookup(static judgement => judgement.Query, judgement => (rows[judgement.Passage], judgement.Grade));
        return new JudgedCollection(
            name, [.. passages.Select(static passage => passage.Text)], [.. queries.Select(static query => query.Text)],
            [.. queries.Select(query => ofQuery[query.Id].ToDictionary())]);
    }

    private static List<(string Id, string Text)> ReadTexts(IFileSystem files, string path)
    {
        List<(string, string)> texts = [];
        foreach (string line in LinesOf(files, path))
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                JsonElement root = document.RootElement;
                string title = root.TryGetProperty("title", out JsonElement given) ? given.GetString()! : "";
                string text = root.GetProperty("text").GetString()!;
                texts.Add((root.GetProperty("_id").GetString()!, title.Length == 0 ? text : $"{title} {text}"));
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                throw AnnException.BadInput(path, $"line {texts.Count + 1}", "expected an object with the strings _id and text.");
            }
        }
        return texts;
    }

    /// <summary>A number, its lines, and a slash; again and again.</summary>
    private static IEnumerable<(string Id, string Text)> ReadBlocks(IFileSystem files, string path)
    {
        List<string> lines = [];
        foreach (string line in LinesOf(files, path).Select(static line => line.Trim()))
        {
            if (line.Length > 0 && line != "/")
                lines.Add(line);
            else if (line == "/" && lines.Count > 0)
            {
                yield return (lines[0], string.Join(' ', lines.Skip(1)));
                lines.Clear();
            }
        }
    }

    private static IEnumerable<string> LinesOf(IFileSystem files, string path)
    {
        using StreamReader reader = new(files.OpenRead(path));
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
