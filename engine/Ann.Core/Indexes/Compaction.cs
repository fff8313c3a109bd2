namespace Ann.Core.Indexes;

/// <summary>Seals and compacts a live index, one merge at a time. Its methods run on the writer; the merge itself runs beside it.</summary>
internal sealed class Compaction : IDisposable
{
    /// <summary>
    /// How long a merge that failed is not tried again: the disk or the memory that it lacked does not come back at once.
    /// </summary>
    private static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(5);

    private readonly LiveState _state;
    private readonly WorkQueue _queue;
    private readonly TaskScheduler _threads;
    private readonly BackgroundThreads? _own;
    private readonly CancellationTokenSource _ending = new();
    private readonly Dictionary<Generation, TaskCompletionSource> _requests = [];
    private SegmentMerge? _running;
    private TaskCompletionSource? _answered;
    private bool _sealingFailed;
    private long _refusedRows; // of files, merged to so many rows or more: there was no memory for it
    private Task _task = Task.CompletedTask;
    private Generation? _last;
    private long _failedAt;

    public Compaction(LiveState state, WorkQueue queue)
    {
        _state = state;
        _queue = queue;
        LiveIndexOptions options = state.Home.Options;
        _threads = options.Background ?? (_own = new BackgroundThreads(options.BackgroundShare));
    }

    /// <summary>True while segments are merged.</summary>
    public bool IsRunning => _running is not null;

    /// <summary>Why the last merge failed; null when it did not. It is tried again after a while.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Asks for one segment in every generation, without the rows that are dead when it is begun.</summary>
    /// <returns>Ends when that is so; what dies meanwhile does not count. Fails when a merge does.</returns>
    public Task RequestAll()
    {
        List<Task> done = [];
        bool froze = false;
        foreach (Generation generation in _state.Generations)
        {
            if (generation.Freeze(generation.Applied + 1))
            {
                generation.Publish(generation.Applied);
                froze = true;
            }
            if (!_requests.TryGetValue(generation, out TaskCompletionSource? request))
                _requests[generation] = request = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            done.Add(request.Task);
        }
        if (froze)
            _state.Wal.Rotate();
        Failure = null;
        StartIfDue();
        return Task.WhenAll(done);
    }

    /// <summary>Starts a merge when none runs and one is due.</summary>
    public void StartIfDue()
    {
        if (_running is not null || _ending.IsCancellationRequested || _state.Home.IsReadOnly)
            return;
        bool waits = Failure is not null && _state.Home.Time.GetElapsedTime(_failedAt) < RetryTime;
        if (waits && _sealingFailed)
            return;
        foreach (Generation generation in InTurn())
        {
            bool all = _requests.TryGetValue(generation, out TaskCompletionSource? request);
            long below = waits ? _refusedRows : long.MaxValue; // heads, and fewer files, may have the room
            IReadOnlyList<IndexPart> sources = MergePolicy.Choose(generation.Parts, _state.Home.Options, all, below);
            if (sources.Count > 0)
            {
                if (all && _requests.Remove(generation))
                    _answered = request; // a later request is another one: this merge does not know what is written from here on
                Start(new SegmentMerge(_state.Home, generation, sources, _state.NewFile("seg", IndexName.FileExtension)));
                return;
            }
            if (_requests.Remove(generation))
                Replies.Post(() => request!.TrySetResult());
        }
        if (!waits)
            Failure = null; // what failed is not due any more
    }

    /// <summary>Forgets a generation that was detached.</summary>
    public void Forget(Generation generation)
    {
        AnnException detached = new(AnnError.FailedPrecondition, $"Generation {generation.Id} was detached.");
        if (_requests.Remove(generation, out TaskCompletionSource? request))
            Replies.Post(() => request.TrySetException(detached));
        if (_running?.Generation == generation && _answered is { } answered)
            Replies.Post(() => answered.TrySetException(detached));
        if (_last == generation)
            _last = null;
    }

    /// <summary>Ends what runs. What it wrote and nobody installed is deleted at the next start.</summary>
    public void Dispose()
    {
        _ending.Cancel();
        _state.Home.Options.Waiting?.Invoke();
        _task.Wait();
        _running?.LetGo();
        _running = null;
        FailRequests(AnnException.Closing(_state.Home.Name));
        _own?.Dispose();
        _ending.Dispose();
    }

    /// <summary>The generation whose turn was last comes last: one that is written to much must not keep the others waiting.</summary>
    private Generation[] InTurn() =>
        [.. _state.Generations.Where(one => one != _last), .. _state.Generations.Where(one => one == _last)];

    private void Start(SegmentMerge merge)
    {
        _running = merge;
        _last = merge.Generation;
        CancellationToken ending = _ending.Token;
        _task = Task.Factory.StartNew(
            () =>
            {
                Exception? failure = null;
                try
                {
                    merge.Run(_threads.MaximumConcurrencyLevel, ending);
                }
                catch (Exception e)
                {
                    failure = e;
                }
                _queue.TryAdd(new WriterCommand(() => Finish(merge, failure)));
            },
            CancellationToken.None, TaskCreationOptions.None, _threads);
    }

    private void Finish(SegmentMerge merge, Exception? failure)
    {
        if (_running != merge)
            return; // the index is closing
        _running = null;
        bool seals = merge.Sources.Any(static source => source.IsHead);
        try
        {
            if (failure is not null)
                Fail(failure, seals, refusedRows: failure is AnnException { Field: "memory" } ? merge.Rows : 0);
            else if (_sealingFailed || (!seals && merge.Rows >= _refusedRows))
                Failure = null;
            if (failure is null && _state.Generations.Contains(merge.Generation))
                Install(merge);
            else
                _state.Obsolete.Add(merge.File); // nobody knows it
        }
        finally
        {
            merge.LetGo();
            TaskCompletionSource? answered = _answered;
            Replies.Post(() => answered?.TrySetResult());
            _answered = null;
        }
        StartIfDue();
    }

    private void Install(SegmentMerge merge)
    {
        foreach (IndexPart source in merge.Generation.Install(merge))
            _state.Obsolete.AddRange(source.Files);
        try
        {
            IndexCheckpoint.Write(_state);
        }
        catch (Exception e)
        {
            Fail(e, sealing: true); // the manifest before it holds, and so do its files; the next checkpoint catches up
        }
    }

    private void Fail(Exception e, bool sealing, long refusedRows = 0)
    {
        Failure = e is IOException refused ? AnnException.DiskRefused(refused) : e;
        _sealingFailed = sealing;
        _refusedRows = refusedRows;
        _failedAt = _state.Home.Time.GetTimestamp();
        FailRequests(Failure);
    }

    private void FailRequests(Exception e)
    {
        foreach (TaskCompletionSource request in _requests.Values)
            Replies.Post(() => request.TrySetException(e));
        _requests.Clear();
        if (_answered is { } answered)
            Replies.Post(() => answered.TrySetException(e));
    }
}
