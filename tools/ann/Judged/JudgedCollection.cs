using Ann.Core;
using Ann.Core.Keys;
using Ann.Tool.Items;

namespace Ann.Tool.Judged;

/// <summary>A judged collection's texts with their ids.</summary>
/// <param name="Ids">As judgements name them; no two alike.</param>
/// <param name="Texts">As many.</param>
internal sealed record JudgedTexts(string[] Ids, string[] Texts)
{
    /// <summary>
    /// Reads items with a text: JSON lines with <c>_id</c>, <c>title</c> and <c>text</c>, as BEIR has them, CSV, TSV or Parquet.
    /// </summary>
    /// <exception cref="AnnException">InvalidArgument: a file and line that cannot be read, or an id that comes again.</exception>
    public static JudgedTexts Read(ToolContext tool, string path)
    {
        ItemSource source = new() { Path = path, Format = ItemSource.FormatOf(path), KeyKind = KeyKind.String };
        using ItemReader reader = source.Open(tool);
        List<string> ids = [];
        List<string> texts = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        while (reader.TryRead())
        {
            if (!seen.Add(reader.KeyText))
                throw reader.Bad($"the id '{PrintedText.Of(reader.KeyText)}' was there before.");
            ids.Add(reader.KeyText);
            texts.Add(reader.Text.Trim());
        }
        return ids.Count > 0 ? new JudgedTexts([.. ids], [.. texts]) : throw AnnException.BadInput(path, "", "it holds no texts.");
    }
}

/// <summary>Texts, queries, and what people said of how well the one answers the other.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Passages">What is searched.</param>
/// <param name="Queries">What is asked.</param>
/// <param name="Grades">
/// Of each query: passages by number with their grade, above 0 where they answer it. A number below 0 is a judged passage that the
/// collection lacks: it is never found, and counts among those that were to be found, as trec_eval has it.
/// </param>
internal sealed record JudgedCollection(
    string Name, JudgedTexts Passages, JudgedTexts Queries, IReadOnlyList<IReadOnlyDictionary<int, int>> Grades)
{
    /// <summary>Judgements of passages that it lacks.</summary>
    public int Missing => Grades.Sum(static grades => grades.Keys.Count(static passage => passage < 0));

    /// <summary>Queries with at least one passage that answers them: the others say nothing and are not counted.</summary>
    public IEnumerable<int> JudgedQueries =>
        Enumerable.Range(0, Grades.Count).Where(query => Grades[query].Values.Any(static grade => grade > 0));

    /// <summary>
    /// Reads a folder: BEIR's layout (<c>corpus.jsonl</c>, <c>queries.jsonl</c>, <c>qrels/test.tsv</c>), or that of Glasgow's collections
    /// (<c>doc-text</c>, <c>query-text</c>, <c>rlv-ass</c>: numbered texts that end with a slash).
    /// </summary>
    /// <exception cref="AnnException">NotFound: neither is there. InvalidArgument: a file and line that cannot be read.</exception>
    public static JudgedCollection ReadFolder(ToolContext tool, string folder)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        if (tool.Files.FileExists(Path.Combine(folder, "corpus.jsonl")))
        {
            return Read(
                tool, name, Path.Combine(folder, "corpus.jsonl"), Path.Combine(folder, "queries.jsonl"),
                Path.Combine(folder, "qrels", "test.tsv"));
        }
        return tool.Files.FileExists(Path.Combine(folder, "doc-text"))
            ? SlashedTexts.ReadFolder(tool.Files, name, folder)
            : throw new AnnException(AnnError.NotFound, $"{folder}: expected corpus.jsonl, or doc-text; found neither.");
    }

    /// <summary>Reads a collection of three files.</summary>
    /// <exception cref="AnnException">InvalidArgument: a file and line that cannot be read, or no query that is judged.</exception>
    public static JudgedCollection Read(ToolContext tool, string name, string corpus, string queries, string judgements)
    {
        JudgedCollection read = Of(
            name, JudgedTexts.Read(tool, corpus), JudgedTexts.Read(tool, queries), Judgement.ReadAll(tool.Files, judgements));
        return read.JudgedQueries.Any()
            ? read
            : throw AnnException.BadInput(judgements, "", $"no query of {queries} has a passage with a grade above 0.");
    }

    /// <summary>Brings texts and judgements together. Judgements of queries that are not asked are left out.</summary>
    public static JudgedCollection Of(
        string name, JudgedTexts passages, JudgedTexts queries, IReadOnlyList<Judgement> judgements)
    {
        Dictionary<string, int> rows = passages.Ids.Select(static (id, row) => (id, row)).ToDictionary(StringComparer.Ordinal);
        Dictionary<string, int>[] ofQuery =
            [.. queries.Ids.Select(static _ => new Dictionary<string, int>(StringComparer.Ordinal))];
        Dictionary<string, int> asked = queries.Ids.Select(static (id, row) => (id, row)).ToDictionary(StringComparer.Ordinal);
        foreach (Judgement judgement in judgements)
            if (asked.TryGetValue(judgement.Query, out int query))
                ofQuery[query][judgement.Passage] = judgement.Grade;
        return new JudgedCollection(name, passages, queries, [.. ofQuery.Select(grades => Rows(grades))]);

        Dictionary<int, int> Rows(Dictionary<string, int> grades)
        {
            int missing = 0;
            return grades.ToDictionary(pair => rows.TryGetValue(pair.Key, out int row) ? row : --missing, static pair => pair.Value);
        }
    }
}
