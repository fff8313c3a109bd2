using System.CommandLine;
using System.Text.Json;
using Ann.Bench.Peers;
using Ann.Bench.Reports;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Searching;
using Ann.Tool;

using static System.Text.Encoding;

namespace Ann.Bench.Verbs;

/// <summary><c>peers</c>: whole engines side by side.</summary>
internal static class PeersVerb
{
    /// <summary>Beam widths as multiples of k: close enough together for the interpolation.</summary>
    private static readonly double[] Widths =
        [1, 1.2, 1.4, 1.7, 2, 2.4, 2.8, 3.4, 4, 4.8, 5.6, 6.8, 8, 9.6, 12, 16, 20, 26, 32, 48, 64, 80];

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> rows = VerbOptions.Required("--base", "FILE", "Base rows: .fbin or .u8bin.");
        Option<string> queries = VerbOptions.Required("--queries", "FILE", "Queries: .fbin or .u8bin.");
        Option<string> metric = VerbOptions.Metric();
        Option<string?> truth = VerbOptions.Optional("--truth", "FILE", "True neighbours, .ibin; computed when left out or too few.");
        Option<int> k = VerbOptions.Number("--k", "Results a query.", 10, 1, SearchParameters.MaxK);
        Option<string> threads = List("--threads", "Searching threads, one sweep each.", "1");
        Option<string> buildThreads = List(
            "--build-threads", "Building threads, one timed build each; the last one's index is searched.", "2");
        Option<int> rounds = VerbOptions.Number("--rounds", "Rounds; every engine has its turn in each.", 3, 1, 100);
        Option<string> engines = List("--engines", $"Engines: {string.Join(' ', Names())}.", "all");
        Option<string> ef = List("--ef", $"Beam widths, k to {SearchParameters.MaxEfSearch}. Left out: from k up in steps of a fifth.", "");
        Option<int> m = VerbOptions.Number("--m", "Links of a node.", 16, 2, 128);
        Option<int> efConstruction = VerbOptions.Number("--ef-construction", "Beam width of the builds.", 200, 2, 4096);
        Option<string?> cache = VerbOptions.Optional("--cache", "DIR", "Where drivers and indexes are kept between runs.");
        Option<int> core = VerbOptions.Number("--cpu", "First core to pin to.", 0, 0, 4095);
        Option<int> milliseconds = VerbOptions.Number(
            "--point-ms", "Least time that one beam width is measured for, a round.", 300, 1, 600_000);
        Option<bool> reuse = new("--reuse-ann")
        {
            Description = "Search an .ann file of the cache even if another build of the engine made it.",
        };
        Option<string?> json = VerbOptions.Optional("--json", "FILE", "Write every figure of every round; after each round.");
        Option<string?> html = VerbOptions.Optional("--report", "FILE", "Write one self-contained HTML page; after each round.");

        Verb command = new("peers",
            "Compare whole engines: recall against speed, build, memory.",
            $"{Program.Name} peers --base base.fbin --queries query.fbin --metric l2 --truth query.gt100.ibin --report peers.html",
            $"{Program.Name} peers --base base.fbin --queries query.fbin --metric cosine --k 1000 --engines ann-fast,hnswlib")
        {
            rows, queries, metric, truth, k, threads, buildThreads, rounds, engines, ef, m, efConstruction, cache, core, milliseconds,
            reuse, json, html,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            int results = parsed.GetValue(k);
            Machine machine = Machine.Describe(tool.Files);
            PeersRequest request = new()
            {
                Base = Vectors(parsed.GetRequiredValue(rows)),
                Queries = Vectors(parsed.GetRequiredValue(queries)),
                Metric = MetricTraits.Names.Parse(parsed.GetValue(metric)),
                Truth = parsed.GetValue(truth),
                K = results,
                Threads = Numbers(threads, 1, 1024),
                BuildThreads = Numbers(buildThreads, 1, 1024),
                Rounds = parsed.GetValue(rounds),
                Engines = ParseEngines(parsed.GetValue(engines)!),
                Ef = BeamWidths(parsed.GetValue(ef)!, results),
                M = parsed.GetValue(m),
                EfConstruction = parsed.GetValue(efConstruction),
                Cache = parsed.GetValue(cache) ?? Path.Combine(tool.CacheDirectory, "bench"),
                Core = parsed.GetValue(core),
                Seconds = parsed.GetValue(milliseconds) / 1000.0,
                ReuseAnn = parsed.GetValue(reuse),
                MachineCores = machine.Cores,
            };
            if (request.Core >= machine.Cores)
                throw AnnException.Invalid("--cpu", $"--cpu is {request.Core}; the cores of this machine are 0 to {machine.Cores - 1}.");
            foreach (string? target in (string?[])[parsed.GetValue(json), parsed.GetValue(html)])
            {
                if (target is not null)
                    OutputPath.Require(tool.Files, target);
            }

            string line = string.Join(' ', parsed.Tokens.Select(token => token.Value));
            PeersReport? last = null;
            try
            {
                await new PeersRun(tool, request).RunAsync($"{Program.Name} {line}", Keep, cancellation);
            }
            finally
            {
                if (last is not null)
                    PeersTable.Print(tool.Out, last);
            }
            return ExitCodes.Done;

            void Keep(PeersReport report)
            {
                last = report;
                Write(parsed.GetValue(json), () => JsonSerializer.SerializeToUtf8Bytes(report, BenchJson.Default.PeersReport));
                Write(parsed.GetValue(html), () => UTF8.GetBytes(HtmlReport.Render(report)));
            }

            IReadOnlyList<int> Numbers(Option<string> option, int least, int most)
            {
                IReadOnlyList<int> list = NumberList.Parse(option.Name, parsed.GetValue(option)!, least, most);
                return list.Count > 0
                    ? list
                    : throw AnnException.Invalid(option.Name, $"{option.Name} is empty; expected numbers such as 1,2.");
            }
        });
        return command;

        void Write(string? path, Func<byte[]> content)
        {
            if (path is null)
                return;
            using AtomicFile file = new(tool.Files, path);
            file.Stream.Write(content());
            file.Commit();
        }
    }

    /// <summary>The default beam widths of a k.</summary>
    internal static IReadOnlyList<int> BeamWidths(string given, int k)
    {
        if (given.Length > 0)
            return [.. NumberList.Parse("--ef", given, k, SearchParameters.MaxEfSearch).Distinct().Order()];
        double most = k >= 100 ? 8 : 80;
        return [.. Widths.Where(width => width <= most).Select(width => (int)Math.Ceiling(width * k))
            .Where(ef => ef <= SearchParameters.MaxEfSearch).Distinct()];
    }

    private static IEnumerable<string> Names() => PeerEngine.All.Select(engine => engine.Name).Concat(PeerEngine.OtherBuilds.Keys);

    private static IReadOnlyList<string> ParseEngines(string text)
    {
        if (text == "all")
            return [.. Names()];
        string[] names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (string name in names)
        {
            if (!Names().Contains(name))
                throw AnnException.Invalid("--engines", $"--engines holds '{name}'; known: {string.Join(", ", Names())}.");
        }
        return names.Length > 0 ? [.. names.Distinct()] : throw AnnException.Invalid("--engines", "--engines is empty.");
    }

    private static string Vectors(string path) => Path.GetExtension(path).ToLowerInvariant() is ".fbin" or ".u8bin"
        ? path
        : throw AnnException.BadInput(path, "", "expected .fbin or .u8bin: the formats that every driver reads.");

    private static Option<string> List(string name, string description, string standard) =>
        new(name) { Description = description, DefaultValueFactory = _ => standard, HelpName = "A,B" };
}
