using Ann.Core;
using Ann.Core.Segments;

namespace Ann.Bench.Promise;

/// <summary>What is run.</summary>
/// <param name="Base">File of rows.</param>
/// <param name="Queries">File of queries, as users send them.</param>
/// <param name="Index">The <c>.ann</c> file: taken as it is where there is one, else built.</param>
/// <param name="Metric">Of the index.</param>
/// <param name="Codes">That it is walked by.</param>
/// <param name="Layout">Of the file.</param>
/// <param name="Targets">Recalls asked for.</param>
/// <param name="Ks">Results asked for.</param>
/// <param name="Shares">Shares of the rows that filters leave, in per cent; none for searches without filters alone.</param>
/// <param name="Traffic">Queries before the promise must hold.</param>
/// <param name="Judged">Queries that it is judged by then.</param>
/// <param name="Rate">Queries a second.</param>
internal sealed record PromiseRequest(
    string Base, string Queries, string Index, Metric Metric, CodesKind Codes, SegmentLayout Layout, IReadOnlyList<double> Targets,
    IReadOnlyList<int> Ks, IReadOnlyList<int> Shares, int Traffic, int Judged, int Rate);

/// <summary>How a filter lies to the rows.</summary>
internal enum PromiseFilter
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>Rows taken at random.</summary>
    Random,

    /// <summary>Rows on one side: of those along one direction of the space, the first.</summary>
    Sided,
}

/// <summary>What was measured of one kind of request, from the first query of a fresh server on.</summary>
/// <param name="Target">Recall asked for; null for the default beam width.</param>
/// <param name="K">Results asked for.</param>
/// <param name="Filter">How the filter lies.</param>
/// <param name="Share">Per cent of the rows that it leaves.</param>
/// <param name="First">Of the first fifty queries.</param>
/// <param name="Traffic">Of all queries before the promise must hold.</param>
/// <param name="Judged">Of those after.</param>
internal sealed record PromiseCell(
    double? Target, int K, PromiseFilter Filter, int Share, PromiseFigures First, PromiseFigures Traffic, PromiseFigures Judged)
{
    /// <summary>True when the recall asked for was given, or the answers said that it is out of reach; and was told rightly.</summary>
    public bool IsKept => IsReached(Judged, 0.01) && IsReached(First, 0.03) && IsTold;

    /// <summary>True when the estimates of the judged answers are right in the mean.</summary>
    public bool IsTold => Judged.Estimated > 0 && Math.Abs(Judged.Estimate - Judged.RecallOfEstimated) <= 0.02;

    private bool IsReached(PromiseFigures figures, double margin) =>
        Target is not { } target || figures.OutOfReach > 0.5 || figures.Recall + figures.Chance >= target - margin;
}

/// <summary>Figures of some answers.</summary>
internal sealed record PromiseFigures
{
    /// <summary>Mean recall, ties counted for the places that are left to them.</summary>
    public required double Recall { get; init; }

    /// <summary>What the mean of so few queries may lie too low by chance: 1.65 standard errors.</summary>
    public required double Chance { get; init; }

    /// <summary>Answers with an estimate.</summary>
    public required int Estimated { get; init; }

    /// <summary>Mean estimate; NaN without any.</summary>
    public required double Estimate { get; init; }

    /// <summary>Mean recall of those answers.</summary>
    public required double RecallOfEstimated { get; init; }

    /// <summary>Mean distance of estimate and recall over classes of answers of like estimates.</summary>
    public required double Error { get; init; }

    /// <summary>Mean beam width; 0 counts for a scan.</summary>
    public required double Ef { get; init; }

    /// <summary>Share of the answers that were scans.</summary>
    public required double Scans { get; init; }

    /// <summary>Share of the answers that said that the target is out of reach.</summary>
    public required double OutOfReach { get; init; }
}
