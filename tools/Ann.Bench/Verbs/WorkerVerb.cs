using System.CommandLine;
using System.Reflection;
using Ann.Bench.Workers;
using Ann.Core;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>worker</c>: one engine in a process of its own, driven by <c>peers</c>. Its words are those of the C++ drivers.</summary>
internal static class WorkerVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Argument<string> action = new("action") { Description = "build or search." };
        action.AcceptOnlyFromAmong("build", "search");
        Option<string> engine = VerbOptions.Required("--engine", "NAME", "The engine.");
        Option<string> index = VerbOptions.Required("--index", "FILE", "The index, written or read.");
        Option<string> metric = VerbOptions.Metric();
        Option<string> rows = Text("--base");
        Option<string> queries = Text("--queries");
        Option<int> m = VerbOptions.Number("--m", "Links.", 16, 2, 128);
        Option<int> efConstruction = VerbOptions.Number("--ef-construction", "Beam width of the build.", 200, 2, 4096);
        Option<int> threads = VerbOptions.Number("--threads", "Threads.", 1, 1, 1024);
        Option<int> k = VerbOptions.Number("--k", "Results.", 10, 1, 10_000);
        Option<string> ef = Text("--ef");
        Option<double> seconds = new("--seconds");
        Option<string> answers = Text("--answers");
        Option<string> latencies = Text("--latencies");

        Command command = new("worker", "One engine in a process of its own; peers starts it.")
        {
            action, engine, index, metric, rows, queries, m, efConstruction, threads, k, ef, seconds, answers, latencies,
        };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) =>
        {
            WorkerRequest request = new()
            {
                Engine = parsed.GetRequiredValue(engine),
                Index = parsed.GetRequiredValue(index),
                Metric = MetricTraits.Names.Parse(parsed.GetValue(metric)),
                Base = parsed.GetValue(rows)!,
                Queries = parsed.GetValue(queries)!,
                M = parsed.GetValue(m),
                EfConstruction = parsed.GetValue(efConstruction),
                Threads = parsed.GetValue(threads),
                K = parsed.GetValue(k),
                Ef = NumberList.Parse("--ef", parsed.GetValue(ef)!, 0, int.MaxValue),
                Seconds = parsed.GetValue(seconds),
                Answers = parsed.GetValue(answers)!,
                Latencies = parsed.GetValue(latencies)!,
            };
            (string program, string version) = ProgramOf(request.Engine);
            tool.Out.WriteLine($"program name={program} version={version}");
            if (parsed.GetValue(action) == "build")
                Build(tool, request, cancellation);
            else
                Search(tool, request, cancellation);
            return Task.FromResult(ExitCodes.Done);
        });
        return command;

        static Option<string> Text(string name) => new(name) { DefaultValueFactory = _ => "" };
    }

    /// <summary>What runs an engine, as <c>program</c> of the C++ drivers tells it.</summary>
    private static (string Name, string Version) ProgramOf(string engine)
    {
        if (IsUsearch(engine))
            return ("USearch", UsearchTarget.Version);
#if HNSW_NET
        if (engine == "hnsw.net")
            return ("Hnsw.Net", HnswNetTarget.Version);
#endif
        return ("AnnServer",
            typeof(WorkerVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "");
    }

    private static bool IsUsearch(string engine) => engine.StartsWith(UsearchTarget.Prefix, StringComparison.Ordinal);

    private static void Build(ToolContext tool, WorkerRequest request, CancellationToken cancellation)
    {
#if HNSW_NET
        if (request.Engine == "hnsw.net")
        {
            HnswNetTarget.Build(tool, request);
            return;
        }
#endif
        if (IsUsearch(request.Engine))
            UsearchTarget.Build(tool, request);
        else
            SegmentBuild.Run(tool, request, cancellation);
    }

    private static void Search(ToolContext tool, WorkerRequest request, CancellationToken cancellation)
    {
        Sweep sweep = new(tool, request);

        // A first instance brings the runtime to its working state; what a second one adds is the index.
        using (ISearchTarget first = Open(tool, request))
            sweep.WarmUp(first, cancellation);
        GC.Collect();
        WorkerMemory.Report(tool, "before");
        using ISearchTarget target = Open(tool, request);
        sweep.Measure(target, cancellation);
        WorkerMemory.Report(tool, "after");
    }

    private static ISearchTarget Open(ToolContext tool, WorkerRequest request) => request.Engine switch
    {
        "exact" => new SegmentTarget(tool, request, exact: true),
        "ann-fast-batch" => new SegmentBatchTarget(tool, request),
        "ann-fast" or "ann-lean" or "ann-compact" => new SegmentTarget(tool, request, exact: false),
        _ when IsUsearch(request.Engine) => new UsearchTarget(tool, request),
#if HNSW_NET
        "hnsw.net" => new HnswNetTarget(tool, request),
#endif
        _ => throw AnnException.Invalid("--engine", $"--engine is '{request.Engine}', which this program does not run itself."),
    };
}
