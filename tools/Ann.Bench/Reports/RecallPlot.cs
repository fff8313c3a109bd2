using System.Globalization;
using System.Text;
using Ann.Bench.Curves;

namespace Ann.Bench.Reports;

/// <summary>
/// Recall against queries a second as inline SVG: recall stretched towards 1, speed logarithmic, one line an engine, a bar a point from the
/// slowest round to the fastest. Colours and sizes are those of <see cref="ReportStyle"/>, so that they follow theme and width.
/// </summary>
internal sealed class RecallPlot
{
    private const int Width = 800;
    private const int Height = 500;
    private const int Left = 84;
    private const int Right = 42;
    private const int Top = 18;
    private const int Bottom = 68;
    private const double LeastRecall = 0.8;
    private const double MostRecall = 0.9999;

    private static readonly double[] RecallTicks = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999];

    /// <summary>The others are left out where there is no room for their numbers.</summary>
    private static readonly double[] MajorTicks = [0.8, 0.9, 0.99, 0.999, 0.9999];

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private readonly StringBuilder _svg = new();
    private readonly double _lowQps;
    private readonly double _highQps;

    private RecallPlot(IEnumerable<PlotPoint> points)
    {
        double[] speeds = [.. points.SelectMany(static point => (double[])[point.Qps.Min, point.Qps.Max])];
        _lowQps = speeds.Length == 0 ? 1 : speeds.Min() * 0.8;
        _highQps = speeds.Length == 0 ? 10 : speeds.Max() * 1.25;
    }

    /// <summary>Draws medians and ranges of all rounds, with a legend below that breaks its lines.</summary>
    /// <param name="curves">A name and its points, in the order of the legend.</param>
    public static string Draw(IReadOnlyList<(string Name, IReadOnlyList<PlotPoint> Points)> curves)
    {
        (string Name, PlotPoint[] Points)[] shown = [.. curves.Select(curve => (curve.Name, Shown(curve.Points)))];
        RecallPlot plot = new(shown.SelectMany(curve => curve.Points));
        plot.Axes();
        for (int i = 0; i < shown.Length; i++)
            plot.Curve(shown[i].Name, shown[i].Points, i);
        plot._svg.Append("</svg>");
        plot.Legend(shown);
        return plot._svg.ToString();
    }

    private static PlotPoint[] Shown(IReadOnlyList<PlotPoint> points) =>
        [.. points.Where(point => point.Recall >= LeastRecall).OrderBy(point => point.Ef)];

    private static string Text(double value) => value.ToString("0.##", Invariant);

    private static double X(double recall)
    {
        double low = RecallCurve.Stretch(LeastRecall);
        double share = (RecallCurve.Stretch(Math.Min(recall, MostRecall)) - low) / (RecallCurve.Stretch(MostRecall) - low);
        return Left + (share * (Width - Left - Right));
    }

    private double Y(double qps) =>
        Height - Bottom - ((Math.Log(qps) - Math.Log(_lowQps)) / (Math.Log(_highQps) - Math.Log(_lowQps)) * (Height - Top - Bottom));

    private void Axes()
    {
        _svg.Append(Invariant,
            $"<svg viewBox='0 0 {Width} {Height}' role='img' aria-label='Recall against queries a second'>");
        foreach (double recall in RecallTicks)
        {
            string x = Text(X(recall));
            string kind = MajorTicks.Contains(recall) ? "tick" : "tick minor";
            _svg.Append(Invariant, $"<line class='grid' x1='{x}' x2='{x}' y1='{Top}' y2='{Height - Bottom}'/>");
            _svg.Append(
                Invariant, $"<text class='{kind}' x='{x}' y='{Height - Bottom + 22}' text-anchor='middle'>{recall}</text>");
        }
        foreach (double qps in SpeedTicks())
        {
            string y = Text(Y(qps));
            string label = qps >= 1000 ? Text(qps / 1000) + "k" : Text(qps);
            _svg.Append(Invariant, $"<line class='grid' x1='{Left}' x2='{Width - Right}' y1='{y}' y2='{y}'/>");
            _svg.Append(
                Invariant, $"<text class='tick' x='{Left - 8}' y='{Text(Y(qps) + 4)}' text-anchor='end'>{label}</text>");
        }
        _svg.Append(Invariant,
            $"<text class='axis' x='{(Left + Width - Right) / 2}' y='{Height - 12}' text-anchor='middle'>"
            + $"recall (stretched towards 1)</text>");
        int middle = (Top + Height - Bottom) / 2;
        _svg.Append(Invariant,
            $"<text class='axis' transform='rotate(-90 18 {middle})' x='18' y='{middle}' text-anchor='middle'>"
            + $"queries a second (logarithmic)</text>");
    }

    private IEnumerable<double> SpeedTicks()
    {
        for (double decade = Math.Pow(10, Math.Floor(Math.Log10(_lowQps))); decade <= _highQps; decade *= 10)
        {
            foreach (int step in (int[])[1, 2, 5])
            {
                if (decade * step >= _lowQps && decade * step <= _highQps)
                    yield return decade * step;
            }
        }
    }

    private void Curve(string name, PlotPoint[] points, int order)
    {
        _svg.Append(Invariant, $"<g class='curve {ReportStyle.SeriesOf(order)}' data-engine='{HtmlReport.Escape(name)}'>");
        foreach (PlotPoint point in points.Where(static point => point.Qps.Max > point.Qps.Min))
        {
            string x = Text(X(point.Recall));
            _svg.Append(
                Invariant, $"<line class='spread' x1='{x}' x2='{x}' y1='{Text(Y(point.Qps.Min))}' y2='{Text(Y(point.Qps.Max))}'/>");
        }
        if (points.Length > 1)
        {
            string path = string.Join(' ', points.Select(point => $"{Text(X(point.Recall))},{Text(Y(point.Qps.Median))}"));
            _svg.Append(Invariant, $"<polyline points='{path}'/>");
        }
        foreach (PlotPoint point in points)
        {
            _svg.Append(
                Invariant,
                $"<circle cx='{Text(X(point.Recall))}' cy='{Text(Y(point.Qps.Median))}' r='3.4'>"
                + $"<title>{HtmlReport.Escape(name)}, ef {point.Ef}: recall {point.Recall:F4}, {point.Qps.Median:N0} queries/s "
                + $"({point.Qps.Min:N0} to {point.Qps.Max:N0})</title></circle>");
        }
        _svg.Append("</g>");
    }

    private void Legend((string Name, PlotPoint[] Points)[] shown)
    {
        _svg.Append("<ul class='legend'>");
        for (int i = 0; i < shown.Length; i++)
        {
            string label = shown[i].Points.Length == 0
                ? string.Create(Invariant, $"{shown[i].Name} (below {LeastRecall})")
                : shown[i].Name;
            _svg.Append(Invariant,
                $"<li class='curve {ReportStyle.SeriesOf(i)}'><svg viewBox='0 0 26 10' aria-hidden='true'>"
                + $"<polyline points='0,5 26,5'/><circle cx='13' cy='5' r='3.4'/></svg>{HtmlReport.Escape(label)}</li>");
        }
        _svg.Append("</ul>");
    }
}

/// <summary>A beam width over all rounds.</summary>
/// <param name="Ef">Beam width; 0 for a scan.</param>
/// <param name="Recall">Median of the rounds.</param>
/// <param name="Qps">Queries a second over the rounds.</param>
internal sealed record PlotPoint(int Ef, double Recall, Spread Qps);
