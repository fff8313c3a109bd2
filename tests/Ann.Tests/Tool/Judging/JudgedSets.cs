using System.Text.Json;
using Ann.Tests.Files.Formats;

namespace Ann.Tests.Tool.Judging;

/// <summary>A judged set as three files.</summary>
internal sealed record JudgedFiles(string Corpus, string Queries, string Qrels);

/// <summary>Judged sets: real ones where they are, and one that is made from a seed.</summary>
internal static class JudgedSets
{
    public const int Seed = 20261201;

    public static JudgedFiles MsMarco() => new(
        SharedData.Require("ir-msmarco5k/corpus.jsonl"), SharedData.Require("ir-msmarco5k/queries.jsonl"),
        SharedData.Require("ir-msmarco5k/qrels/test.tsv"));

    /// <summary>NPL in files of BEIR and TREC.</summary>
    public static JudgedFiles Npl(TemporaryFolder folder)
    {
        string Write(string name, string source)
        {
            File.WriteAllLines(folder[name], Blocks(SharedData.Require(source)).Select(
                static block => JsonSerializer.Serialize(new { _id = block[0], text = string.Join(' ', block.Skip(1)) })));
            return folder[name];
        }
        File.WriteAllLines(folder["npl.qrels"], Blocks(SharedData.Require("ir-npl/rlv-ass")).SelectMany(
            static block => string.Join(' ', block.Skip(1)).Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(passage => $"{block[0]} 0 {passage} 1")));
        return new JudgedFiles(Write("npl.jsonl", "ir-npl/doc-text"), Write("npl-queries.jsonl", "ir-npl/query-text"), folder["npl.qrels"]);
    }

    /// <summary>
    /// Grades from −1 to 3, passages that are word for word alike (ties), judged passages that are not there, a query without judgements.
    /// </summary>
    public static JudgedFiles Made(TemporaryFolder folder, int passages = 400, int queries = 25)
    {
        Random random = new(Seed);
        string[] words =
            [.. Enumerable.Range(0, 120).Select(i => $"{(char)('a' + (i % 26))}{(char)('a' + (i / 3 % 26))}word{i * 7919 % 997}")];
        string Text(int length) => string.Join(' ', Enumerable.Range(0, length).Select(_ => words[random.Next(words.Length)]));
        string[] texts = [.. Enumerable.Range(0, passages).Select(_ => Text(12))];
        for (int i = 0; i < passages; i += 5)
            texts[i] = texts[random.Next(passages)];
        File.WriteAllLines(
            folder["corpus.jsonl"], texts.Select(static (text, i) => JsonSerializer.Serialize(new { _id = $"d{i}", title = "", text })));
        List<string> asked = [];
        List<string> judged = [];
        for (int query = 0; query < queries; query++)
        {
            string source = texts[random.Next(passages)];
            asked.Add(JsonSerializer.Serialize(new { _id = $"q{query}", text = source[..(source.Length / 2)] }));
            if (query == 3)
                continue;
            string first = source[..8];
            foreach ((string text, int i) in texts.Select(static (text, i) => (text, i)))
                if (text.Contains(first, StringComparison.Ordinal) || random.Next(60) == 0)
                    judged.Add($"q{query} Q0 d{i} {random.Next(-1, 4)}");
            judged.Add($"q{query} Q0 gone{query} {1 + (query % 3)}");
        }
        File.WriteAllLines(folder["queries.jsonl"], asked);
        File.WriteAllLines(folder["made.qrels"], judged);
        return new JudgedFiles(folder["corpus.jsonl"], folder["queries.jsonl"], folder["made.qrels"]);
    }

    private static IEnumerable<string[]> Blocks(string path)
    {
        List<string> block = [];
        foreach (string line in File.ReadLines(path).Select(static line => line.Trim()).Where(static line => line.Length > 0))
        {
            if (line != "/")
            {
                block.Add(line);
                continue;
            }
            if (block.Count > 0)
                yield return [.. block];
            block.Clear();
        }
    }
}
