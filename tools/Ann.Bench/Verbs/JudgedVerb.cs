using System.CommandLine;
using System.Text.Json;
using Ann.Bench.Reports;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Searching;
using Ann.Encoding;
using Ann.Tool;
using Ann.Tool.Judged;

namespace Ann.Bench.Verbs;

/// <summary><c>judged</c>: how well encoders answer queries that people judged, by exact search and through an index.</summary>
internal static class JudgedVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string[]> collections = new("--collection")
        {
            Description = "Folder of a judged collection: corpus.jsonl, queries.jsonl and qrels/test.tsv, or doc-text, query-text and "
                + "rlv-ass. May be repeated.",
            HelpName = "DIR",
            Required = true,
        };
        Option<string> encoders = VerbOptions.Required(
            "--encoders", "LIST", "Text encoders: directories or names (default, minilm, arctic-xs), with commas between.");
        Option<string> metric = VerbOptions.Choice("--metric", "How nearness is measured.", "cosine", MetricTraits.Names.All);
        Option<int> ef = VerbOptions.Number(
            "--ef", "Beam width of the index's searches.", 256, 100, SearchParameters.MaxEfSearch);
        Option<int> threads = VerbOptions.Number("--threads", "Of builds and exact scans.", Environment.ProcessorCount, 1, 1024);
        Option<string?> json = VerbOptions.Optional("--json", "FILE", "Write every figure.");

        Verb command = new("judged",
            "Encode judged collections, passages as documents and queries as queries, and tell nDCG@10 and recall@100 of exact search and "
                + "of an index at its defaults. Exits with 1 where the two are more than 0.005 apart.",
            $"{Program.Name} judged --collection ir-msmarco5k --collection ir-npl --encoders default,minilm,arctic-xs")
        {
            collections, encoders, metric, ef, threads, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            if (parsed.GetValue(json) is { } target)
                OutputPath.Require(tool.Files, target);
            JudgedSearch search = new()
            {
                Metric = MetricTraits.Names.Parse(parsed.GetValue(metric)),
                Ef = parsed.GetValue(ef),
                Threads = parsed.GetValue(threads),
            };
            JudgedCollection[] judged =
                [.. parsed.GetRequiredValue(collections).Select(folder => JudgedCollection.ReadFolder(tool, folder))];
            List<JudgedCell> cells = Run(tool, judged, parsed.GetRequiredValue(encoders), search, cancellation);
            Write(tool, parsed.GetValue(json), cells);
            return Task.FromResult(cells.All(static cell => cell.IsKept) ? ExitCodes.Done : ExitCodes.CheckFailed);
        });
        return command;
    }

    private static List<JudgedCell> Run(
        ToolContext tool, JudgedCollection[] collections, string encoders, JudgedSearch search, CancellationToken cancellation)
    {
        string[] names = encoders.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0)
            throw AnnException.Invalid("--encoders", $"--encoders is '{encoders}', which names none.");
        EncoderOptions options = new() { Threads = search.Threads, MaxBatchRows = EncoderChoice.TextBatchRows };
        DirectoryInfo work = Directory.CreateTempSubdirectory("ann-judged-");
        try
        {
            JudgedRun run = new(tool, work.FullName, search);
            List<JudgedCell> cells = [];
            JudgedTable.PrintHead(tool.Out);
            foreach (string name in names)
            {
                using TextEncoder encoder = EncoderChoice.OpenText(tool, EncoderChoice.PlaceOf(tool, name), options);
                foreach (JudgedCollection collection in collections)
                {
                    cells.Add(CellOf(collection, run.Run(collection, encoder, cancellation)));
                    JudgedTable.Print(tool.Out, cells[^1]);
                }
            }
            return cells;
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static JudgedCell CellOf(JudgedCollection collection, JudgedResult result) => new()
    {
        Collection = collection.Name,
        Encoder = result.Encoder.Name,
        Fingerprint = result.Encoder.FingerprintText,
        Passages = collection.Passages.Ids.Length,
        Queries = result.Exact.Length,
        Exact = RankingScores.Mean(result.Exact),
        Index = RankingScores.Mean(result.Index),
    };

    private static void Write(ToolContext tool, string? path, List<JudgedCell> cells)
    {
        if (path is null)
            return;
        using AtomicFile file = new(tool.Files, path);
        file.Stream.Write(JsonSerializer.SerializeToUtf8Bytes(cells, BenchJson.Default.ListJudgedCell));
        file.Commit();
    }
}
