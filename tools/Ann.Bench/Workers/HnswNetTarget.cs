#if HNSW_NET
using System.Diagnostics;
using System.Globalization;
using Ann.Bench.Curves;
using Ann.Core;
using Ann.Tool;
using HnswNet;

namespace Ann.Bench.Workers;

/// <summary>HNSW.Net, the .NET baseline. Only builds with <c>-p:HnswNet=true</c> have it.</summary>
internal sealed class HnswNetTarget : ISearchTarget
{
    private readonly HnswIndex _index;
    private readonly float[][] _queries;
    private readonly int _k;

    public HnswNetTarget(ToolContext tool, WorkerRequest request)
    {
        _index = HnswIndex.LoadMapped(request.Index);
        _queries = AnswerCheck.Load(tool.Files, request.Queries);
        _k = request.K;
    }

    /// <summary>Version of the package.</summary>
    public static string Version => typeof(HnswIndex).Assembly.GetName().Version?.ToString(3) ?? "";

    /// <inheritdoc/>
    public int Batch => 1;

    /// <inheritdoc/>
    public int Queries => _queries.Length;

    public static void Build(ToolContext tool, WorkerRequest request)
    {
        float[][] rows = AnswerCheck.Load(tool.Files, request.Base);
        DistanceMetric metric = request.Metric switch
        {
            Metric.Cosine => DistanceMetric.Cosine,
            Metric.L2 => DistanceMetric.EuclideanL2,
            Metric.InnerProduct => DistanceMetric.DotProduct,
        };
        using HnswIndex index = new(rows[0].Length, metric, request.M, request.EfConstruction);
        long start = Stopwatch.GetTimestamp();
        for (int row = 0; row < rows.Length; row++)
            index.Add(row, rows[row]);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        tool.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"built seconds={seconds:F6} threads=1"));
        using Stream target = tool.Files.Create(request.Index);
        index.Save(target);
    }

    /// <inheritdoc/>
    public void SetEf(int ef) => _index.Ef = ef;

    /// <inheritdoc/>
    public void BeginThread()
    {
    }

    /// <inheritdoc/>
    public long Search(int first, int count, Span<int> answers)
    {
        answers.Fill(-1);
        int i = 0;
        foreach (var found in _index.Search(_queries[first], _k))
            answers[i++] = (int)found.Id;
        return -1;
    }

    /// <inheritdoc/>
    public void Dispose() => _index.Dispose();
}
#endif
