using System.Globalization;
using System.Text.Json;
using Ann.Encoding;

namespace Ann.Tests.Encoding;

/// <summary>A judged collection in BEIR layout, searched exactly.</summary>
internal sealed record JudgedRetrieval(string[] Passages, string[] Queries, IReadOnlyList<IReadOnlyDictionary<int, int>> Grades)
{
    public static JudgedRetrieval Read(string folder)
    {
        List<(string Id, string Text)> passages = ReadTexts(Path.Combine(folder, "corpus.jsonl"));
        List<(string Id, string Text)> queries = ReadTexts(Path.Combine(folder, "queries.jsonl"));
        Dictionary<string, int> rows = passages.Select((passage, row) => (passage.Id, row)).ToDictionary(pair => pair.Id, pair => pair.row);
        ILookup<string, (int Row, int Grade)> judged = File.ReadLines(Path.Combine(folder, "qrels", "test.tsv"))
            .Select(line => line.Split('\t'))
            .Where(fields => fields.Length == 3 && rows.ContainsKey(fields[1]))
            .ToLookup(fields => fields[0], fields => (rows[fields[1]], int.Parse(fields[2], CultureInfo.InvariantCulture)));
        return new JudgedRetrieval(
            [.. passages.Select(passage => passage.Text)],
            [.. queries.Select(query => query.Text)],
            [.. queries.Select(query => judged[query.Id].ToDictionary(pair => pair.Row, pair => pair.Grade))]);
    }

    /// <summary>Mean nDCG@10 over the queries that have judgements; the gain is the grade itself, as trec_eval has it.</summary>
    public double Ndcg10(TextEncoder encoder)
    {
        float[][] passages = encoder.Encode(Passages);
        float[][] queries = encoder.Encode(Queries);
        List<double> values = [];
        for (int query = 0; query < queries.Length; query++)
        {
            if (Grades[query].Count == 0)
                continue;
            IEnumerable<int> best = Enumerable.Range(0, passages.Length)
                .OrderByDescending(row => Rows.Dot(queries[query], passages[row])).Take(10);
            double found = Dcg(best.Select(row => Grades[query].GetValueOrDefault(row)));
            values.Add(found / Dcg(Grades[query].Values.OrderDescending().Take(10)));
        }
        return values.Average();
    }

    private static double Dcg(IEnumerable<int> grades) => grades.Select((grade, rank) => grade / Math.Log2(rank + 2)).Sum();

    private static List<(string Id, string Text)> ReadTexts(string path) =>
        [.. File.ReadLines(path).Select(line =>
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            string title = root.TryGetProperty("title", out JsonElement given) ? given.GetString()! : "";
            string text = root.GetProperty("text").GetString()!;
            return (root.GetProperty("_id").GetString()!, title.Length == 0 ? text : title + " " + text);
        })];
}
