using System.Diagnostics;

namespace Ann.Core.Indexes;

/// <summary>
/// The one thread that changes an index. It takes batches in groups, logs and applies them, and between two groups runs commands,
/// installs merges and replays the log onto generations that are behind.
/// </summary>
internal sealed class IndexWriter : IDisposable
{
    /// <summary>Items of a group at most: so long do its callers wait for each other.</summary>
    private const int GroupItems = 2048;

    /// <summary>Bytes of payloads of a group, from which no further batch joins: what has no memory is refused together.</summary>
    private const int GroupPayloadBytes = 8 << 20;

    /// <summary>
    /// A head is sealed when so many times its rows were written since it began, even when it is not full: deletes count too.
    /// </summary>
    private const int MaxWritesPerHeadRow = 2;

    /// <summary>The writer steps back a little when a search wants its core.</summary>
    private const int NiceWriter = 10;

    /// <summary>How often work that failed is looked at again.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(1);

    private readonly LiveState _state;
    private readonly WorkQueue _queue = new();
    private readonly ByteGate _gate;
    private readonly Compaction _compaction;
    private readonly CatchUp _catchUp;
    private readonly Thread _thread;
    private readonly List<TaskCompletionSource> _settling = [];
    private volatile AnnException? _broken;
    private bool _shared;

    /// <summary>Starts the thread. The index is whole; generations behind the log are named by <paramref name="behind"/>.</summary>
    public IndexWriter(LiveState state, IEnumerable<Generation> behind)
    {
        Replies.Begin();
        _state = state;
        _gate = new ByteGate(state.Home.Options.QueueBytes);
        _compaction = new Compaction(state, _queue, GiveUp);
        _catchUp = new CatchUp(state, GiveUp);
        _broken = state.Home.IsReadOnly ? state.Home.NotWritable() : null;
        foreach (Generation generation in behind)
            generation.CaughtUp = _catchUp.Begin(generation);
        _thread = new Thread(Run) { IsBackground = true, Name = $"ann writer {state.Home.Name}" };
        _thread.Start();
    }

    /// <summary>Why nothing can be written any more; null while it can.</summary>
    public AnnException? Broken => _broken;

    /// <summary>Why sealing and compacting do not get on; null when they do.</summary>
    public Exception? CompactionFailure => _compaction.Failure;

    /// <summary>Queues a batch that was checked; waits while the queue is full.</summary>
    public async ValueTask<PendingWrite> WriteAsync(WriteBatch batch, CancellationToken cancellation)
    {
        if (_broken is { } broken)
            throw new AnnException(broken.Error, broken.Message, broken);
        long bytes = batch.Rows.Length * (long)sizeof(float) + batch.Keys.Count * 64L
            + (batch.Attributes?.SizeInBytes ?? 0) + (batch.Payloads?.SizeInBytes ?? 0);
        await _gate.EnterAsync(bytes, cancellation);
        QueuedWrite write = new(batch, bytes);
        if (_queue.TryAdd(write))
            return write.Pending;
        _gate.Leave(bytes);
        throw Closing();
    }

    /// <summary>Runs something between two groups.</summary>
    public Task RunAsync(Action run)
    {
        WriterCommand command = new(run);
        return _queue.TryAdd(command) ? command.Done : Task.FromException(Closing());
    }

    /// <summary>Ends when nothing is left to do.</summary>
    public async Task SettleAsync()
    {
        TaskCompletionSource settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await RunAsync(() => _settling.Add(settled));
        await settled.Task;
    }

    /// <summary>Replays the log onto a generation. Called by a command.</summary>
    public void CatchUp(Generation generation) => generation.CaughtUp = _catchUp.Begin(generation);

    /// <summary>Seals and merges everything. Called by a command.</summary>
    /// <exception cref="AnnException">Unavailable: nothing is written any more, so no head can be sealed early.</exception>
    public Task CompactAsync() =>
        _broken is { } broken ? throw new AnnException(broken.Error, broken.Message, broken) : _compaction.RequestAll();

    /// <summary>Gives a generation up that was detached. Called by a command.</summary>
    public void Forget(Generation generation)
    {
        _catchUp.Forget(generation);
        _compaction.Forget(generation);
    }

    /// <summary>Goes on without a generation that cannot be used any more. The one that serves is never given up.</summary>
    private void GiveUp(Generation generation, Exception why)
    {
        if (generation == _state.Serving || !_state.Generations.Contains(generation))
            return;
        _state.GiveUp(generation, _state.Home.Told(why));
        Forget(generation);
        generation.Close();
    }

    /// <summary>
    /// Lets a generation that does not serve catch up later: it has no room for what is written, and must not hold it up.
    /// </summary>
    private void FallBehind(Generation generation)
    {
        generation.Role = GenerationRole.CatchingUp;
        CatchUp(generation);
    }

    /// <summary>Finishes what is queued, writes the manifest, and ends.</summary>
    public void Dispose()
    {
        _queue.Close();
        _thread.Join();
    }

    private void Run()
    {
        BackgroundThreads.Yield(NiceWriter);
        _compaction.StartIfDue();
        while (_queue.Wait(IdleTime))
        {
            try
            {
                Work();
            }
            catch (Exception e)
            {
                Break(e);
            }
        }
        End();
    }

    private void Work()
    {
        while (_queue.TryTakeCommand(TimeSpan.Zero, out WriterCommand? command))
            command!.Run();
        if (_queue.TryTakeWrite(out QueuedWrite? first))
            WriteGroup(first!);
        while (_catchUp.Step() && !_queue.HasWork)
        {
            // nobody waits: go on
        }
        _compaction.StartIfDue();
        if (!_queue.HasWork)
            Settled();
    }

    /// <summary>Tells those who wait for it that nothing is left to do.</summary>
    private void Settled()
    {
        foreach (TaskCompletionSource one in _settling)
            one.SetResult();
        _settling.Clear();
    }

    /// <summary>What must not happen has: readers go on, and the log holds all that was acknowledged.</summary>
    private AnnException Break(Exception e) => _broken = new AnnException(
        AnnError.Unavailable, $"Index '{_state.Home.Name}' takes no writes until it is opened again: {e.Message}", e);

    private void End()
    {
        Settled();
        try
        {
            _compaction.Dispose();
            _catchUp.Dispose();
            if (_broken is null)
                IndexCheckpoint.Write(_state);
        }
        catch (Exception)
        {
            // What the last manifest says, and the log after it, are all that is needed.
        }
    }

    private void WriteGroup(QueuedWrite first)
    {
        WriteGroup group = new(_state);
        List<QueuedWrite> writes = Collect(group, first);
        try
        {
            if (_broken is { } broken)
                throw new AnnException(broken.Error, broken.Message, broken);
            MakeRoom(group);
            while (!group.HoldsTargets()) // a command that ran while there was no room has changed the generations
            {
                group = group.Again();
                MakeRoom(group);
            }
            Log(group);
            ApplyLogged(group);
        }
        catch (Exception e)
        {
            group.Fail(e);
            foreach (Generation generation in _state.Current)
                generation.ReturnRoom();
            if (e is AnnException { Field: "memory" })
                TrySealEarly(); // a head whose payloads leave no memory for more makes room
        }
        finally
        {
            long bytes = writes.Sum(static write => write.Bytes);
            Replies.Post(() => _gate.Leave(bytes));
        }
    }

    /// <summary>Takes the batches that are there; waits for others when the last group showed that there are several writers.</summary>
    private List<QueuedWrite> Collect(WriteGroup group, QueuedWrite first)
    {
        List<QueuedWrite> writes = [first];
        group.Add(first);
        long began = Stopwatch.GetTimestamp();
        TimeSpan window = _shared ? _state.Home.Options.CommitWindow : TimeSpan.Zero;
        while (group.Items < GroupItems && group.PayloadBytes < GroupPayloadBytes)
        {
            TimeSpan left = window - Stopwatch.GetElapsedTime(began);
            if (!_queue.TryPeekWrite(left, out QueuedWrite? next) || !group.Takes(next!) || !_queue.TryTakeWrite(out next))
                break;
            writes.Add(next!);
            group.Add(next!);
        }
        _shared = writes.Count > 1;
        return writes;
    }

    /// <summary>
    /// Waits until the rows of a group fit into the heads of every generation that takes them. One that does not serve, and whose heads
    /// cannot be sealed, falls behind.
    /// </summary>
    /// <exception cref="AnnException">
    /// Overloaded: memory; or heads cannot be sealed. Unavailable: the index is closing.
    /// </exception>
    private void MakeRoom(WriteGroup group)
    {
        while (FirstWithoutRoom(group) is { } full)
        {
            if (_queue.IsClosed)
                throw Closing(); // no merge is installed any more, so there will never be room
            _compaction.StartIfDue();
            if (_compaction.FailureOf(full) is { } failure && !_compaction.IsRunningFor(full))
            {
                if (full != _state.Serving)
                {
                    FallBehind(full);
                    continue;
                }
                throw new AnnException(
                    AnnError.Overloaded,
                    $"Index '{_state.Home.Name}' has {_state.Home.Options.MaxFrozenHeads} heads to seal, and sealing fails: "
                        + $"{failure.Message}",
                    failure)
                { Field = (failure as AnnException)?.Field ?? "disk" };
            }
            _state.Home.Options.Waiting?.Invoke();
            if (_queue.TryTakeCommand(IdleTime, out WriterCommand? command))
                command!.Run();
        }
    }

    private Generation? FirstWithoutRoom(WriteGroup group)
    {
        foreach (Generation generation in _state.Current)
        {
            try
            {
                if (!generation.TryMakeRoom(group.RowsFor(generation), group.PayloadBytesFor(generation)))
                    return generation;
            }
            catch (AnnException e) when (e.Error == AnnError.Overloaded && generation != _state.Serving)
            {
                FallBehind(generation);
            }
        }
        return null;
    }

    private void Log(WriteGroup group)
    {
        try
        {
            group.Log();
        }
        catch (AnnException e) when (e.Error == AnnError.Unavailable)
        {
            throw Break(e);
        }
    }

    private void ApplyLogged(WriteGroup group)
    {
        try
        {
            group.Apply(GiveUp);
        }
        catch (Exception e)
        {
            // It is in the log, and a restart will show it. In memory it may be half there, and readers see nothing of it.
            throw Break(e);
        }
        TrySealEarly();
    }

    private void TrySealEarly()
    {
        try
        {
            SealEarly();
        }
        catch (Exception e) when (e is AnnException { Error: AnnError.Overloaded } or IOException)
        {
            // The disk is full. Nothing is lost: the log goes on in its file, and the next group tries again.
        }
    }

    /// <summary>Bounds what a start replays, and gives each head a file of the log.</summary>
    private void SealEarly()
    {
        bool froze = false;
        foreach (Generation generation in _state.Current)
        {
            bool ripe = generation.IsHeadRotten
                || generation.WritesSinceHead() > MaxWritesPerHeadRow * (long)_state.Home.Options.HeadRows;
            if (ripe
                && generation.FrozenCount < _state.Home.Options.MaxFrozenHeads
                && generation.Freeze(generation.Applied + 1))
            {
                generation.Publish(generation.Applied);
                froze = true;
            }
            froze |= generation.TakeHeadChanged();
        }
        long unseen = _state.LastSequence - _state.CheckpointSequence;
        bool due = unseen > MaxWritesPerHeadRow * (long)_state.Home.Options.HeadRows;
        if (froze || due)
            _state.Wal.Rotate(); // deletes begin no head, and only whole files are given up
        if (_state.IsCheckpointDue || due)
            IndexCheckpoint.Write(_state);
    }

    private AnnException Closing() => AnnException.Closing(_state.Home.Name);
}
