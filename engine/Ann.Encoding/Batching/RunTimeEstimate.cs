namespace Ann.Encoding.Batching;

/// <summary>
/// How long a run takes by its weight: a straight line through what runs took, older ones counting ever less. Nothing is known before the
/// second: the first one of an encoder takes its memory, and its time tells nothing.
/// </summary>
internal sealed class RunTimeEstimate
{
    /// <summary>What is left of a run's weight in the means after one more: the last ten make the line.</summary>
    private const double Memory = 0.9;

    /// <summary>A run that took many times what was expected was held up by something else, and counts as so many times at most.</summary>
    private const double MostSurprise = 4;

    /// <summary>Runs below it surprise nobody, milliseconds.</summary>
    private const double Unsurprising = 10;

    private bool _isWarm;
    private double _runs, _weights, _times, _squares, _products;

    /// <summary>Learns from a run.</summary>
    /// <param name="weight">Of its inputs together, at least 1.</param>
    /// <param name="time">That it took.</param>
    public void Learn(long weight, TimeSpan time)
    {
        if (!_isWarm)
        {
            _isWarm = true;
            return;
        }
        double milliseconds = Math.Max(0, time.TotalMilliseconds);
        if (_runs > 0)
            milliseconds = Math.Min(milliseconds, MostSurprise * Of(weight).TotalMilliseconds + Unsurprising);
        _runs = _runs * Memory + 1;
        _weights = _weights * Memory + weight;
        _times = _times * Memory + milliseconds;
        _squares = _squares * Memory + (double)weight * weight;
        _products = _products * Memory + weight * milliseconds;
    }

    /// <summary>The time of a run; zero while nothing is known.</summary>
    /// <param name="weight">Of its inputs together.</param>
    public TimeSpan Of(long weight)
    {
        if (_runs == 0)
            return TimeSpan.Zero;
        double meanWeight = _weights / _runs, meanTime = _times / _runs;
        double variance = _squares / _runs - meanWeight * meanWeight;
        double proportional = meanTime / meanWeight;
        // Runs of like weights tell no slope. A line below zero, or one that falls, is noise; in proportion is then the best guess.
        double slope = variance > meanWeight * meanWeight * 1e-4
            ? Math.Clamp((_products / _runs - meanWeight * meanTime) / variance, 0, proportional)
            : proportional;
        return TimeSpan.FromMilliseconds(meanTime + slope * (weight - meanWeight));
    }
}
