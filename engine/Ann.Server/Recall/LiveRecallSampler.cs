using System.Collections.Concurrent;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Server.Admission;
using Ann.Server.Telemetry;
using Microsoft.Extensions.Options;

namespace Ann.Server.Recall;

/// <summary>
/// Keeps a share of the answered queries and asks them again exactly, on one thread, while no search waits and a core is idle: nearly all
/// of those of which little is known, and fewer the more is. A sample holds the snapshot that answered, so few wait and none waits long:
/// what finds no idle time is dropped. Those of small indexes are measured first: they cost least.
/// </summary>
internal sealed partial class LiveRecallSampler(
    LiveRecallBoard board, LiveRecallFile file, AdmissionControl admission, ServerMetrics metrics, IOptions<ServerOptions> options,
    TimeProvider time, ILogger<LiveRecallSampler> log) : IDisposable
{
    /// <summary>Samples that wait at most; while so many do, no other is taken.</summary>
    public const int MostWaiting = 256;

    /// <summary>Own calls that are measured.</summary>
    private const int MostRehearsals = 8;

    /// <summary>Oldest sample that is still measured: longer it may not hold segments that compaction has replaced.</summary>
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(10);

    /// <summary>Time between two looks whether searches still wait.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<RecallSample> _offered = new();
    private readonly List<RecallSample> _waiting = []; // of the measuring thread
    private readonly Lock _starting = new(); // never taken by the measuring thread, which may be kept from its core for long
    private readonly CancellationTokenSource _stopping = new();
    private readonly BackgroundThreads _thread = new(share: 0.001, whenIdle: true); // one
    private readonly SampleChoice _choice = new(options.Value.LiveRecallShare);

    // Of the server's own calls: they run all code that callers run, and what they leave is looked at by nobody.
    private readonly SampleChoice _ownChoice = new(options.Value.LiveRecallShare);
    private readonly LiveRecallBoard _ownBoard = new();

    private Task _measuring = Task.CompletedTask;
    private int _waitingCount;
    private int _rehearsals;
    private int _isMeasuring;
    private volatile bool _closed;

    /// <summary>Samples that wait now, and the one being measured.</summary>
    public int Waiting => Volatile.Read(ref _waitingCount);

    /// <summary>True when the query now answered is one to keep.</summary>
    /// <param name="weight">How much is known of such: <see cref="KnownRecall.WeightOf"/>.</param>
    /// <param name="isOwn">True of one of the server's own: a few of those are kept, while nothing waits.</param>
    public bool Wants(double weight, bool isOwn) => isOwn
        ? _ownChoice.Next(weight) && Volatile.Read(ref _waitingCount) == 0 && _rehearsals < MostRehearsals
            && Interlocked.Increment(ref _rehearsals) <= MostRehearsals
        : _choice.Next(weight) && Volatile.Read(ref _waitingCount) < MostWaiting;

    /// <summary>
    /// Keeps a query. Only for a whole answer that is the nearest items and nothing else: not cut short, not degraded, not exact by the
    /// caller's own wish, without quotas, diversity or union.
    /// </summary>
    /// <param name="index">That answered; held.</param>
    /// <param name="query">As the caller gave it.</param>
    /// <param name="at">What the answer saw.</param>
    /// <param name="asked">k, target and restriction.</param>
    /// <param name="answer">How it was found.</param>
    /// <param name="hits">The answer.</param>
    public void Offer(
        IndexSnapshot index, ReadOnlySpan<float> query, ReadPoint at, in SampledRequest asked, SampledAnswer answer,
        ReadOnlySpan<SearchHit> hits)
    {
        RecallSample sample = new()
        {
            Kind = RecallKind.Of(index, asked.Selectivity, asked.K),
            Lease = index.HoldLonger(),
            Query = query.ToArray(),
            At = at,
            Asked = asked,
            Answer = answer,
            Hits = hits.ToArray(),
            Taken = time.GetTimestamp(),
        };
        lock (_starting)
        {
            if (_closed || _waitingCount >= MostWaiting)
            {
                sample.Dispose();
                return;
            }
            Interlocked.Increment(ref _waitingCount);
            _offered.Enqueue(sample);
            if (Interlocked.Exchange(ref _isMeasuring, 1) == 0)
                _measuring = Task.Factory.StartNew(MeasureAsync, CancellationToken.None, TaskCreationOptions.None, _thread).Unwrap();
        }
    }

    /// <summary>Stops measuring and lets go of every snapshot.</summary>
    public void Dispose()
    {
        lock (_starting)
            _closed = true;
        _stopping.Cancel();
        _measuring.Wait();
        TakeOffered();
        foreach (RecallSample sample in _waiting)
            sample.Dispose();
        file.Save();
        _thread.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Measures until nothing waits. Every continuation runs on the one thread.</summary>
    private async Task MeasureAsync()
    {
        do
        {
            while (Next() is { } sample)
            {
                using (sample)
                {
                    while (admission.SearchPlaces.IsBusy && !IsTooOld(sample) && !_stopping.IsCancellationRequested)
                        await Task.Delay(Pause, time, CancellationToken.None);
                    if (IsTooOld(sample))
                        metrics.Dropped(sample.Kind.Index);
                    else
                        Measure(sample);
                }
                file.SaveIfDue();
                Interlocked.Decrement(ref _waitingCount);
            }
            Volatile.Write(ref _isMeasuring, 0);
        }
        while (!_closed && !_offered.IsEmpty && Interlocked.Exchange(ref _isMeasuring, 1) == 0); // one came after the last look
    }

    private void Measure(RecallSample sample)
    {
        try
        {
            if (sample.Measure(options.Value.MaxRecallEf, _stopping.Token) is not { } measured)
                return;
            bool isOwn = sample.Asked.IsRehearsal;
            (isOwn ? _ownBoard : board).Add(sample.Kind, in measured);
            if (!isOwn)
                metrics.Sampled(sample.Kind.Index);
        }
        catch (Exception e) // whatever it is, the next sample is measured: nobody waits for this one
        {
            NotMeasured(sample.Kind.Index, e);
        }
    }

    private RecallSample? Next()
    {
        TakeOffered();
        if (_closed || _waiting.Count == 0)
            return null;
        RecallSample next = _waiting.MinBy(static sample => sample.Rows)!; // the oldest of the smallest index
        _waiting.Remove(next);
        return next;
    }

    private void TakeOffered()
    {
        while (_offered.TryDequeue(out RecallSample? sample))
            _waiting.Add(sample);
    }

    private bool IsTooOld(RecallSample sample) => time.GetElapsedTime(sample.Taken) > LongestHold;

    [LoggerMessage(EventId = 60, Level = LogLevel.Warning, Message = "A sample of live recall of index {Index} could not be measured.")]
    private partial void NotMeasured(string index, Exception failure);
}
