using System.CommandLine;
using System.Text.Json;
using Ann.Bench.Hard;
using Ann.Bench.Reports;
using Ann.Bench.Sets.Hard;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Searching;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>hard</c>: recall on sets that break engines.</summary>
internal static class HardVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> sets = new("--set")
        {
            Description = "Sets, separated by commas; a word that ends with * takes all that begin so.",
            DefaultValueFactory = _ => "*",
            HelpName = "LIST",
        };
        Option<string> ks = new("--k") { Description = "Results of a query.", DefaultValueFactory = _ => "10", HelpName = "LIST" };
        Option<string> ef = new("--ef") { Description = "Beam widths.", DefaultValueFactory = _ => "64,128,256", HelpName = "LIST" };
        Option<int> seed = VerbOptions.Number("--seed", "Of the sets.", 1, 0, int.MaxValue);
        Option<int> threads = VerbOptions.Number("--threads", "Of builds.", Environment.ProcessorCount, 1, 1024);
        Option<string> peer = VerbOptions.Choice("--peer", "What is measured beside.", "hnswlib", "hnswlib", "none");
        Option<string?> cache = VerbOptions.Optional("--cache", "DIR", "Where the compiled driver is kept between runs.");
        Option<string?> json = VerbOptions.Optional("--json", "FILE", "Write every figure.");

        Verb command = new("hard",
            "Build each hard set as int8 and f32, fast and lean, sealed, live and as a head: recall beside hnswlib's, and what the "
                + "certificate tells. Exits with 1 when a cell breaks the promise.",
            $"{Program.Name} hard --json hard.json",
            $"{Program.Name} hard --set variants*,copies-4x400-cosine --k 10,100")
        {
            sets, ks, ef, seed, threads, peer, cache, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(json) is { } target)
                OutputPath.Require(tool.Files, target);
            IReadOnlyList<int> results = NumberList.Parse("--k", parsed.GetValue(ks)!, 1, HardSet.Truth);
            IReadOnlyList<int> widths = NumberList.Parse("--ef", parsed.GetValue(ef)!, results.Min(), SearchParameters.MaxEfSearch);
            string? drivers = parsed.GetValue(peer) == "none"
                ? null
                : parsed.GetValue(cache) ?? Path.Combine(tool.CacheDirectory, "bench");
            DirectoryInfo work = Directory.CreateTempSubdirectory("ann-hard-");
            try
            {
                HardRequest request = new(
                    Chosen(parsed.GetValue(sets)!), results, widths, (ulong)parsed.GetValue(seed), parsed.GetValue(threads), work.FullName,
                    drivers);
                string line = string.Join(' ', parsed.Tokens.Select(static token => token.Value));
                HardReport report = await new HardRun(tool, request).RunAsync($"{Program.Name} {line}", cancellation);
                Write(tool, parsed.GetValue(json), report);
                HardTable.PrintVerdict(tool.Out, report);
                return report.IsKept ? ExitCodes.Done : ExitCodes.CheckFailed;
            }
            finally
            {
                work.Delete(recursive: true);
            }
        });
        return command;
    }

    private static List<HardSet> Chosen(string text)
    {
        List<HardSet> chosen = [];
        foreach (string word in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            IEnumerable<HardSet> named = word.EndsWith('*')
                ? HardSet.All.Where(set => set.Name.StartsWith(word[..^1], StringComparison.Ordinal))
                : [HardSet.Find("--set", word)];
            chosen.AddRange(named.Where(set => !chosen.Contains(set)));
        }
        return chosen.Count > 0 ? chosen : throw AnnException.Invalid("--set", $"--set is '{text}', which names no set.");
    }

    private static void Write(ToolContext tool, string? path, HardReport report)
    {
        if (path is null)
            return;
        using AtomicFile file = new(tool.Files, path);
        file.Stream.Write(JsonSerializer.SerializeToUtf8Bytes(report, BenchJson.Default.HardReport));
        file.Commit();
    }
}
