using System.Runtime.InteropServices;
using Ann.Core;

namespace Ann.Encoding.Batching;

/// <summary>Inputs of one caller, whose rows come from one or several runs. Ends once: with all its rows, or without any.</summary>
/// <param name="count">Inputs.</param>
/// <param name="dimension">Of a row.</param>
/// <param name="deadline">When its caller waits no longer, by the clock of the queue.</param>
internal sealed class BatchedCall<TInput>(int count, int dimension, TimeSpan deadline)
    where TInput : notnull, IEquatable<TInput>
{
    private const string RowField = "rows[";

    /// <summary>How a run of one input tells its row.</summary>
    private const string Alone = "Row 0 of ";

    private readonly TaskCompletionSource<byte[]> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _rows = new byte[(long)count * dimension * sizeof(float)];
    private int _missing = count;

    /// <summary>When its caller waits no longer.</summary>
    public TimeSpan Deadline => deadline;

    /// <summary>
    /// Its rows as float32, one after another. Fails with <see cref="TimeoutException"/> at the deadline, and with <see
    /// cref="AnnException"/> where an input could not be encoded: its field is <c>rows[i]</c>.
    /// </summary>
    public Task<byte[]> Rows => _end.Task;

    /// <summary>True when nothing is done for it any more.</summary>
    public bool HasEnded => _end.Task.IsCompleted;

    /// <summary>What no run has begun with, in order. Others may wait for the same, so that some of it may be in a run already.</summary>
    internal Queue<BatchItem<TInput>> Waiting { get; } = new();

    /// <summary>Its turn among the calls that wait; null when it does not.</summary>
    internal LinkedListNode<BatchedCall<TInput>>? Turn { get; set; }

    /// <summary>Which input cannot be encoded; null where the failure is of another kind.</summary>
    public static int? PositionOf(AnnException failure) =>
        failure.Field is { } field && field.StartsWith(RowField, StringComparison.Ordinal) && field[^1] == ']'
        && int.TryParse(field.AsSpan(RowField.Length, field.Length - RowField.Length - 1), out int position)
            ? position
            : null;

    /// <summary>A row is there.</summary>
    internal void Take(int position, ReadOnlySpan<float> row)
    {
        if (HasEnded)
            return;
        row.CopyTo(MemoryMarshal.Cast<byte, float>(_rows.AsSpan()).Slice(position * dimension, dimension));
        if (--_missing == 0)
            _end.TrySetResult(_rows);
    }

    /// <summary>The call ends without its rows, unless it has ended before.</summary>
    internal void End(Exception why)
    {
        if (_end.TrySetException(why))
            _ = _end.Task.Exception; // a caller that went away does not look at it
    }

    /// <summary>A row cannot be made: the call fails, and is told which of its own it is, where its input is to blame.</summary>
    internal void Fail(int position, Exception why)
    {
        if (why is not AnnException { Error: AnnError.InvalidArgument } refused)
        {
            End(why);
            return;
        }
        string name = $"{RowField}{position}]";
        string told = refused.Message.StartsWith(Alone, StringComparison.Ordinal) ? refused.Message[Alone.Length..] : refused.Message;
        End(new AnnException(refused.Error, $"{name}: {told}", refused) { Field = name });
    }
}

/// <summary>Something to encode, once for all who wait for it.</summary>
/// <param name="input">What.</param>
/// <param name="weight">Of its work.</param>
internal sealed class BatchItem<TInput>(TInput input, long weight)
    where TInput : notnull, IEquatable<TInput>
{
    /// <summary>What it is.</summary>
    public TInput Input => input;

    /// <summary>Work of it.</summary>
    public long Weight => weight;

    /// <summary>Who waits for it, and which of their rows it is.</summary>
    public List<(BatchedCall<TInput> Call, int Position)> Waiters { get; } = [];

    /// <summary>True from the time that a run begins with it.</summary>
    public bool IsTaken { get; set; }

    /// <summary>True for one of many of a call, which the cache of rows does not keep.</summary>
    public bool IsBulk { get; init; }

    /// <summary>True while somebody waits.</summary>
    public bool IsWanted => Waiters.Exists(static waiter => !waiter.Call.HasEnded);
}
