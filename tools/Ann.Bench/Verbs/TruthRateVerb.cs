using System.CommandLine;
using Ann.Bench.Truth;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>truth</c>: the rate of exact search beside OpenBLAS's matrix product.</summary>
internal static class TruthRateVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<int> rows = VerbOptions.Number("--rows", "Rows of the base.", 200_000, 1000, 10_000_000);
        Option<int> queries = VerbOptions.Number("--queries", "Queries.", 1000, 1, 100_000);
        Option<string> dimensions = new("--dimensions")
        {
            Description = "Components of the vectors.",
            HelpName = "N,N,...",
            DefaultValueFactory = _ => "64,128,384,768,1024",
        };
        Option<int> k = VerbOptions.Number("--k", "Neighbours of a query.", 100, 1, 1000);
        Option<int> rounds = VerbOptions.Number("--rounds", "Rounds, of which the medians are told.", 5, 1, 1000);
        Option<int> threads = VerbOptions.Number("--threads", "Threads of both.", Environment.ProcessorCount, 1, 1024);
        Option<double?> least = VerbOptions.OptionalNumber(
            "--least", "Exit with 1 below this share of OpenBLAS's rate. Default: 0.6.", 0, 10);
        Verb command = new("truth",
            "Find exact neighbours, whole search with heaps and all, and multiply matrices of the same shapes with OpenBLAS, in turn.",
            $"{Program.Name} truth", $"{Program.Name} truth --rows 1000000 --dimensions 128 --threads 1")
        {
            rows, queries, dimensions, k, rounds, threads, least,
        };
        command.SetAction((parsed, cancellation) =>
        {
            TruthRate rate = new(tool, parsed.GetValue(threads), parsed.GetValue(k))
            {
                Rows = parsed.GetValue(rows),
                Queries = parsed.GetValue(queries),
                Rounds = parsed.GetValue(rounds),
            };
            IReadOnlyList<int> all = NumberList.Parse(dimensions.Name, parsed.GetValue(dimensions)!, 1, 4096);
            return Task.FromResult(rate.Run(all, parsed.GetValue(least) ?? 0.6, cancellation) ? ExitCodes.Done : ExitCodes.CheckFailed);
        });
        return command;
    }
}
