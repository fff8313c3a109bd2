using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Encoding.Batching;

namespace Ann.Tests.Encoding.Batching;

/// <summary>A call of a simulation.</summary>
/// <param name="Gap">Milliseconds after the call before.</param>
/// <param name="Inputs">What it wants.</param>
/// <param name="Budget">Milliseconds; 0 for any.</param>
/// <param name="Patience">Milliseconds after which its caller goes away; 0 for never.</param>
internal sealed record SimulatedCall(int Gap, int[] Inputs, int Budget, int Patience);

/// <summary>
/// A queue with callers, threads and a clock that are all made up. Checks what has to hold at each moment, and at the end how each call
/// ended.
/// </summary>
internal sealed class QueueSimulation
{
    private static readonly TimeSpan Never = TimeSpan.MaxValue;

    private readonly NumberEncoder _encoder = new() { Refused = [13] };
    private readonly BatchQueue<int> _queue;
    private readonly RunTimeEstimate _estimate = new();
    private readonly int _limit;
    private readonly double _millisecondsAUnit;
    private readonly (TimeSpan Ends, TimeSpan Began, List<BatchItem<int>> Batch)?[] _threads;
    private readonly List<Caller> _callers = [];
    private readonly HashSet<int> _running = [];
    private TimeSpan _now;

    public QueueSimulation(int threads, int limit, int cachedRows, double millisecondsAUnit)
    {
        _limit = limit;
        _millisecondsAUnit = millisecondsAUnit;
        _queue = new BatchQueue<int>(_encoder, new BatchQueueLimits(limit, cachedRows));
        _threads = new (TimeSpan, TimeSpan, List<BatchItem<int>>)?[threads];
    }

    /// <summary>Runs of each input, over all the time.</summary>
    public Dictionary<int, int> Runs { get; } = [];

    public int Refusals { get; private set; }

    /// <summary>Lets all calls come, and waits for the last of them.</summary>
    public void Run(IEnumerable<SimulatedCall> calls)
    {
        foreach (SimulatedCall call in calls)
        {
            RunTo(_now + TimeSpan.FromMilliseconds(call.Gap));
            Submit(call);
            Dispatch();
        }
        RunTo(Never);
        Assert.All(_callers, static caller => Assert.True(caller.Call.HasEnded));
        Assert.Equal((0, 0), (_queue.Waiting, _queue.Items));
    }

    private void RunTo(TimeSpan until)
    {
        while (true)
        {
            TimeSpan next = _threads.Min(static thread => thread?.Ends ?? Never);
            foreach (Caller caller in _callers)
                if (!caller.Call.HasEnded)
                    next = TimeSpan.FromTicks(Math.Min(next.Ticks, Math.Min(caller.Call.Deadline.Ticks, caller.LeavesAt.Ticks)));
            if (next == Never || next > until)
                break;
            _now = next;
            EndRuns();
            EndCallers();
            Dispatch();
        }
        if (until != Never)
            _now = until;
    }

    private void Submit(SimulatedCall call)
    {
        int free = _threads.Count(static thread => thread is null);
        TimeSpan deadline = call.Budget == 0 ? Never : _now + TimeSpan.FromMilliseconds(call.Budget);
        try
        {
            BatchedCall<int> made = _queue.Submit(call.Inputs, _now, deadline, free);
            _callers.Add(new Caller(made, call.Inputs, call.Patience == 0 ? Never : _now + TimeSpan.FromMilliseconds(call.Patience)));
            CheckEnd(_callers[^1]);
        }
        catch (AnnException e) when (e.Error == AnnError.Overloaded)
        {
            Refusals++;
            Assert.Equal(0, free);
            Assert.InRange(_queue.Waiting, _limit, Math.Max(_limit, 1));
        }
        Assert.InRange(_queue.Waiting, 0, Math.Max(_limit, 1));
    }

    /// <summary>Gives work to threads that have none, as the real threads do.</summary>
    private void Dispatch()
    {
        for (int thread = 0; thread < _threads.Length; thread++)
        {
            if (_threads[thread] is not null)
                continue;
            List<BatchItem<int>> batch = _queue.Take(_now);
            if (batch.Count == 0)
            {
                Assert.Equal(0, _queue.Waiting); // nothing waits while a thread is free
                break;
            }
            CheckBatch(batch);
            double time = 1 + _millisecondsAUnit * batch.Sum(static item => item.Weight);
            _threads[thread] = (_now + TimeSpan.FromMilliseconds(time), _now, batch);
        }
        foreach (Caller caller in _callers)
            CheckEnd(caller);
    }

    private void CheckBatch(List<BatchItem<int>> batch)
    {
        Assert.InRange(batch.Count, 1, BatchBounds.MostRows);
        long weight = batch.Sum(static item => item.Weight);
        Assert.True(batch.Count == 1 || weight <= _encoder.MostWeight);
        Assert.True(batch.Count == 1 || _estimate.Of(weight) <= BatchBounds.MostTime);
        foreach (BatchItem<int> item in batch)
        {
            Assert.True(item.IsWanted, "nobody waits for it");
            Assert.True(_running.Add(item.Input), "it is in a run already");
            Runs[item.Input] = Runs.GetValueOrDefault(item.Input) + 1;
            foreach ((BatchedCall<int> call, _) in item.Waiters)
            {
                bool canBeMet = !call.HasEnded && call.Deadline < Never && _now + _estimate.Of(item.Weight) <= call.Deadline;
                bool isMet = !canBeMet || _now + _estimate.Of(weight) <= call.Deadline;
                Assert.True(batch.Count == 1 || isMet, "too large for a deadline in it");
            }
        }
    }

    private void EndRuns()
    {
        for (int thread = 0; thread < _threads.Length; thread++)
        {
            if (_threads[thread] is not { } run || run.Ends > _now)
                continue;
            _threads[thread] = null;
            long weight = run.Batch.Sum(static item => item.Weight);
            _queue.Learn(weight, _now - run.Began);
            _estimate.Learn(weight, _now - run.Began);
            foreach (BatchItem<int> item in run.Batch)
            {
                _running.Remove(item.Input);
                ReadOnlySpan<BatchItem<int>> one = CollectionsMarshal.AsSpan(run.Batch).Slice(run.Batch.IndexOf(item), 1);
                if (_encoder.Refused.Contains(item.Input))
                    _queue.Fail(one, AnnException.Invalid("rows[0]", "Row 0 of encoder 'numbers' is refused."));
                else
                    _queue.Give(one, [item.Input * item.Input]);
            }
        }
    }

    private void EndCallers()
    {
        foreach (Caller caller in _callers)
        {
            if (caller.LeavesAt <= _now)
                _queue.End(caller.Call, new OperationCanceledException());
            if (caller.Call.Deadline <= _now)
                _queue.End(caller.Call, new TimeoutException());
        }
    }

    /// <summary>Looks at a call the first time that it has ended: an end is for ever, so that this is its only one.</summary>
    private void CheckEnd(Caller caller)
    {
        if (!caller.Call.HasEnded || caller.IsChecked)
            return;
        caller.IsChecked = true;
        if (caller.Call.Rows.IsCompletedSuccessfully)
        {
            float[] rows = MemoryMarshal.Cast<byte, float>(caller.Call.Rows.Result).ToArray();
            Assert.Equal(caller.Inputs.Select(static input => (float)(input * input)), rows);
            Assert.True(_now <= caller.Call.Deadline, "after its deadline");
            Assert.DoesNotContain(caller.Inputs, _encoder.Refused.Contains);
            return;
        }
        switch (caller.Call.Rows.Exception!.InnerException)
        {
            case TimeoutException:
                Assert.True(_now >= caller.Call.Deadline, "before its deadline");
                break;
            case OperationCanceledException:
                Assert.True(_now >= caller.LeavesAt, "before its caller left");
                break;
            case AnnException refused:
                Assert.Contains(caller.Inputs[BatchedCall<int>.PositionOf(refused)!.Value], _encoder.Refused);
                break;
            default:
                Assert.Fail(caller.Call.Rows.Exception.ToString());
                break;
        }
    }

    private sealed record Caller(BatchedCall<int> Call, int[] Inputs, TimeSpan LeavesAt)
    {
        public bool IsChecked { get; set; }
    }
}
