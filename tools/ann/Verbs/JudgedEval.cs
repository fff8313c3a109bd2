using System.CommandLine;
using System.CommandLine.Parsing;
using Ann.Core;
using Ann.Encoding;
using Ann.Tool.Judged;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann eval --qrels</c>: which encoder answers better, by texts that people judged.</summary>
internal sealed class JudgedEval
{
    private readonly Option<string?> _qrels = VerbOptions.Optional(
        "--qrels", "FILE", "Judgements, of TREC (query, iteration, passage, grade) or BEIR (query, passage, grade, with tabs): measures "
            + "encoders by them. Needs --corpus and --queries, both texts.");

    private readonly Option<string?> _corpus = VerbOptions.Optional(
        "--corpus", "FILE", "With --qrels: the passages, as JSON lines with _id, title and text (BEIR), or as ann encode reads them.");

    private readonly Option<string?> _encoders = VerbOptions.Optional(
        "--encoders", "LIST", "With --qrels: encoders, with commas between: directories, or default, minilm, arctic-xs. The others are "
            + "compared with the first. Default: default.");

    private readonly Option<string> _metric =
        VerbOptions.Choice("--metric", "With --qrels: how nearness is measured.", "cosine", MetricTraits.Names.All);

    private readonly Option<int> _depth = VerbOptions.Number(
        "--depth", "With --qrels: ranks that recall, MRR and MAP look at.", 100, 1, 10_000);

    private readonly Option<bool> _perQuery = new("--per-query")
    {
        Description = "With --qrels and --json: the scores of each query, too.",
    };

    /// <summary>Adds its options.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_qrels, _corpus, _encoders, _metric, _depth, _perQuery])
            command.Add(option);
    }

    /// <summary>True where judged texts are to be measured.</summary>
    public bool IsAsked(SymbolResult result) => result.GetResult(_qrels) is not null;

    /// <summary>Refuses what does not go with it, and it without what it needs.</summary>
    public void Check(CommandResult result)
    {
        if (IsAsked(result) && result.GetResult(_corpus) is null)
            result.AddError("--qrels needs --corpus, the passages that are judged.");
        if (!IsAsked(result) && ((Option[])[_corpus, _encoders, _metric, _depth, _perQuery])
            .FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } stray)
            result.AddError($"{stray.Name} belongs to --qrels.");
    }

    /// <summary>Measures.</summary>
    /// <param name="tool">Whose output.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="queries">File of the queries.</param>
    /// <param name="shape">Results and beam width.</param>
    /// <param name="seed">Of the bootstrap.</param>
    /// <param name="cancellation">Asks for an end.</param>
    public JudgedReport Run(
        ToolContext tool, ParseResult parsed, string queries, (int K, int Ef) shape, int seed, CancellationToken cancellation)
    {
        (int k, int ef, int depth) = (shape.K, shape.Ef, Math.Max(shape.K, parsed.GetValue(_depth)));
        if (ef < depth)
            throw AnnException.Invalid("--ef", $"--ef is {ef} at most; it must be --depth ({depth}) or more.");
        string named = parsed.GetValue(_encoders) ?? EncoderChoice.Default;
        string[] encoders = named.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (encoders.Length == 0)
            throw AnnException.Invalid("--encoders", $"--encoders is '{named}', which names none.");
        JudgedSearch search = new()
        {
            Metric = MetricTraits.Names.Parse(parsed.GetRequiredValue(_metric)),
            K = k,
            Depth = depth,
            Ef = ef,
            Threads = Environment.ProcessorCount,
        };
        (string qrels, string corpus) = (parsed.GetValue(_qrels)!, parsed.GetValue(_corpus)!);
        JudgedCollection collection = JudgedCollection.Read(tool, Path.GetFileName(qrels), corpus, queries, qrels);
        List<(string Name, JudgedResult Result)> measured = Measure(tool, collection, search, encoders, cancellation);
        return new JudgedReport
        {
            Qrels = qrels,
            Corpus = corpus,
            Passages = collection.Passages.Ids.Length,
            Queries = collection.JudgedQueries.Count(),
            Missing = collection.Missing,
            K = k,
            Depth = depth,
            Metric = search.Metric.Traits().Name,
            Ef = ef,
            Resamples = PairedBootstrap.Resamples,
            Seed = seed,
            Encoders = [.. measured.Select(one => Describe(one, measured[0].Result, collection, seed, parsed.GetValue(_perQuery)))],
        };
    }

    private static List<(string Name, JudgedResult Result)> Measure(
        ToolContext tool, JudgedCollection collection, JudgedSearch search, string[] encoders, CancellationToken cancellation)
    {
        EncoderOptions options = new() { MaxBatchRows = EncoderChoice.TextBatchRows };
        DirectoryInfo work = tool.MakeTemporaryFolder("ann-judged-");
        try
        {
            JudgedRun run = new(tool, work.FullName, search);
            List<(string, JudgedResult)> results = [];
            foreach (string name in encoders)
            {
                using TextEncoder encoder = EncoderChoice.OpenText(tool, EncoderChoice.PlaceOf(tool, name), options);
                results.Add((name, run.Run(collection, encoder, cancellation)));
            }
            return results;
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static JudgedEncoderReport Describe(
        (string Name, JudgedResult Result) one, JudgedResult first, JudgedCollection collection, int seed, bool perQuery)
    {
        JudgedResult result = one.Result;
        (double low, double high) = PairedBootstrap.IntervalOfMean(ValuesOf(result, static scores => scores.Ndcg), seed);
        MeanDifference Against(Func<RankingScores, double> measure) =>
            PairedBootstrap.Compare(ValuesOf(first, measure), ValuesOf(result, measure), seed);
        return new JudgedEncoderReport
        {
            Encoder = one.Name,
            Fingerprint = result.Encoder.FingerprintText,
            Dimension = result.Encoder.Dimension,
            Exact = RankingScores.Mean(result.Exact),
            Index = RankingScores.Mean(result.Index),
            NdcgLow = low,
            NdcgHigh = high,
            AgainstFirst = ReferenceEquals(result, first)
                ? null
                : new JudgedDifference(
                    Against(static scores => scores.Ndcg), Against(static scores => scores.Mrr), Against(static scores => scores.Recall),
                    Against(static scores => scores.Map)),
            PerQuery = !perQuery
                ? null
                : [.. collection.JudgedQueries.Select(
                    (query, i) => new JudgedQueryReport(collection.Queries.Ids[query], result.Exact[i], result.Index[i]))],
        };
    }

    private static double[] ValuesOf(JudgedResult result, Func<RankingScores, double> measure) => [.. result.Exact.Select(measure)];

    /// <summary>Tells a person.</summary>
    public static void Print(TextWriter text, JudgedReport report)
    {
        text.WriteLine(
            $"{report.Qrels}: {report.Queries:N0} judged queries, {report.Passages:N0} passages, {report.Metric}, index at ef {report.Ef}");
        if (report.Missing > 0)
            text.WriteLine($"{report.Missing:N0} judged passages are not in {report.Corpus}; they count as not found.");
        text.WriteLine(
            $"{"encoder",-20}{"nDCG@" + report.K,10}{"MRR",9}{"R@" + report.Depth,9}{"MAP",9}   {"index: nDCG",11}{"R@" + report.Depth,9}"
            + $"   nDCG against the first, 95 %, p");
        foreach (JudgedEncoderReport one in report.Encoders)
        {
            string against = one.AgainstFirst is { Ndcg: var by }
                ? $"   {by.Difference:+0.0000;-0.0000;0.0000} ({by.Low:+0.0000;-0.0000;0.0000} to {by.High:+0.0000;-0.0000;0.0000}), "
                    + $"p {by.P:0.0000}"
                : "";
            text.WriteLine(
                $"{one.Name,-20}{one.Exact.Ndcg,10:F4}{one.Exact.Mrr,9:F4}{one.Exact.Recall,9:F4}{one.Exact.Map,9:F4}   "
                + $"{one.Index.Ndcg,11:F4}{one.Index.Recall,9:F4}{against}");
        }
        text.WriteLine($"Significance: paired bootstrap over queries, {report.Resamples:N0} draws, seed {report.Seed}.");
    }
}
