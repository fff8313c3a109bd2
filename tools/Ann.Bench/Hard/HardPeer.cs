using Ann.Bench.Curves;
using Ann.Bench.Peers;
using Ann.Bench.Sets.Hard;
using Ann.Tool;

namespace Ann.Bench.Hard;

/// <summary>hnswlib on the hard sets, by the driver that <c>peers</c> runs, built on one thread.</summary>
internal sealed class HardPeer
{
    private readonly ToolContext _tool;
    private readonly string _work;
    private readonly string _driver;
    private readonly int _cores;

    private HardPeer(ToolContext tool, string work, string driver, int cores)
    {
        _tool = tool;
        _work = work;
        _driver = driver;
        _cores = cores;
    }

    /// <summary>Compiles the driver, once for a cache.</summary>
    /// <returns>The peer; or none and what is missing, with the command that installs it.</returns>
    public static async Task<(HardPeer? Peer, string Missing)> CompileAsync(
        ToolContext tool, HardRequest request, Machine machine, CancellationToken cancellation)
    {
        if (request.Cache is null)
            return (null, "it was not asked for");
        tool.Files.CreateDirectory(request.Cache);
        (string? driver, string missing) = await new DriverCompiler(tool, request.Cache, machine)
            .CompileAsync(Engine.Driver!, cancellation);
        return driver is null ? (null, missing) : (new HardPeer(tool, request.Work, driver, machine.Cores), "");
    }

    /// <summary>Recall at each k and beam width.</summary>
    public async Task<IReadOnlyDictionary<(int K, int Ef), double>> MeasureAsync(
        HardRows rows, IReadOnlyList<(int K, int Ef)> widths, Func<int, AnswerCheck> checkOf, CancellationToken cancellation)
    {
        string basePath = Path.Combine(_work, "base.fbin"), queryPath = Path.Combine(_work, "query.fbin");
        string index = Path.Combine(_work, "hnswlib.index");
        rows.Write(_tool.Files, basePath, queryPath);
        Dictionary<(int, int), double> recall = [];
        try
        {
            foreach (IGrouping<int, int> widthsOfK in widths.GroupBy(static width => width.K, static width => width.Ef))
            {
                PeersRequest request = new()
                {
                    Base = basePath,
                    Queries = queryPath,
                    Metric = rows.Metric,
                    K = widthsOfK.Key,
                    Ef = [.. widthsOfK],
                    Engines = [],
                    Cache = _work,
                    Seconds = 0,
                    MachineCores = _cores,
                };
                EngineRunner runner = new(_tool, request, Engine, [_driver]);
                if (!_tool.Files.FileExists(index))
                    await runner.BuildAsync(index, threads: 1, cancellation);
                (_, IReadOnlyList<CurvePoint> points) = await runner.SearchAsync(index, 1, checkOf(widthsOfK.Key), cancellation);
                foreach (CurvePoint point in points)
                    recall.Add((widthsOfK.Key, point.Ef), point.Recall);
            }
        }
        finally
        {
            foreach (string path in (string[])[basePath, queryPath, index])
                _tool.Files.Delete(path);
        }
        return recall;
    }

    private static PeerEngine Engine { get; } = PeerEngine.All.First(static engine => engine.Name == PeerEngine.Baseline);
}
