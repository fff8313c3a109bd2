using System.Diagnostics;
using System.Runtime.InteropServices;
using Ann.Core;

namespace Ann.Encoding.Batching;

/// <summary>
/// What waits for an encoder, and which of it makes the next run. Calls take turns in the order of their arrival, a piece each, so that a
/// call of many inputs does not hold up the small ones behind it. What several callers want at once is encoded once.
/// </summary>
/// <remarks>
/// Nothing waits for more to come: <see cref="Take"/> gives what there is as soon as there is a thread for it, and what arrives during a
/// run makes the next one. So a batch is as large as the load asks for. It has neither clock nor thread, and is not safe for several
/// threads at once.
/// </remarks>
/// <param name="encoder">What runs the batches.</param>
/// <param name="limits">How much of it.</param>
internal sealed class BatchQueue<TInput>(IBatchEncoder<TInput> encoder, BatchQueueLimits limits)
    where TInput : notnull, IEquatable<TInput>
{
    /// <summary>Inputs that a call has in a run while others wait.</summary>
    public const int Piece = 8;

    private readonly LinkedList<BatchedCall<TInput>> _turns = [];
    private readonly Dictionary<TInput, BatchItem<TInput>> _items = [];
    private readonly RowCache<TInput> _cache = new(limits.CachedRows);
    private readonly RunTimeEstimate _runTimes = new();

    /// <summary>Calls that wait for a run to begin.</summary>
    public int Waiting => _turns.Count;

    /// <summary>Inputs that wait or are in a run.</summary>
    public int Items => _items.Count;

    /// <summary>Lets a call in. One whose rows are all known has ended when it comes back.</summary>
    /// <param name="inputs">One or more.</param>
    /// <param name="now">The time.</param>
    /// <param name="deadline">When its caller waits no longer.</param>
    /// <param name="free">Threads that have nothing to do: so many calls begin at once, and wait for no place.</param>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: the queue is full.</exception>
    public BatchedCall<TInput> Submit(IReadOnlyList<TInput> inputs, TimeSpan now, TimeSpan deadline, int free)
    {
        Debug.Assert(inputs.Count > 0);

        BatchedCall<TInput> call = new(inputs.Count, encoder.Info.Dimension, deadline);
        if (deadline <= now)
        {
            call.End(new TimeoutException());
            return call;
        }
        if (_turns.Count - free >= limits.WaitingCalls && inputs.Any(NeedsRun))
        {
            throw new AnnException(
                AnnError.Overloaded, $"The queue of encoder '{encoder.Info.Name}' is full: {limits.WaitingCalls} calls wait.");
        }
        for (int i = 0; i < inputs.Count; i++)
        {
            if (_cache.Find(inputs[i]) is { } row)
                call.Take(i, row);
            else
                ItemOf(inputs[i], call, i, isBulk: inputs.Count > Piece);
        }
        if (call.Waiting.Count > 0)
            call.Turn = _turns.AddLast(call);
        return call;
    }

    /// <summary>
    /// The inputs of the next run; empty when nothing waits. Each must come back by <see cref="Give"/> or <see cref="Fail"/>.
    /// </summary>
    /// <param name="now">The time. Calls whose deadline has passed end here, before they cost a run.</param>
    public List<BatchItem<TInput>> Take(TimeSpan now)
    {
        List<BatchItem<TInput>> batch = [];
        BatchBounds bounds = new(encoder.MostWeight, _runTimes, now);
        while (_turns.First is { } first)
        {
            BatchedCall<TInput> call = first.Value;
            if (call.Deadline <= now)
            {
                End(call, new TimeoutException());
                continue;
            }
            int before = batch.Count;
            bool isFull = !TakePiece(call, batch, ref bounds);
            if (call.Waiting.Count == 0)
                LeaveTurn(call);
            else if (batch.Count > before)
                Rotate(call);
            if (isFull)
                break;
        }
        batch.Sort((a, b) => encoder.GroupOf(a.Input).CompareTo(encoder.GroupOf(b.Input)));
        return batch;
    }

    /// <summary>Gives the rows of a run to all who wait for them.</summary>
    /// <param name="batch">Of <see cref="Take"/>, or a part of it.</param>
    /// <param name="rows">In its order.</param>
    public void Give(ReadOnlySpan<BatchItem<TInput>> batch, ReadOnlySpan<float> rows)
    {
        int dimension = encoder.Info.Dimension;
        for (int i = 0; i < batch.Length; i++)
        {
            BatchItem<TInput> item = batch[i];
            ReadOnlySpan<float> row = rows.Slice(i * dimension, dimension);
            _items.Remove(item.Input);
            foreach ((BatchedCall<TInput> call, int position) in item.Waiters)
            {
                call.Take(position, row);
                if (call.HasEnded)
                    Forget(call);
            }
            if (!item.IsBulk && encoder.BytesOf(item.Input) <= limits.CachedInputBytes)
                _cache.Add(item.Input, row);
        }
    }

    /// <summary>Ends all calls that wait for inputs which cannot be encoded.</summary>
    public void Fail(ReadOnlySpan<BatchItem<TInput>> batch, Exception why)
    {
        foreach (BatchItem<TInput> item in batch)
        {
            _items.Remove(item.Input);
            foreach ((BatchedCall<TInput> call, int position) in item.Waiters)
            {
                call.Fail(position, why);
                Forget(call);
            }
        }
    }

    /// <summary>Learns how long a run took.</summary>
    public void Learn(long weight, TimeSpan time) => _runTimes.Learn(weight, time);

    /// <summary>Ends a call before its rows are there; does nothing where it has ended. What others want of it too stays.</summary>
    public void End(BatchedCall<TInput> call, Exception why)
    {
        call.End(why);
        Forget(call);
    }

    /// <summary>Ends all calls that wait.</summary>
    public void EndAll(Exception why)
    {
        while (_turns.First is { } first)
            End(first.Value, why);
    }

    private bool NeedsRun(TInput input) =>
        (!_items.TryGetValue(input, out BatchItem<TInput>? item) || !item.IsTaken) && _cache.Find(input) is null;

    private void ItemOf(TInput input, BatchedCall<TInput> call, int position, bool isBulk)
    {
        ref BatchItem<TInput>? item = ref CollectionsMarshal.GetValueRefOrAddDefault(_items, input, out bool isThere);
        item ??= new BatchItem<TInput>(input, encoder.WeightOf(input)) { IsBulk = isBulk };
        item.Waiters.Add((call, position));
        if (!isThere || !item.IsTaken)
            call.Waiting.Enqueue(item);
    }

    /// <summary>Takes the next of a call's inputs into a batch: a piece, or as many as fit.</summary>
    /// <returns>False when the batch takes no more.</returns>
    private static bool TakePiece(BatchedCall<TInput> call, List<BatchItem<TInput>> batch, ref BatchBounds bounds)
    {
        int most = batch.Count + Piece;
        while (batch.Count < most && call.Waiting.TryPeek(out BatchItem<TInput>? item))
        {
            if (!item.IsTaken)
            {
                if (!bounds.TryAdd(item.Weight, DeadlineOf(item, in bounds)))
                    return false;
                item.IsTaken = true;
                batch.Add(item);
            }
            call.Waiting.Dequeue();
        }
        return true;
    }

    /// <summary>The earliest deadline of those who wait for an input, without those that no run could meet.</summary>
    private static TimeSpan DeadlineOf(BatchItem<TInput> item, in BatchBounds bounds)
    {
        TimeSpan earliest = TimeSpan.MaxValue;
        foreach ((BatchedCall<TInput> call, _) in item.Waiters)
            if (!call.HasEnded && call.Deadline < earliest && bounds.CanMeet(item.Weight, call.Deadline))
                earliest = call.Deadline;
        return earliest;
    }

    private void Rotate(BatchedCall<TInput> call)
    {
        _turns.Remove(call.Turn!);
        _turns.AddLast(call.Turn!);
    }

    private void LeaveTurn(BatchedCall<TInput> call)
    {
        if (call.Turn is null)
            return;
        _turns.Remove(call.Turn);
        call.Turn = null;
    }

    /// <summary>Takes a call that has ended out of everything that still waits.</summary>
    private void Forget(BatchedCall<TInput> call)
    {
        LeaveTurn(call);
        while (call.Waiting.TryDequeue(out BatchItem<TInput>? item))
            if (!item.IsTaken && !item.IsWanted)
                _items.Remove(item.Input);
    }
}

/// <summary>How much may wait for one encoder, and what is kept of its rows.</summary>
/// <param name="WaitingCalls">Calls that may wait for a run to begin.</param>
/// <param name="CachedRows">Rows that are kept for those who ask the same again; 0 for none.</param>
/// <param name="CachedInputBytes">Inputs that take more are not kept.</param>
internal readonly record struct BatchQueueLimits(int WaitingCalls, int CachedRows, int CachedInputBytes = 1024);
