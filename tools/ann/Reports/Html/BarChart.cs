using System.Globalization;
using System.Net;
using System.Text;

namespace Ann.Tool.Reports.Html;

/// <summary>A bar.</summary>
/// <param name="Group">What it stands with, such as a measure.</param>
/// <param name="Series">Which of the group it is, such as an encoder.</param>
/// <param name="Value">Its length, 0 or above.</param>
internal sealed record ChartBar(string Group, string Series, double Value)
{
    /// <summary>Lower end of its interval; null without.</summary>
    public double? Low { get; init; }

    /// <summary>Upper end of its interval; null without.</summary>
    public double? High { get; init; }
}

/// <summary>
/// Lying bars as inline SVG, in groups: a name above each group, the value behind each bar, a stroke over its interval, a legend below.
/// </summary>
internal static class BarChart
{
    private const int Width = 800;
    private const int Right = 96;
    private const int Bar = 20;
    private const int Gap = 5;
    private const int Head = 30;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>Draws bars with their legend.</summary>
    /// <param name="description">What the chart shows, for who cannot see it.</param>
    /// <param name="axis">What the lengths are.</param>
    /// <param name="bars">Groups and series come in the order of their first bars.</param>
    public static string Draw(string description, ChartAxis axis, IReadOnlyList<ChartBar> bars)
    {
        string[] series = [.. bars.Select(static bar => bar.Series).Distinct()];
        IGrouping<string, ChartBar>[] groups = [.. bars.GroupBy(static bar => bar.Group)];
        AxisMap map = new(axis, bars.SelectMany(static bar => (double[])[bar.Value, bar.High ?? bar.Value]), 4, Width - Right);
        int height = groups.Sum(static group => Head + (group.Count() * (Bar + Gap))) + 12;
        StringBuilder svg = new();
        svg.Append(Invariant, $"<svg viewBox='0 0 {Width} {height}' role='img' aria-label='{Escape(description)}'>");
        int y = 0;
        foreach (IGrouping<string, ChartBar> group in groups)
        {
            svg.Append(Invariant, $"<text class='axis' x='4' y='{y + Head - 9}'>{Escape(group.Key)}</text>");
            y += Head;
            foreach (ChartBar bar in group)
            {
                Draw(svg, map, bar, Array.IndexOf(series, bar.Series), y);
                y += Bar + Gap;
            }
        }
        svg.Append("</svg><ul class='legend'>");
        for (int i = 0; i < series.Length; i++)
        {
            svg.Append(
                Invariant,
                $"<li class='bar {ReportStyle.SeriesOf(i)}'><svg viewBox='0 0 26 10' aria-hidden='true'>"
                + $"<rect width='26' height='10'/></svg>{Escape(series[i])}</li>");
        }
        svg.Append(Invariant, $"</ul><p class='note'>{Escape(axis.Title)}</p>");
        return svg.ToString();
    }

    private static void Draw(StringBuilder svg, AxisMap map, ChartBar bar, int order, int y)
    {
        double end = map.At(bar.Value);
        string value = bar.Value.ToString(Math.Abs(bar.Value) < 10 ? "0.####" : "N0", Invariant);
        string interval = bar is { Low: double low, High: double high }
            ? string.Create(Invariant, $" ({low:0.####} to {high:0.####})")
            : "";
        svg.Append(
            Invariant,
            $"<g class='bar {ReportStyle.SeriesOf(order)}' data-series='{Escape(bar.Series)}'>"
            + $"<rect x='4' y='{y}' width='{Text(Math.Max(end - 4, 1))}' height='{Bar}'><title>{Escape(bar.Group)}, "
            + $"{Escape(bar.Series)}: {value}{interval}</title></rect>");
        double edge = end;
        if (bar is { Low: double from, High: double to })
        {
            edge = Math.Max(end, map.At(to));
            svg.Append(
                Invariant,
                $"<line class='interval' x1='{Text(map.At(from))}' x2='{Text(map.At(to))}' y1='{y + (Bar / 2)}' y2='{y + (Bar / 2)}'/>");
        }
        svg.Append(Invariant, $"<text class='tick' x='{Text(edge + 8)}' y='{y + Bar - 6}'>{value}</text></g>");
    }

    private static string Text(double value) => value.ToString("0.##", Invariant);

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
