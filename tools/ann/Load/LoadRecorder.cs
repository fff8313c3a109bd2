using Ann.Tool.Reports;
using Grpc.Core;
using HdrHistogram;

namespace Ann.Tool.Load;

/// <summary>
/// Counts what happens in the measured time of one run. A request belongs to it by its intended time, an answer to the second in which it
/// came. Safe for any number of threads.
/// </summary>
internal sealed class LoadRecorder
{
    private const long HighestNanoseconds = 3_600_000_000_000;
    private const int Digits = 3;

    /// <summary>Shares of the answers whose latency is drawn as a curve.</summary>
    private static readonly double[] CurveShares =
        [0, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999, 0.99999, 0.999999];

    private readonly Lock _lock = new();
    private readonly double _nanosecondsPerTick;
    private readonly long _frequency;
    private readonly long _start;
    private readonly LongHistogram _latency = new(1, HighestNanoseconds, Digits);
    private readonly LongHistogram _secondLatency = new(1, HighestNanoseconds, Digits);
    private readonly LongHistogram _lateness = new(1, HighestNanoseconds, Digits);
    private readonly SortedDictionary<string, long> _errors = new(StringComparer.Ordinal);
    private readonly List<LoadSecond> _seconds = [];
    private long _end;
    private long _due;
    private long _sent;
    private long _notSent;
    private long _answered;
    private long _answeredInTime;
    private long _unanswered;
    private long _truncated;
    private long _right;
    private long _wanted;
    private long _secondDue;
    private long _secondErrors;
    private double _latencySum;
    private long _latencyMax;
    private long _latenessMax;

    /// <param name="time">The clock that all timestamps are of.</param>
    /// <param name="start">Begin of the measured time; what was due before is warm-up.</param>
    /// <param name="end">End of the measured time.</param>
    public LoadRecorder(TimeProvider time, long start, long end)
    {
        _frequency = time.TimestampFrequency;
        _nanosecondsPerTick = 1e9 / _frequency;
        _start = start;
        _end = end;
    }

    /// <summary>Requests that failed, were not sent or not answered.</summary>
    public long Failures
    {
        get
        {
            lock (_lock)
                return _errors.Values.Sum() + _notSent + _unanswered;
        }
    }

    /// <summary>True when a request due then is measured.</summary>
    public bool Measures(long due) => due >= _start && due < Volatile.Read(ref _end);

    /// <summary>A request was sent.</summary>
    /// <param name="due">When it was intended.</param>
    /// <param name="now">When it was.</param>
    public void Sent(long due, long now)
    {
        if (!Measures(due))
            return;
        lock (_lock)
        {
            CloseSeconds(now);
            _due++;
            _sent++;
            _secondDue++;
            long late = Nanoseconds(now - due);
            _lateness.RecordValue(late);
            _latenessMax = Math.Max(_latenessMax, late);
        }
    }

    /// <summary>A request was due and not sent: too many were under way.</summary>
    public void NotSent(long due, long now)
    {
        if (!Measures(due))
            return;
        lock (_lock)
        {
            CloseSeconds(now);
            _due++;
            _notSent++;
            _secondDue++;
        }
    }

    /// <summary>A request that was sent was given up, because the run is over.</summary>
    public void Unanswered(long due)
    {
        if (!Measures(due))
            return;
        lock (_lock)
            _unanswered++;
    }

    /// <summary>A request ended.</summary>
    /// <param name="due">Its intended time: what latency counts from.</param>
    /// <param name="now">When its answer came.</param>
    /// <param name="code">OK or why it failed. Only answers have a latency.</param>
    /// <param name="truncated">The answer is not what the whole search would have given.</param>
    /// <param name="right">Results that are true neighbours.</param>
    /// <param name="wanted">Results whose truth is known.</param>
    public void Ended(long due, long now, StatusCode code, bool truncated, int right, int wanted)
    {
        bool inTime = now >= _start && now < Volatile.Read(ref _end);
        if (!inTime && !Measures(due))
            return;
        lock (_lock)
        {
            CloseSeconds(now);
            if (inTime && code == StatusCode.OK)
                _answeredInTime++;
            if (!Measures(due))
                return;
            if (code != StatusCode.OK)
            {
                string name = code.ToString();
                _errors[name] = _errors.GetValueOrDefault(name) + 1;
                _secondErrors++;
                return;
            }
            long latency = Nanoseconds(now - due);
            _answered++;
            _latency.RecordValue(latency);
            _secondLatency.RecordValue(latency);
            _latencySum += latency;
            _latencyMax = Math.Max(_latencyMax, latency);
            _truncated += truncated ? 1 : 0;
            _right += right;
            _wanted += wanted;
        }
    }

    /// <summary>The measured time ends now, earlier than planned.</summary>
    public void EndEarly(long now)
    {
        lock (_lock)
            Volatile.Write(ref _end, Math.Clamp(now, _start, _end));
    }

    /// <summary>What the last whole second was like; null before the first one is over.</summary>
    public LoadSecond? LastSecond(long now)
    {
        lock (_lock)
        {
            CloseSeconds(now);
            return _seconds.Count > 0 ? _seconds[^1] : null;
        }
    }

    /// <summary>Everything that was counted. Verdict and what the loop knows are left for the caller.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="peakInFlight">Most requests under way at once.</param>
    /// <param name="cpuShare">Share of this process's cores that it used itself, 0 to 1.</param>
    public LoadRun Summarise(LoadPlan plan, int peakInFlight, double cpuShare)
    {
        lock (_lock)
        {
            CloseSeconds(_end);
            double seconds = (double)(_end - _start) / _frequency;
            return new LoadRun
            {
                Rate = plan.IsClosed ? null : plan.Rate,
                Concurrency = plan.IsClosed ? plan.Concurrency : null,
                Seconds = seconds,
                Offered = plan.IsClosed ? null : PerSecond(_due),
                Achieved = PerSecond(_answeredInTime),
                Due = _due,
                Answered = _answered,
                Errors = new Dictionary<string, long>(_errors),
                Unanswered = _unanswered,
                Truncated = _truncated,
                Recall = _wanted > 0 ? (double)_right / _wanted : null,
                Latency = new LoadLatency
                {
                    MeanUs = _answered > 0 ? _latencySum / _answered / 1000 : 0,
                    P50Us = At(_latency, 50, _latencyMax),
                    P90Us = At(_latency, 90, _latencyMax),
                    P99Us = At(_latency, 99, _latencyMax),
                    P999Us = At(_latency, 99.9, _latencyMax),
                    P9999Us = At(_latency, 99.99, _latencyMax),
                    MaxUs = _latencyMax / 1000.0,
                    Curve = [.. CurveShares.Select(share => new LoadPercentile(share, At(_latency, 100 * share, _latencyMax)))],
                },
                Harness = new LoadHarness
                {
                    NotSent = _notSent,
                    PeakInFlight = peakInFlight,
                    LateP50Us = At(_lateness, 50, _latenessMax),
                    LateP99Us = At(_lateness, 99, _latenessMax),
                    LateMaxUs = _latenessMax / 1000.0,
                    CpuShare = cpuShare,
                },
                Series = [.. _seconds],
                Verdict = "",
            };

            double PerSecond(long count) => seconds > 0 ? count / seconds : 0;
        }
    }

    /// <summary>Ends the seconds that are over; those in which nothing came are noted as such.</summary>
    private void CloseSeconds(long now)
    {
        now = Math.Min(now, _end);
        while (now - _start >= (_seconds.Count + 1) * _frequency)
        {
            _seconds.Add(new LoadSecond
            {
                Second = _seconds.Count + 1,
                Due = _secondDue,
                Answered = _secondLatency.TotalCount,
                Errors = _secondErrors,
                P50Us = At(_secondLatency, 50, _latencyMax),
                P99Us = At(_secondLatency, 99, _latencyMax),
                MaxUs = At(_secondLatency, 100, _latencyMax),
            });
            _secondLatency.Reset();
            _secondDue = 0;
            _secondErrors = 0;
        }
    }

    private long Nanoseconds(long ticks) => Math.Clamp((long)(ticks * _nanosecondsPerTick), 1, HighestNanoseconds);

    /// <summary>A percentile in microseconds: the end of its bucket, which may lie behind the greatest value that came.</summary>
    private static double At(LongHistogram histogram, double percentile, long greatest) =>
        histogram.TotalCount > 0 ? Math.Min(histogram.GetValueAtPercentile(percentile), greatest) / 1000.0 : 0;
}
