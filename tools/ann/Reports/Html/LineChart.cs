using System.Globalization;
using System.Net;
using System.Text;

namespace Ann.Tool.Reports.Html;

/// <summary>A point of a series.</summary>
/// <param name="X">Along the axis below.</param>
/// <param name="Y">Along the axis at the left; of several measurements the median.</param>
/// <param name="Label">What is told of it when it is pointed at, without the name of the series.</param>
internal sealed record ChartPoint(double X, double Y, string Label)
{
    /// <summary>Least of several measurements; null for a single one.</summary>
    public double? Low { get; init; }

    /// <summary>Greatest of several measurements; null for a single one.</summary>
    public double? High { get; init; }
}

/// <summary>Points that belong together.</summary>
/// <param name="Name">As the legend has it.</param>
/// <param name="Points">In the order in which a line goes through them.</param>
/// <param name="IsLine">False for points without a line.</param>
internal sealed record ChartSeries(string Name, IReadOnlyList<ChartPoint> Points, bool IsLine = true)
{
    /// <summary>True for what the page is about: its points are ringed, and its name stands beside them.</summary>
    public bool IsMarked { get; init; }
}

/// <summary>A line at a value of the axis at the left, such as a limit or a target.</summary>
/// <param name="Y">Where.</param>
/// <param name="Text">What it is.</param>
internal sealed record ChartLimit(double Y, string Text);

/// <summary>
/// Lines as inline SVG: one a series, a bar at each point from the least to the greatest measurement, a legend below that breaks its
/// lines. Colours and sizes are those of <see cref="ReportStyle"/>, so that they follow theme and width.
/// </summary>
internal sealed class LineChart
{
    private const int Width = 800;
    private const int Height = 500;
    private const int Left = 96;
    private const int Right = 42;
    private const int Top = 46;
    private const int Bottom = 68;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private readonly StringBuilder _svg = new();
    private readonly AxisMap _x;
    private readonly AxisMap _y;

    private LineChart(ChartAxis x, ChartAxis y, IReadOnlyList<ChartSeries> series, ChartLimit? limit)
    {
        ChartPoint[] points = [.. series.SelectMany(static one => one.Points)];
        _x = new AxisMap(x, points.Select(static point => point.X), Left, Width - Right);
        IEnumerable<double> values = points.SelectMany(static point => (double[])[point.Y, point.Low ?? point.Y, point.High ?? point.Y]);
        _y = new AxisMap(y, limit is null ? values : values.Append(limit.Y), Height - Bottom, Top);
    }

    /// <summary>Draws series with their legend.</summary>
    /// <param name="description">What the chart shows, for who cannot see it.</param>
    /// <param name="x">The axis below.</param>
    /// <param name="y">The axis at the left.</param>
    /// <param name="series">In the order of the legend.</param>
    /// <param name="limit">A line across; null for none.</param>
    public static string Draw(string description, ChartAxis x, ChartAxis y, IReadOnlyList<ChartSeries> series, ChartLimit? limit = null)
    {
        LineChart chart = new(x, y, series, limit);
        chart.Axes(description, x, y);
        if (limit is not null)
            chart.Limit(limit);
        for (int i = 0; i < series.Count; i++)
            chart.Series(series[i], i);
        chart._svg.Append("</svg>");
        chart.Legend(series);
        return chart._svg.ToString();
    }

    private static string Text(double value) => value.ToString("0.##", Invariant);

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private void Axes(string description, ChartAxis x, ChartAxis y)
    {
        _svg.Append(Invariant, $"<svg viewBox='0 0 {Width} {Height}' role='img' aria-label='{Escape(description)}'>");
        foreach (ChartTick tick in _x.Ticks)
        {
            string at = Text(_x.At(tick.Value));
            _svg.Append(Invariant, $"<line class='grid' x1='{at}' x2='{at}' y1='{Top}' y2='{Height - Bottom}'/>");
            string kind = tick.IsMajor ? "tick" : "tick minor";
            _svg.Append(
                Invariant, $"<text class='{kind}' x='{at}' y='{Height - Bottom + 22}' text-anchor='middle'>{tick.Text}</text>");
        }
        foreach (ChartTick tick in _y.Ticks)
        {
            double at = _y.At(tick.Value);
            string kind = tick.IsMajor ? "tick" : "tick minor";
            _svg.Append(Invariant, $"<line class='grid' x1='{Left}' x2='{Width - Right}' y1='{Text(at)}' y2='{Text(at)}'/>");
            _svg.Append(
                Invariant, $"<text class='{kind}' x='{Left - 8}' y='{Text(at + 4)}' text-anchor='end'>{tick.Text}</text>");
        }
        _svg.Append(
            Invariant,
            $"<text class='axis' x='{(Left + Width - Right) / 2}' y='{Height - 12}' text-anchor='middle'>{Escape(x.Title)}</text>");
        _svg.Append(Invariant, $"<text class='axis' x='4' y='22'>{Escape(y.Title)}</text>");
    }

    private void Limit(ChartLimit limit)
    {
        string at = Text(_y.At(limit.Y));
        _svg.Append(Invariant, $"<line class='limit' x1='{Left}' x2='{Width - Right}' y1='{at}' y2='{at}'/>");
        _svg.Append(
            Invariant,
            $"<text class='tick' x='{Width - Right - 4}' y='{Text(_y.At(limit.Y) - 6)}' text-anchor='end'>{Escape(limit.Text)}</text>");
    }

    private void Series(ChartSeries series, int order)
    {
        string name = Escape(series.Name);
        _svg.Append(Invariant, $"<g class='curve {ReportStyle.SeriesOf(order)}' data-series='{name}'>");
        foreach (ChartPoint point in series.Points.Where(static point => point.High > point.Low))
        {
            string at = Text(_x.At(point.X));
            _svg.Append(
                Invariant,
                $"<line class='spread' x1='{at}' x2='{at}' y1='{Text(_y.At(point.Low!.Value))}' y2='{Text(_y.At(point.High!.Value))}'/>");
        }
        if (series.IsLine && series.Points.Count > 1)
        {
            string path = string.Join(' ', series.Points.Select(point => $"{Text(_x.At(point.X))},{Text(_y.At(point.Y))}"));
            _svg.Append(Invariant, $"<polyline points='{path}'/>");
        }
        foreach (ChartPoint point in series.Points)
        {
            _svg.Append(
                Invariant,
                $"<circle cx='{Text(_x.At(point.X))}' cy='{Text(_y.At(point.Y))}' r='3.4'>"
                + $"<title>{name}, {Escape(point.Label)}</title></circle>");
            if (series.IsMarked)
                Mark(point, name);
        }
        _svg.Append("</g>");
    }

    /// <summary>A ring, and the name where there is room for it: towards the middle, above, or at the top below.</summary>
    private void Mark(ChartPoint point, string name)
    {
        (double x, double y) = (_x.At(point.X), _y.At(point.Y));
        bool isRight = x > (Left + Width - Right) / 2;
        double at = y < Top + 40 ? y + 36 : y - 16;
        _svg.Append(
            Invariant,
            $"<circle class='ring' cx='{Text(x)}' cy='{Text(y)}' r='8'/>"
            + $"<text class='axis' x='{Text(isRight ? x - 6 : x + 6)}' y='{Text(at)}' "
            + $"text-anchor='{(isRight ? "end" : "start")}'>{name}</text>");
    }

    private void Legend(IReadOnlyList<ChartSeries> series)
    {
        _svg.Append("<ul class='legend'>");
        for (int i = 0; i < series.Count; i++)
        {
            string line = series[i].IsLine ? "<polyline points='0,5 26,5'/>" : "";
            _svg.Append(
                Invariant,
                $"<li class='curve {ReportStyle.SeriesOf(i)}'><svg viewBox='0 0 26 10' aria-hidden='true'>{line}"
                + $"<circle cx='13' cy='5' r='3.4'/></svg>{Escape(series[i].Name)}</li>");
        }
        _svg.Append("</ul>");
    }
}
