using System.Collections.Concurrent;
using System.Globalization;
using Ann.Core.Segments;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Ann.Bench.Micro;

/// <summary>Recall, or distances computed, beside the times of <see cref="WalkBenchmarks"/>: speed alone says nothing.</summary>
internal sealed class WalkColumn(string name, string legend, Func<(double Recall, double Visited), string> show) : IColumn
{
    private static readonly ConcurrentDictionary<(SegmentLayout, int), (double Recall, double Visited)> Figures = new();

    /// <summary>Both columns.</summary>
    public static IColumn[] All { get; } =
    [
        new WalkColumn(
            "Recall", "Share of the k results as near as the k-th true one",
            figures => figures.Recall.ToString("F4", CultureInfo.InvariantCulture)),
        new WalkColumn(
            "Visited", "Distances computed, a mean of a query",
            figures => figures.Visited.ToString("F0", CultureInfo.InvariantCulture)),
    ];

    public string Id => nameof(WalkColumn) + name;

    public string ColumnName => name;

    public bool AlwaysShow => false;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    /// <summary>Keeps what a setup measured.</summary>
    public static void Note(SegmentLayout layout, int k, (double Recall, double Visited) figures) => Figures[(layout, k)] = figures;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        Find(benchmarkCase) is (double, double) figures ? show(figures) : "-";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => Find(benchmarkCase) is null;

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(benchmark => Find(benchmark) is not null);

    private static (double Recall, double Visited)? Find(BenchmarkCase benchmark) =>
        benchmark.Descriptor.Type == typeof(WalkBenchmarks)
        && Figures.TryGetValue(
            ((SegmentLayout)benchmark.Parameters[nameof(WalkBenchmarks.Layout)], (int)benchmark.Parameters[nameof(WalkBenchmarks.K)]),
            out (double, double) figures)
            ? figures
            : null;
}
