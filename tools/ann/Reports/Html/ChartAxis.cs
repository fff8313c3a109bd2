using System.Globalization;

namespace Ann.Tool.Reports.Html;

/// <summary>How values lie along an axis.</summary>
internal enum AxisScale
{
    /// <summary>Evenly.</summary>
    Linear,

    /// <summary>Evenly by their logarithms; values must be above 0.</summary>
    Logarithmic,

    /// <summary>Shares of 1, stretched towards 1: evenly by −log₁₀(1 − share).</summary>
    Share,
}

/// <summary>An axis of a chart.</summary>
/// <param name="Title">What it shows, with its unit.</param>
/// <param name="Scale">How values lie along it.</param>
/// <param name="Least">Where it starts; null lets the values tell.</param>
/// <param name="Most">Where it ends; null lets the values tell. Values beyond are drawn at the end.</param>
internal sealed record ChartAxis(string Title, AxisScale Scale = AxisScale.Linear, double? Least = null, double? Most = null);

/// <summary>A number on an axis.</summary>
/// <param name="Value">Where it stands.</param>
/// <param name="Text">How it is written.</param>
/// <param name="IsMajor">False for one that is left out where there is no room.</param>
internal readonly record struct ChartTick(double Value, string Text, bool IsMajor);

/// <summary>An axis with the values that it shows: from a value to a place in the drawing.</summary>
internal sealed class AxisMap
{
    /// <summary>Stands for a share of 1: finer than a thousand queries of k = 1,000 can tell.</summary>
    private const double LeastMiss = 1e-7;

    private const int LinearSteps = 6;

    private static readonly double[] Shares =
        [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 0.99999, 0.999999];

    /// <summary>The others are left out where there is no room for their numbers.</summary>
    private static readonly double[] MajorShares = [0, 0.8, 0.9, 0.99, 0.999, 0.9999, 0.99999];

    private readonly AxisScale _scale;
    private readonly double _least;
    private readonly double _most;
    private readonly double _start;
    private readonly double _end;

    /// <param name="axis">Title, scale, and bounds where they are fixed.</param>
    /// <param name="values">All that is shown along it.</param>
    /// <param name="start">The place of the least value.</param>
    /// <param name="end">The place of the greatest one.</param>
    public AxisMap(ChartAxis axis, IEnumerable<double> values, double start, double end)
    {
        _scale = axis.Scale;
        _start = start;
        _end = end;
        double[] finite = [.. values.Where(double.IsFinite)];
        double low = finite.Length == 0 ? 0 : finite.Min();
        double high = finite.Length == 0 ? 1 : finite.Max();
        (low, high) = _scale switch
        {
            AxisScale.Logarithmic when low > 0 => (low * 0.8, high * 1.25),
            AxisScale.Logarithmic => (1, 10),
            AxisScale.Share =>
                (Shares.Last(share => share <= Math.Max(low, 0)), Shares.First(share => share >= Math.Min(high, Shares[^1]))),
            _ => (Math.Min(low, 0), high > 0 ? high * 1.05 : 1),
        };
        _least = axis.Least ?? low;
        _most = axis.Most ?? high;
        if (_most <= _least)
            _most = _scale == AxisScale.Share ? Math.Min((_least + 1) / 2, Shares[^1]) : _least + 1;
    }

    /// <summary>Where a number is written, in rising order.</summary>
    public IEnumerable<ChartTick> Ticks => _scale switch
    {
        AxisScale.Linear => LinearTicks(),
        AxisScale.Logarithmic => LogarithmicTicks(),
        _ => Shares.Where(share => share >= _least && share <= _most)
            .Select(static share => share == Shares[^1]
                ? new ChartTick(share, "1", true) // what is beyond stands there, too
                : new ChartTick(share, share.ToString(CultureInfo.InvariantCulture), MajorShares.Contains(share))),
    };

    /// <summary>The place of a value; beyond the ends of the axis, the end.</summary>
    public double At(double value)
    {
        double low = Along(_least);
        double share = (Along(Math.Clamp(value, _least, _most)) - low) / (Along(_most) - low);
        return _start + (share * (_end - _start));
    }

    /// <summary>The place of a share on a stretched axis: the number of nines.</summary>
    public static double Stretch(double share) => -Math.Log10(Math.Max(1 - share, LeastMiss));

    /// <summary>A number as it stands on an axis.</summary>
    public static string Short(double value) => Math.Abs(value) switch
    {
        >= 1e9 => Plain(value / 1e9) + "G",
        >= 1e6 => Plain(value / 1e6) + "M",
        >= 1e3 => Plain(value / 1e3) + "k",
        _ => Plain(value),
    };

    private static string Plain(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private double Along(double value) => _scale switch
    {
        AxisScale.Linear => value,
        AxisScale.Logarithmic => Math.Log(value),
        _ => Stretch(value),
    };

    private IEnumerable<ChartTick> LinearTicks()
    {
        double raw = (_most - _least) / LinearSteps;
        double decade = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double step = decade * (raw / decade) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        for (double at = Math.Ceiling(_least / step) * step; at <= _most; at += step)
            yield return new ChartTick(at, Short(Math.Abs(at) < step / 1000 ? 0 : at), true);
    }

    private IEnumerable<ChartTick> LogarithmicTicks()
    {
        bool isLong = _most / _least > 1000;
        for (double decade = Math.Pow(10, Math.Floor(Math.Log10(_least))); decade <= _most; decade *= 10)
        {
            foreach (int step in isLong ? (int[])[1] : [1, 2, 5])
            {
                if (decade * step >= _least && decade * step <= _most)
                    yield return new ChartTick(decade * step, Short(decade * step), step != 2 || !isLong);
            }
        }
    }
}
