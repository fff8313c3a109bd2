using Ann.Protocol.V1;
using Ann.Tool.Reports;

namespace Ann.Tool.Load;

/// <summary>Gathers what the answers of a run say of themselves, beside what they are. Safe for any number of threads.</summary>
/// <param name="deadline">Of a request, from its intended time; null for none.</param>
internal sealed class LoadQuality(TimeSpan? deadline)
{
    /// <summary>Classes of estimates, of equal width: the answers of a class should have on average the recall that is estimated.</summary>
    private const int Classes = 10;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, long> _completeness = new(StringComparer.Ordinal);
    private readonly long[] _steps = new long[8];
    private readonly double[] _estimates = new double[Classes];
    private readonly double[] _recalls = new double[Classes];
    private readonly long[] _counts = new long[Classes];
    private long _inDeadline;

    /// <summary>Counts an answer.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="latency">From its intended time.</param>
    /// <param name="right">Results that are true neighbours.</param>
    /// <param name="wanted">Results whose truth is known; 0 without truth.</param>
    public void Add(SearchResponse response, TimeSpan latency, int right, int wanted)
    {
        lock (_lock)
        {
            string name = response.Completeness.ToString();
            _completeness[name] = _completeness.GetValueOrDefault(name) + 1;
            _steps[Math.Min(response.Stats.BrownOut, (uint)_steps.Length - 1)]++;
            _inDeadline += latency <= deadline ? 1 : 0;
            if (wanted == 0 || !response.Stats.HasEstimatedRecall)
                return;
            double estimate = response.Stats.EstimatedRecall;
            int place = Math.Clamp((int)(estimate * Classes), 0, Classes - 1);
            _estimates[place] += estimate;
            _recalls[place] += (double)right / wanted;
            _counts[place]++;
        }
    }

    /// <summary>What was gathered.</summary>
    /// <param name="due">Requests of the run.</param>
    public LoadAnswers Summarise(long due)
    {
        lock (_lock)
        {
            long known = _counts.Sum();
            return new LoadAnswers
            {
                InDeadline = deadline is null || due == 0 ? null : (double)_inDeadline / due,
                Completeness = new Dictionary<string, long>(_completeness),
                BrownOut = [.. _steps[..5]],
                EstimatedRecall = known == 0 ? null : _estimates.Sum() / known,
                MeasuredRecall = known == 0 ? null : _recalls.Sum() / known,
                EstimateError = known == 0 ? null
                    : Enumerable.Range(0, Classes).Sum(place => Math.Abs(_estimates[place] - _recalls[place])) / known,
            };
        }
    }
}
