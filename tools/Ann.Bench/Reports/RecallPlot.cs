using System.Globalization;
using System.Text;
using Ann.Bench.Curves;

namespace Ann.Bench.Reports;

/// <summary>Recall against queries a second as inline SVG: recall stretched towards 1, speed logarithmic, one line an engine.</summary>
internal sealed class RecallPlot
{
    private const int Width = 980;
    private const int Height = 520;
    private const int Left = 78;
    private const int Right = 190;
    private const int Top = 18;
    private const int Bottom = 56;
    private const double LeastRecall = 0.8;
    private const double MostRecall = 0.9999;

    private static readonly double[] RecallTicks = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999];

    /// <summary>Told apart by people who see colours differently, too (Okabe and Ito), and by marker.</summary>
    private static readonly string[] Colours = ["#0072B2", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#B07C00", "#666666", "#000000"];

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private readonly StringBuilder _svg = new();
    private readonly double _lowQps;
    private readonly double _highQps;

    private RecallPlot(IEnumerable<CurvePoint> points)
    {
        double[] speeds = [.. points.Select(point => point.Qps)];
        _lowQps = speeds.Length == 0 ? 1 : speeds.Min() * 0.8;
        _highQps = speeds.Length == 0 ? 10 : speeds.Max() * 1.25;
    }

    /// <summary>Draws the medians of all rounds.</summary>
    /// <param name="curves">A name and its points, in the order of the legend.</param>
    public static string Draw(IReadOnlyList<(string Name, IReadOnlyList<CurvePoint> Points)> curves)
    {
        (string Name, CurvePoint[] Points)[] shown = [.. curves.Select(curve => (curve.Name, Shown(curve.Points)))];
        RecallPlot plot = new(shown.SelectMany(curve => curve.Points));
        plot.Axes();
        for (int i = 0; i < shown.Length; i++)
            plot.Curve(shown[i].Name, shown[i].Points, i);
        plot._svg.Append("</svg>");
        return plot._svg.ToString();
    }

    private static CurvePoint[] Shown(IReadOnlyList<CurvePoint> points) =>
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
            _svg.Append(Invariant, $"<line class='grid' x1='{x}' x2='{x}' y1='{Top}' y2='{Height - Bottom}'/>");
            _svg.Append(
                Invariant, $"<text class='tick' x='{x}' y='{Height - Bottom + 18}' text-anchor='middle'>{recall}</text>");
        }
        foreach (double qps in SpeedTicks())
        {
            string y = Text(Y(qps));
            _svg.Append(Invariant, $"<line class='grid' x1='{Left}' x2='{Width - Right}' y1='{y}' y2='{y}'/>");
            _svg.Append(
                Invariant, $"<text class='tick' x='{Left - 8}' y='{Text(Y(qps) + 4)}' text-anchor='end'>{qps:N0}</text>");
        }
        _svg.Append(Invariant,
            $"<text class='axis' x='{(Left + Width - Right) / 2}' y='{Height - 12}' text-anchor='middle'>"
            + $"recall (stretched: −log₁₀(1 − recall); further right is better)</text>");
        int middle = (Top + Height - Bottom) / 2;
        _svg.Append(Invariant,
            $"<text class='axis' transform='rotate(-90 16 {middle})' x='16' y='{middle}' text-anchor='middle'>"
            + $"queries a second (logarithmic; higher is better)</text>");
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

    private void Curve(string name, CurvePoint[] points, int order)
    {
        string colour = Colours[order % Colours.Length];
        string dash = order >= Colours.Length ? " stroke-dasharray='6 4'" : "";
        _svg.Append(Invariant, $"<g class='curve' data-engine='{HtmlReport.Escape(name)}'>");
        if (points.Length > 1)
        {
            string path = string.Join(' ', points.Select(point => $"{Text(X(point.Recall))},{Text(Y(point.Qps))}"));
            _svg.Append(
                Invariant, $"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2.2'{dash}/>");
        }
        foreach (CurvePoint point in points)
        {
            _svg.Append(
                Invariant,
                $"<circle cx='{Text(X(point.Recall))}' cy='{Text(Y(point.Qps))}' r='3.4' fill='{colour}'>"
                + $"<title>{HtmlReport.Escape(name)}, ef {point.Ef}: recall {point.Recall:F4}, {point.Qps:N0} queries/s</title></circle>");
        }
        int y = Top + 14 + (order * 22);
        int x = Width - Right + 22;
        string label = points.Length == 0 ? $"{name} (below {LeastRecall})" : name;
        _svg.Append(
            Invariant, $"<line x1='{x}' x2='{x + 26}' y1='{y}' y2='{y}' stroke='{colour}' stroke-width='2.6'{dash}/>");
        _svg.Append(Invariant, $"<circle cx='{x + 13}' cy='{y}' r='3.4' fill='{colour}'/>");
        _svg.Append(Invariant, $"<text class='legend' x='{x + 34}' y='{y + 4}'>{HtmlReport.Escape(label)}</text></g>");
    }
}
