using System.Runtime.InteropServices;
using Ann.Bench.Curves;
using Ann.Bench.Reports;
using Ann.Bench.Sets;
using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Tool;

namespace Ann.Bench.Peers;

/// <summary>The comparison: build what is missing, then rounds in which every engine has its turn.</summary>
internal sealed class PeersRun(ToolContext tool, PeersRequest request)
{
    private readonly Machine _machine = Machine.Describe(tool.Files);
    private readonly List<MissingEngine> _missing = [];

    /// <summary>Runs it all.</summary>
    /// <param name="commandLine">For the report.</param>
    /// <param name="finished">
    /// Told after each round of all that was measured so far, so that a run that is cut off has not been for nothing.
    /// </param>
    /// <param name="cancellation">Ends it, and the process that runs.</param>
    public async Task RunAsync(string commandLine, Action<PeersReport> finished, CancellationToken cancellation)
    {
        DateTimeOffset started = tool.Time.GetUtcNow();
        tool.Files.CreateDirectory(request.Cache);
        (AnswerCheck check, SetReport set) = LoadSet(cancellation);
        List<Contestant> contestants = await PrepareAsync(cancellation);

        for (int round = 1; round <= request.Rounds; round++)
        {
            foreach (int threads in request.Threads)
            {
                foreach (Contestant contestant in contestants)
                {
                    tool.Notice($"round {round} of {request.Rounds}, {threads} thread(s): {contestant.Runner.Engine.Name}");
                    (DriverOutput output, IReadOnlyList<CurvePoint> points) =
                        await contestant.Runner.SearchAsync(contestant.Index, threads, check, cancellation);
                    contestant.Add(threads, output, points);
                }
            }
            finished(new PeersReport
            {
                CommandLine = commandLine,
                Started = started,
                Machine = _machine,
                Set = set,
                K = request.K,
                Rounds = round,
                RoundsAsked = request.Rounds,
                M = request.M,
                EfConstruction = request.EfConstruction,
                Core = request.Core,
                Engines = Report(contestants, set.Rows),
                Missing = [.. _missing],
            });
        }
    }

    /// <summary>How this program starts itself as a worker: the runtime and the assembly, wherever they are.</summary>
    internal static IReadOnlyList<string> OwnProgram()
    {
        string host = Path.GetFullPath(Path.Combine(
            RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return [host, typeof(PeersRun).Assembly.Location, "worker"];
    }

    private (AnswerCheck Check, SetReport Set) LoadSet(CancellationToken cancellation)
    {
        float[][] rows = AnswerCheck.Load(tool.Files, request.Base);
        float[][] queries = AnswerCheck.Load(tool.Files, request.Queries);
        if (queries[0].Length != rows[0].Length)
        {
            throw AnnException.BadInput(
                request.Queries, "", $"the queries have dimension {queries[0].Length}; {request.Base} has {rows[0].Length}.");
        }
        if (request.K > rows.Length)
            throw AnnException.Invalid("--k", $"--k is {request.K}; {request.Base} holds {rows.Length} rows.");
        ExactTruth? truth = LoadTruth(rows.Length, queries.Length);
        string source = truth is null ? "exact scan" : request.Truth!;
        truth ??= ExactTruth.Compute(
            tool, request.Metric, request.Base, request.Queries, request.K, Environment.ProcessorCount, cancellation);
        SetReport set = new()
        {
            Base = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(request.Base))) + "/" + Path.GetFileName(request.Base),
            Queries = Path.GetFileName(request.Queries),
            Rows = rows.Length,
            Dimension = rows[0].Length,
            QueryCount = queries.Length,
            Metric = request.Metric.Traits().Name,
            Truth = source == request.Truth ? Path.GetFileName(source) : source,
        };
        return (new AnswerCheck(request.Metric, rows, queries, truth, request.K), set);
    }

    /// <summary>The given truth; null when there is none, or too little.</summary>
    private ExactTruth? LoadTruth(int rows, int queries)
    {
        if (request.Truth is null)
            return null;
        using IntegerReader reader = VectorFile.OpenIntegers(tool.Files, request.Truth);
        if (reader.Columns < request.K || reader.Count < queries)
        {
            tool.Notice($"{request.Truth} has {reader.Columns} neighbours of {reader.Count} queries; the truth is computed by exact scan.");
            return null;
        }
        int[] nodes = new int[queries * reader.Columns];
        long[] row = new long[reader.Columns];
        for (int query = 0; query < queries; query++)
        {
            reader.ReadRows(row);
            for (int i = 0; i < row.Length; i++)
            {
                if (row[i] < 0 || row[i] >= rows)
                {
                    throw AnnException.BadInput(
                        request.Truth, $"row {query}", $"neighbour {row[i]} is no row of {request.Base}: it has {rows}.");
                }
                nodes[(query * row.Length) + i] = (int)row[i];
            }
        }
        return new ExactTruth(reader.Columns, nodes, []);
    }

    /// <summary>Compiles, builds and names what is missing.</summary>
    private async Task<List<Contestant>> PrepareAsync(CancellationToken cancellation)
    {
        PeerCache cache = new(tool, request);
        DriverCompiler compiler = new(tool, request.Cache, _machine);
        List<Contestant> contestants = [];
        foreach (string name in request.Engines)
        {
            if (PeerEngine.All.FirstOrDefault(known => known.Name == name) is not PeerEngine engine)
            {
                Miss(name, PeerEngine.OtherBuilds[name]);
                continue;
            }
            IReadOnlyList<string> program = OwnProgram();
            string maker = engine.Maker;
            if (engine.Missing?.Invoke() is string remedy)
            {
                Miss(name, remedy);
                continue;
            }
            if (engine.Driver is not null)
            {
                (string? driver, maker) = await compiler.CompileAsync(engine.Driver, cancellation);
                if (driver is null)
                {
                    Miss(name, maker);
                    continue;
                }
                program = [driver];
            }
            EngineRunner runner = new(tool, request, engine, program);
            Contestant contestant = new(runner);
            foreach (int threads in request.BuildThreads)
                await BuildAsync(cache, contestant, threads, maker, cancellation);
            contestants.Add(contestant);
        }
        return contestants;
    }

    private async Task BuildAsync(PeerCache cache, Contestant contestant, int threads, string maker, CancellationToken cancellation)
    {
        PeerEngine engine = contestant.Runner.Engine;
        string index = cache.PathOf(engine, threads, maker);
        BuildNote? note = cache.Find(index);
        if (note is null)
        {
            tool.Notice($"{engine.Name}: building on {threads} thread(s)");
            DriverOutput built = await contestant.Runner.BuildAsync(index, threads, cancellation);
            note = cache.Keep(index, built.BuildSeconds, threads);
        }
        contestant.Index = index;
        contestant.Builds.Add(note);
    }

    private void Miss(string name, string remedy)
    {
        tool.Notice($"{name} is not compared: {remedy}");
        _missing.Add(new MissingEngine(name, remedy));
    }

    private static List<EngineReport> Report(List<Contestant> contestants, int rows)
    {
        Contestant? baseline = contestants.Find(contestant => contestant.Runner.Engine.Name == PeerEngine.Baseline);
        return [.. contestants.Select(contestant => contestant.Report(rows, baseline))];
    }

    /// <summary>An engine with what it measured so far.</summary>
    private sealed class Contestant(EngineRunner runner)
    {
        private readonly SortedDictionary<int, List<IReadOnlyList<CurvePoint>>> _rounds = [];
        private readonly List<ResidentMemory> _memory = [];
        private string _version = "";

        public EngineRunner Runner => runner;

        public string Index { get; set; } = "";

        public List<BuildNote> Builds { get; } = [];

        public void Add(int threads, DriverOutput output, IReadOnlyList<CurvePoint> points)
        {
            if (!_rounds.TryGetValue(threads, out List<IReadOnlyList<CurvePoint>>? rounds))
                _rounds.Add(threads, rounds = []);
            rounds.Add(points);
            _memory.Add(output.Serving);
            _version = $"{output.Program} {output.Version}";
        }

        public EngineReport Report(int rows, Contestant? baseline) => new()
        {
            Name = runner.Engine.Name,
            Version = _version,
            Settings = runner.Engine.Settings,
            Builds = Builds,
            DiskBytesPerRow = (double)Builds[^1].SizeInBytes / rows,
            MemoryPerRow = new MemoryReport(
                PerRow(memory => memory.Total, rows), PerRow(memory => memory.Anonymous, rows), PerRow(memory => memory.File, rows)),
            AllocatedPerQuery = _rounds.Values.SelectMany(rounds => rounds).SelectMany(points => points).Max(point => point.Allocated),
            Threads =
            [
                .. _rounds.Select(pair => new ThreadsReport
                {
                    Threads = pair.Key,
                    Rounds = [.. pair.Value],
                    Targets = TargetTable.Of(pair.Value, baseline is null ? [] : baseline._rounds[pair.Key]),
                }),
            ],
        };

        private double PerRow(Func<ResidentMemory, long> part, int rows) => Spread.Of(_memory.Select(m => (double)part(m)))!.Median / rows;
    }
}
