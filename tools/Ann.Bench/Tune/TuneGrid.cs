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
    private const int Rounds = 5;

    /// <summary>Prints a line a target.</summary>
    /// <returns>True when every choice is as good as it must be.</returns>
    public bool Run(IReadOnlyList<double> targets, CancellationToken cancellation)
    {
        TuneReport[] reports = [.. targets.Select(target => Tuned(target).Run(cancellation))];
        using VectorTable rows = Tuned(targets[0]).ReadRows(cancellation);
        TuneQueries queries = Tuned(targets[0]).HeldOut(rows, cancellation);
        TuneShape[] chosen = [.. reports.Select(static report => ShapeOf(report.Chosen))];
        Rival?[] best = [.. targets.Select(static _ => (Rival?)null)];
        Rival?[] own = [.. targets.Select(static _ => (Rival?)null)];
        TuneShape[] grid = [.. TuneShape.Beginning(isSmall: false), .. chosen];
        grid = [.. grid, .. grid.Select(static shape => shape with { EfConstruction = 400 })];
        DirectoryInfo folder = tool.MakeTemporaryFolder("ann-grid-");
        List<TuneTrial> open = [];
        try
        {
            foreach (TuneShape shape in grid.Distinct())
            {
                string path = Path.Combine(folder.FullName, $"{Guid.NewGuid():N}.ann");
                TuneTrial trial = TuneTrial.Build(tool, request, shape, rows, path, cancellation);
                open.Add(trial);
                for (int i = 0; i < targets.Count; i++)
                {
                    if (shape == chosen[i])
                        own[i] = new Rival(trial, reports[i].Chosen.Ef, 0);
                    if (trial.EfFor(targets[i], queries, cancellation) is int ef and > 0
                        && trial.Measure(ef, queries, cancellation).MeanUs is double us && !(us >= best[i]?.Us))
                        best[i] = new Rival(trial, ef, us);
                }
                foreach (TuneTrial beaten in open.Where(one => !best.Concat(own).Any(rival => rival?.Trial == one)).ToArray())
                {
                    open.Remove(beaten);
                    beaten.Dispose();
                }
            }
            bool isGood = true;
            for (int i = 0; i < targets.Count; i++)
                isGood &= Tell(targets[i], own[i]!, best[i], reports[i].Seconds, queries, cancellation);
            return isGood;
        }
        finally
        {
            open.ForEach(static trial => trial.Dispose());
            folder.Delete(recursive: true);
        }
    }

    private TuneRun Tuned(double target) => new(tool, request with { TargetRecall = target });

    /// <summary>Measures both in turn, since a machine has good minutes and bad ones, and prints the medians.</summary>
    private bool Tell(
        double target, Rival chosen, Rival? best, double seconds, TuneQueries queries, CancellationToken cancellation)
    {
        string set = Path.GetFileName(Path.GetDirectoryName(request.Base)) ?? "";
        if (best is null)
        {
            tool.Out.WriteLine($"{set} target {target}: nothing of the grid reaches it");
            return false;
        }
        List<TunePoint> ours = [], theirs = [];
        for (int round = 0; round < Rounds; round++)
        {
            ours.Add(chosen.Measure(queries, cancellation));
            theirs.Add(best.Measure(queries, cancellation));
        }
        (TunePoint own, TunePoint other) = (Median(ours), Median(theirs));
        bool isGood = own.Recall >= target - RecallAllowed && own.MeanUs <= other.MeanUs * LatencyAllowed;
        tool.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{set} target {target}: recall {own.Recall:F4}, {own.MeanUs:F0} us ({chosen.Trial.Shape}, ef {own.Ef}, tuned in {seconds:F0} "
            + $"s); grid {other.MeanUs:F0} us ({best.Trial.Shape}, ef {other.Ef}); ratio {own.MeanUs / other.MeanUs:F2} "
            + $"{(isGood ? "ok" : "MISSED")}"));
        return isGood;

        static TunePoint Median(List<TunePoint> points) => points.OrderBy(static point => point.MeanUs).ElementAt(points.Count / 2);
    }

    private static TuneShape ShapeOf(TunePoint point) => new(
        point.M, point.EfConstruction, Core.EnumNames<SegmentLayout>.Plain.Parse(point.Layout),
        Core.EnumNames<CodesKind>.Plain.Parse(point.Codes));

    /// <summary>An index at a beam width.</summary>
    private sealed record Rival(TuneTrial Trial, int Ef, double Us)
    {
        public TunePoint Measure(TuneQueries queries, CancellationToken cancellation) => Trial.Measure(Ef, queries, cancellation);
    }
}
