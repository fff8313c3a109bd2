namespace Ann.Core.Indexes;

/// <summary>
/// What the writer of an index has to do. Commands go before batches: what makes room must not wait behind what needs it.
/// </summary>
internal sealed class WorkQueue
{
    private readonly object _lock = new();
    private readonly Queue<WriterCommand> _commands = new();
    private readonly Queue<QueuedWrite> _writes = new();
    private bool _closed;

    /// <summary>Adds a command. False when the queue is closed.</summary>
    public bool TryAdd(WriterCommand command) => TryAdd(_commands, command);

    /// <summary>Adds a batch. False when the queue is closed.</summary>
    public bool TryAdd(QueuedWrite write) => TryAdd(_writes, write);

    /// <summary>Takes nothing more in. What is there can still be taken.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Takes the next command, or waits for one.</summary>
    /// <returns>False when none came in time.</returns>
    public bool TryTakeCommand(TimeSpan timeout, out WriterCommand? command)
    {
        lock (_lock)
        {
            if (_commands.Count == 0 && timeout > TimeSpan.Zero)
                Monitor.Wait(_lock, timeout);
            return _commands.TryDequeue(out command);
        }
    }

    /// <summary>Takes the next batch if one is there.</summary>
    public bool TryTakeWrite(out QueuedWrite? write)
    {
        lock (_lock)
            return _writes.TryDequeue(out write);
    }

    /// <summary>The next batch, which stays in the queue; waits for one unless a command comes.</summary>
    public bool TryPeekWrite(TimeSpan timeout, out QueuedWrite? write)
    {
        lock (_lock)
        {
            if (_writes.Count == 0 && _commands.Count == 0 && !_closed && timeout > TimeSpan.Zero)
                Monitor.Wait(_lock, timeout);
            return _writes.TryPeek(out write);
        }
    }

    /// <summary>True when nothing more is taken in: not the end of a merge either.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_lock)
                return _closed;
        }
    }

    /// <summary>True when something waits to be done.</summary>
    public bool HasWork
    {
        get
        {
            lock (_lock)
                return _closed || _commands.Count > 0 || _writes.Count > 0;
        }
    }

    /// <summary>Waits until there is something to do or the time is over.</summary>
    /// <returns>False when the queue is closed and empty: nothing will ever come.</returns>
    public bool Wait(TimeSpan timeout)
    {
        lock (_lock)
        {
            if (_commands.Count == 0 && _writes.Count == 0 && !_closed && timeout != TimeSpan.Zero)
                Monitor.Wait(_lock, timeout);
            return !_closed || _commands.Count > 0 || _writes.Count > 0;
        }
    }

    private bool TryAdd<T>(Queue<T> queue, T work)
    {
        lock (_lock)
        {
            if (_closed)
                return false;
            queue.Enqueue(work);
            Monitor.PulseAll(_lock);
            return true;
        }
    }
}

/// <summary>Something that changes an index, run by its writer between two groups of batches.</summary>
/// <param name="run">What to do. Throws only what its caller is to be told.</param>
internal sealed class WriterCommand(Action run)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it has run; fails with what it threw.</summary>
    public Task Done => _done.Task;

    /// <summary>Runs it.</summary>
    public void Run()
    {
        try
        {
            run();
            Replies.Post(() => _done.TrySetResult());
        }
        catch (IOException e)
        {
            Replies.Post(() => _done.TrySetException(AnnException.DiskRefused(e)));
        }
        catch (Exception e)
        {
            Replies.Post(() => _done.TrySetException(e));
        }
    }
}

/// <summary>A batch that waits for the writer.</summary>
/// <param name="batch">Checked; its rows are as they will be stored.</param>
/// <param name="bytes">What it took of the queue.</param>
internal sealed class QueuedWrite(WriteBatch batch, long bytes)
{
    private readonly TaskCompletionSource _durable = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<WriteReceipt> _visible = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What to write.</summary>
    public WriteBatch Batch => batch;

    /// <summary>What it took of the queue.</summary>
    public long Bytes => bytes;

    /// <summary>For its caller.</summary>
    public PendingWrite Pending => new(_durable.Task, _visible.Task);

    /// <summary>It is on disk.</summary>
    public void SetDurable() => Replies.Post(() => _durable.TrySetResult());

    /// <summary>It is done.</summary>
    public void SetVisible(WriteReceipt receipt) => Replies.Post(() =>
    {
        _durable.TrySetResult();
        _visible.TrySetResult(receipt);
    });

    /// <summary>It failed, and with it what follows in its chain. Called by the writer.</summary>
    public void Fail(Exception e)
    {
        if (batch.Chain is { } chain)
            chain.Failure ??= e as AnnException ?? new AnnException(AnnError.Unavailable, e.Message, e);
        Replies.Post(() =>
        {
            _durable.TrySetException(e);
            _visible.TrySetException(e);
            _ = _durable.Task.Exception; // a caller that waits for the other one only is not to crash the process
            _ = _visible.Task.Exception;
        });
    }
}
