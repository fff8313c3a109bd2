using System.Runtime.InteropServices;
using Ann.Core;

namespace Ann.Encoding.Batching;

/// <summary>
/// One encoder for many callers at once: what they submit while its threads are busy makes the next batch. Safe for any number of
/// threads.
/// </summary>
/// <remarks>
/// A lone caller finds a free thread and waits for nothing; under load batches grow as large as deadlines allow, and throughput with them
/// (the dynamic batching of inference servers, but that it never holds a batch back for more to come).
/// </remarks>
internal sealed class MicroBatcher<TInput> : IBatchLane
    where TInput : notnull, IEquatable<TInput>
{
    private readonly Lock _lock = new();
    private readonly IBatchEncoder<TInput> _encoder;
    private readonly BatchQueue<TInput> _queue;
    private readonly EncoderThreads _threads;
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly Action<BatchReport>? _ran;
    private bool _isClosed;
    private int _runs;
    private Action? _idle;

    /// <param name="encoder">The encoder. Stays the caller's, who disposes it after the threads.</param>
    /// <param name="limits">How much may wait for it.</param>
    /// <param name="threads">What it runs on.</param>
    /// <param name="time">The clock of its deadlines.</param>
    /// <param name="ran">Told of each run, on its thread; null: nobody is told.</param>
    public MicroBatcher(
        IBatchEncoder<TInput> encoder, BatchQueueLimits limits, EncoderThreads threads, TimeProvider time, Action<BatchReport>? ran = null)
    {
        _ran = ran;
        _encoder = encoder;
        _queue = new BatchQueue<TInput>(encoder, limits);
        _threads = threads;
        _time = time;
        _origin = time.GetTimestamp();
        threads.Add(this);
    }

    /// <summary>Calls that wait for a run to begin.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _queue.Waiting;
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_origin);

    /// <summary>Encodes, together with what others want at the time.</summary>
    /// <param name="inputs">One or more; each once for all who want it.</param>
    /// <param name="left">Time until nobody waits for the rows any more; null for any.</param>
    /// <param name="cancellation">The caller went away.</param>
    /// <returns>A row of float32 for each, one after another.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.Overloaded"/>: the queue is full. <see cref="AnnError.InvalidArgument"/>: an input cannot be encoded; the field
    /// is <c>rows[i]</c>. <see cref="AnnError.Unavailable"/>: the encoder is being closed, or its device failed.
    /// </exception>
    /// <exception cref="TimeoutException">The time is over.</exception>
    /// <exception cref="OperationCanceledException">As asked.</exception>
    public async Task<byte[]> EncodeAsync(IReadOnlyList<TInput> inputs, TimeSpan? left, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        BatchedCall<TInput> call = Submit(inputs, left);
        if (call.HasEnded)
            return await call.Rows;
        await using CancellationTokenRegistration gone = cancellation.UnsafeRegister(
            (_, token) => End(call, new OperationCanceledException(token)), null);
        // The queue ends what is late before it costs a run; the timer ends what is late in one.
        using ITimer? late = left < TimeSpan.FromDays(1)
            ? _time.CreateTimer(_ => End(call, new TimeoutException()), null, left.Value, Timeout.InfiniteTimeSpan)
            : null;
        return await call.Rows;
    }

    /// <inheritdoc/>
    public Action? TryTake()
    {
        List<BatchItem<TInput>> batch;
        bool isMore;
        lock (_lock)
        {
            batch = _queue.Take(Now);
            isMore = _queue.Waiting > 0;
            if (batch.Count > 0)
            {
                _threads.Begin();
                _runs++;
            }
        }
        if (isMore)
            _threads.Wake();
        return batch.Count == 0 ? null : () => Run(batch);
    }

    /// <inheritdoc/>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            _queue.EndAll(new AnnException(AnnError.Unavailable, $"Encoder '{_encoder.Info.Name}' is closing."));
        }
    }

    /// <summary>Ends what waits, takes nothing more, and leaves the threads, which go on.</summary>
    /// <param name="idle">Called once, when no run is under way: the encoder may be disposed then.</param>
    public void Retire(Action idle)
    {
        _threads.Remove(this);
        Close();
        lock (_lock)
        {
            _idle = idle;
            if (_runs > 0)
                return;
        }
        idle();
    }

    private BatchedCall<TInput> Submit(IReadOnlyList<TInput> inputs, TimeSpan? left)
    {
        lock (_lock)
        {
            if (_isClosed)
                throw new AnnException(AnnError.Unavailable, $"Encoder '{_encoder.Info.Name}' is closing.");
            TimeSpan now = Now;
            TimeSpan deadline = left < TimeSpan.FromDays(1) ? now + left.Value : TimeSpan.MaxValue;
            BatchedCall<TInput> call = _queue.Submit(inputs, now, deadline, _threads.Free);
            if (!call.HasEnded)
                _threads.Wake();
            return call;
        }
    }

    private void End(BatchedCall<TInput> call, Exception why)
    {
        lock (_lock)
            _queue.End(call, why);
    }

    private void Run(List<BatchItem<TInput>> batch)
    {
        ReadOnlySpan<BatchItem<TInput>> items = CollectionsMarshal.AsSpan(batch);
        while (items.Length > 0)
        {
            int group = _encoder.GroupOf(items[0].Input);
            int count = 1;
            while (count < items.Length && _encoder.GroupOf(items[count].Input) == group)
                count++;
            RunGroup(items[..count], isLast: count == items.Length);
            items = items[count..];
        }
    }

    /// <summary>
    /// Runs inputs of one group. Where a run fails, its halves are run by themselves: what cannot be encoded is its caller's failure alone.
    /// </summary>
    private void RunGroup(ReadOnlySpan<BatchItem<TInput>> items, bool isLast)
    {
        TInput[] inputs = new TInput[items.Length];
        long weight = 0;
        for (int i = 0; i < items.Length; i++)
        {
            inputs[i] = items[i].Input;
            weight += items[i].Weight;
        }
        float[] rows = new float[items.Length * _encoder.Info.Dimension];
        TimeSpan began = Now;
        Exception? failure = null;
        try
        {
            _encoder.Encode(inputs, rows, CancellationToken.None);
        }
        catch (AnnException e) when (items.Length > 1 && e.Error is AnnError.InvalidArgument or AnnError.Overloaded)
        {
            RunGroup(items[..(items.Length / 2)], isLast: false);
            RunGroup(items[(items.Length / 2)..], isLast);
            return;
        }
        catch (Exception e)
        {
            failure = e;
        }
        TimeSpan took = Now - began;
        _ran?.Invoke(new BatchReport(_encoder.Info.Name, _encoder.Info.Provider, items.Length, took, failure is null));
        Action? idle = null;
        lock (_lock)
        {
            if (isLast)
            {
                _threads.End();
                idle = --_runs == 0 ? _idle : null;
            }
            if (failure is null)
            {
                _queue.Learn(weight, took);
                _queue.Give(items, rows);
            }
            else
            {
                _queue.Fail(items, failure);
            }
        }
        idle?.Invoke();
    }
}
