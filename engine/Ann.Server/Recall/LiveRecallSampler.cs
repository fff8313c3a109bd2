using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Server.Admission;
using Microsoft.Extensions.Options;

namespace Ann.Server.Recall;

/// <summary>
/// Keeps a share of the answered queries and asks them again exactly, on one thread of low priority, while no search waits. A sample holds
/// the snapshot that answered, so few wait and none waits long: what finds no idle time is dropped.
/// </summary>
internal sealed partial class LiveRecallSampler : IDisposable
{
    /// <summary>Samples that wait at most; a new one pushes out the oldest.</summary>
    public const int MostWaiting = 64;

    /// <summary>Oldest sample that is still measured: longer it may not hold segments that compaction has replaced.</summary>
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(10);

    /// <summary>Time between two looks whether searches still wait.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Queue<RecallSample> _waiting = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly BackgroundThreads _thread = new(share: 0.001); // one
    private readonly LiveRecallBoard _board;
    private readonly SearchAdmission _admission;
    private readonly ServerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<LiveRecallSampler> _log;
    private readonly SampleChoice _choice;
    private Task _measuring = Task.CompletedTask;
    private bool _isMeasuring;
    private bool _closed;

    public LiveRecallSampler(
        LiveRecallBoard board, AdmissionControl admission, ServerMetrics metrics, IOptions<ServerOptions> options, TimeProvider time,
        ILogger<LiveRecallSampler> log)
    {
        _board = board;
        _admission = admission.SearchPlaces;
        _metrics = metrics;
        _time = time;
        _log = log;
        _choice = new SampleChoice(options.Value.LiveRecallShare);
    }

    /// <summary>Samples that wait now, and the one being measured.</summary>
    public int Waiting
    {
        get
        {
            lock (_waiting)
                return _waiting.Count + (_isMeasuring ? 1 : 0);
        }
    }

    /// <summary>True when the query now answered is one to keep.</summary>
    public bool Wants() => _choice.Next();

    /// <summary>
    /// Keeps a query. Only for a whole answer that is the nearest items and nothing else: not cut short, not degraded, not exact, without
    /// quotas, diversity or union.
    /// </summary>
    /// <param name="index">That answered; held.</param>
    /// <param name="query">As the caller gave it.</param>
    /// <param name="at">What the answer saw.</param>
    /// <param name="asked">k, target and restriction.</param>
    /// <param name="hits">The answer.</param>
    public void Offer(IndexSnapshot index, ReadOnlySpan<float> query, ReadPoint at, in SampledRequest asked, ReadOnlySpan<SearchHit> hits)
    {
        RecallSample sample = new()
        {
            Kind = RecallKind.Of(index, asked.Selectivity, asked.K),
            Lease = index.HoldLonger(),
            Query = query.ToArray(),
            K = asked.K,
            At = at,
            Filter = asked.Filter,
            Excluded = asked.Excluded,
            Hits = hits.ToArray(),
            Target = asked.Target,
            Taken = _time.GetTimestamp(),
        };
        lock (_waiting)
        {
            if (_closed)
            {
                sample.Dispose();
                return;
            }
            if (_waiting.Count == MostWaiting)
                PushOut();
            _waiting.Enqueue(sample);
            if (_isMeasuring)
                return;
            _isMeasuring = true;
            _measuring = Task.Factory.StartNew(MeasureAsync, CancellationToken.None, TaskCreationOptions.None, _thread).Unwrap();
        }
    }

    /// <summary>Stops measuring and lets go of every snapshot.</summary>
    public void Dispose()
    {
        lock (_waiting)
            _closed = true;
        _stopping.Cancel();
        _measuring.Wait();
        lock (_waiting)
        {
            while (_waiting.TryDequeue(out RecallSample? sample))
                sample.Dispose();
        }
        _thread.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Measures until nothing waits. Every continuation runs on the one thread.</summary>
    private async Task MeasureAsync()
    {
        while (Next() is { } sample)
        {
            using (sample)
            {
                while (_admission.IsBusy && !IsTooOld(sample) && !_stopping.IsCancellationRequested)
                    await Task.Delay(Pause, _time, CancellationToken.None);
                if (IsTooOld(sample))
                    _metrics.Dropped(sample.Kind);
                else
                    Measure(sample);
            }
        }
    }

    private void Measure(RecallSample sample)
    {
        try
        {
            if (sample.Measure(_stopping.Token) is not { } recall)
                return;
            _board.Add(sample.Kind, recall, sample.Target);
            _metrics.Sampled(sample.Kind);
        }
        catch (Exception e) // whatever it is, the next sample is measured: nobody waits for this one
        {
            NotMeasured(sample.Kind.Index, e);
        }
    }

    private RecallSample? Next()
    {
        lock (_waiting)
        {
            _isMeasuring = !_closed && _waiting.Count > 0;
            return _isMeasuring ? _waiting.Dequeue() : null;
        }
    }

    private bool IsTooOld(RecallSample sample) => _time.GetElapsedTime(sample.Taken) > LongestHold;

    private void PushOut()
    {
        using RecallSample oldest = _waiting.Dequeue();
        _metrics.Dropped(oldest.Kind);
    }

    [LoggerMessage(EventId = 60, Level = LogLevel.Warning, Message = "A sample of live recall of index {Index} could not be measured.")]
    private partial void NotMeasured(string index, Exception failure);
}

/// <summary>What of a request its sample needs.</summary>
/// <param name="K">Results wanted.</param>
/// <param name="Target">Recall wanted; null for none.</param>
/// <param name="Filter">Null for none.</param>
/// <param name="Excluded">Null for none.</param>
/// <param name="Selectivity">Share of the items that may be returned; null when nothing restricts them.</param>
internal readonly record struct SampledRequest(int K, double? Target, BoundFilter? Filter, ExcludedKeys? Excluded, double? Selectivity);
