using System.Globalization;
using Ann.Core.Distances;
using Ann.Core.Segments;
using Ann.Tool;
using Ann.Tool.Reports;
using Ann.Tool.Tuning;

namespace Ann.Bench.Tune;

/// <summary>The choice of <c>ann tune</c> beside the best of a grid of builds on all rows, by the queries that did not choose.</summary>
/// <param name="tool">Files, clock and console.</param>
/// <param name="request">What is tuned.</param>
internal sealed class TuneGrid(ToolContext tool, TuneRequest request)
{
    private const double RecallAllowed = 0.005, LatencyAllowed = 1.15;

    /// <summary>Prints a line a target.</summary>
    /// <returns>True when every choice is as good as it must be.</returns>
    public bool Run(IReadOnlyList<double> targets, CancellationToken cancellation)
    {
        TuneReport[] reports = [.. targets.Select(target => Tuned(target).Run(cancellation))];
        using VectorTable rows = Tuned(targets[0]).ReadRows(cancellation);
        TuneQueries queries = Tuned(targets[0]).HeldOut(rows, cancellation);
        TuneShape[] chosen = [.. reports.Select(static report => ShapeOf(report.Chosen))];
        (double Us, string Shape)[] best = [.. targets.Select(static _ => (double.PositiveInfinity, ""))];
        TunePoint[] again = [.. reports.Select(static report => report.Chosen)];
        TuneShape[] grid = [.. TuneShape.Beginning(isSmall: false), .. chosen];
        grid = [.. grid, .. grid.Select(static shape => shape with { EfConstruction = 400 })];
        foreach (TuneShape shape in grid.Distinct())
        {
            DirectoryInfo folder = tool.MakeTemporaryFolder("ann-grid-");
            try
            {
                using TuneTrial trial = TuneTrial.Build(tool, request, shape, rows, Path.Combine(folder.FullName, "x.ann"), cancellation);
                for (int i = 0; i < targets.Count; i++)
                {
                    if (shape == chosen[i]) // in the same minutes as the others
                        again[i] = trial.Measure(again[i].Ef, queries, cancellation);
                    if (trial.EfFor(targets[i], queries, cancellation) is int ef and > 0
                        && trial.Measure(ef, queries, cancellation).MeanUs is double us && us < best[i].Us)
                        best[i] = (us, $"{shape}, ef {ef}");
                }
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }
        bool isGood = true;
        for (int i = 0; i < targets.Count; i++)
            isGood &= Tell(targets[i], again[i], chosen[i], best[i], reports[i].Seconds);
        return isGood;
    }

    private TuneRun Tuned(double target) => new(tool, request with { TargetRecall = target });

    private bool Tell(double target, TunePoint chosen, TuneShape shape, (double Us, string Shape) best, double seconds)
    {
        bool isGood = chosen.Recall >= target - RecallAllowed && chosen.MeanUs <= best.Us * LatencyAllowed;
        tool.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetFileName(Path.GetDirectoryName(request.Base))} target {target}: recall {chosen.Recall:F4}, {chosen.MeanUs:F0} us "
            + $"({shape}, ef {chosen.Ef}, tuned in {seconds:F0} s); grid {best.Us:F0} us ({best.Shape}); "
            + $"ratio {chosen.MeanUs / best.Us:F2} {(isGood ? "ok" : "MISSED")}"));
        return isGood;
    }

    private static TuneShape ShapeOf(TunePoint point) => new(
        point.M, point.EfConstruction, Core.EnumNames<SegmentLayout>.Plain.Parse(point.Layout),
        Core.EnumNames<CodesKind>.Plain.Parse(point.Codes));
}
