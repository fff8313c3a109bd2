namespace Ann.Tool;

/// <summary>
/// Tells on standard error how far a long step is: rate and time left. On a terminal one line is rewritten; elsewhere, as in a log, a
/// plain line appears every few seconds. Safe for any number of threads.
/// </summary>
internal sealed class ProgressMeter : IDisposable
{
    private static readonly TimeSpan TerminalInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(3);

    private readonly ToolContext _tool;
    private readonly string _label;
    private readonly string _unit;
    private readonly long? _total;
    private readonly long _first;
    private readonly long _start;
    private readonly Lock _lock = new();
    private long _shownAt;
    private int _shownLength;

    /// <param name="tool">Where to tell.</param>
    /// <param name="label">The step, such as <c>encode</c>.</param>
    /// <param name="unit">What is counted, such as <c>rows</c>.</param>
    /// <param name="total">How many there are; null where nobody knows.</param>
    /// <param name="first">How many were done before: they took no time of this step.</param>
    public ProgressMeter(ToolContext tool, string label, string unit, long? total, long first = 0)
    {
        _tool = tool;
        _label = label;
        _unit = unit;
        _total = total;
        _first = first;
        _start = _shownAt = tool.Time.GetTimestamp();
    }

    /// <summary>Tells that this many are done. Cheap: most calls show nothing.</summary>
    /// <param name="done">How many, those before this step too.</param>
    /// <param name="fraction">How much of all that is, 0 to 1, where the total is not known and this is.</param>
    public void Report(long done, double? fraction = null)
    {
        TimeSpan interval = _tool.ErrorIsTerminal ? TerminalInterval : PlainInterval;
        if (_tool.Time.GetElapsedTime(Volatile.Read(ref _shownAt)) < interval)
            return;
        lock (_lock)
        {
            long now = _tool.Time.GetTimestamp();
            if (_tool.Time.GetElapsedTime(_shownAt, now) < interval)
                return;
            Volatile.Write(ref _shownAt, now);
            Show(Line(done, fraction, _tool.Time.GetElapsedTime(_start, now).TotalSeconds));
        }
    }

    /// <summary>Clears the line of a terminal.</summary>
    public void Dispose()
    {
        if (_shownLength == 0 || !_tool.ErrorIsTerminal)
            return;
        _tool.Error.Write('\r' + new string(' ', _shownLength) + '\r');
        _shownLength = 0;
    }

    private void Show(string line)
    {
        if (_tool.ErrorIsTerminal)
            _tool.Error.Write('\r' + line.PadRight(_shownLength));
        else
            _tool.Error.WriteLine(line);
        _shownLength = line.Length;
    }

    private string Line(long done, double? fraction, double seconds)
    {
        double rate = (done - _first) / Math.Max(seconds, 1e-3);
        string speed = $"{rate:N0} {_unit}/s";
        if (_total is long total)
        {
            string left = rate > 0 ? Duration((total - done) / rate) : "unknown";
            return $"{_label}: {done:N0} of {total:N0} {_unit} ({100.0 * done / Math.Max(1, total):F0} %), {speed}, ETA {left}";
        }
        return fraction is > 0 and double part
            ? $"{_label}: {done:N0} {_unit} ({100 * part:F0} % of the input), {speed}, ETA {Duration(seconds * (1 - part) / part)}"
            : $"{_label}: {done:N0} {_unit}, {speed}";
    }

    private static string Duration(double seconds)
    {
        TimeSpan time = TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(99).TotalSeconds));
        return time.TotalHours >= 1 ? $"{(int)time.TotalHours}:{time.Minutes:D2}:{time.Seconds:D2}" : $"{time.Minutes}:{time.Seconds:D2}";
    }
}
