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
    private readonly Dictionary<Generation, FailedMerge> _failed = [];
    private readonly Action<Generation, Exception>? _giveUp;
    private SegmentMerge? _running;
    private TaskCompletionSource? _answered;
    private Task _task = Task.CompletedTask;
    private Generation? _last;

    /// <param name="state">The index.</param>
    /// <param name="queue">Of its writer.</param>
    /// <param name="giveUp">Called with a generation that does not serve and whose segments cannot be merged, and why.</param>
    public Compaction(LiveState state, WorkQueue queue, Action<Generation, Exception>? giveUp = null)
    {
        _state = state;
        _queue = queue;
        _giveUp = giveUp;
        LiveIndexOptions options = state.Home.Options;
        _threads = options.Background ?? (_own = new BackgroundThreads(options.BackgroundShare));
    }

    /// <summary>True while segments are merged.</summary>
    public bool IsRunning => _running is not null;

    /// <summary>
    /// Why the last merge of a generation failed, of the one that serves before others; null when none did. It is tried again after a
    /// while. Read by anybody.
    /// </summary>
    public Exception? Failure { get; private set; }

    /// <summary>Why the last merge of a generation failed; null when it did not.</summary>
    public Exception? FailureOf(Generation generation) => _failed.GetValueOrDefault(generation)?.Cause;

    /// <summary>True while segments of a generation are merged.</summary>
    public bool IsRunningFor(Generation generation) => _running?.Generation == generation;

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
        _failed.Clear();
        StartIfDue();
        return Task.WhenAll(done);
    }

    /// <summary>Starts a merge when none runs and one is due.</summary>
    public void StartIfDue()
    {
        StartFirstDue();
        ShowFailure();
    }

    private void StartFirstDue()
    {
        if (_running is not null || _ending.IsCancellationRequested || _state.Home.IsReadOnly)
            return;
        foreach (Generation generation in InTurn())
        {
            FailedMerge? failed = _failed.GetValueOrDefault(generation);
            bool waits = failed is not null && _state.Home.Time.GetElapsedTime(failed.At) < RetryTime;
            if (waits && failed!.Sealing)
                continue;
            bool all = _requests.TryGetValue(generation, out TaskCompletionSource? request);
            long below = waits ? failed!.RefusedRows : long.MaxValue; // heads, and fewer files, may have the room
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
            if (!waits)
                _failed.Remove(generation); // what failed is not due any more
        }
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
        _failed.Remove(generation);
        ShowFailure();
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
                Fail(merge.Generation, failure, seals, refusedRows: failure is AnnException { Field: "memory" } ? merge.Rows : 0);
            else if (_failed.GetValueOrDefault(merge.Generation) is { } failed
                && (failed.Sealing || (!seals && merge.Rows >= failed.RefusedRows)))
                _failed.Remove(merge.Generation);
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
            Fail(merge.Generation, e, sealing: true); // the manifest before it holds, and so do its files; the next checkpoint catches up
        }
    }

    private void Fail(Generation generation, Exception e, bool sealing, long refusedRows = 0)
    {
        Exception cause = e is IOException refused ? AnnException.DiskRefused(refused) : e;
        bool serves = generation == _state.Serving;
        FailRequests(cause, of: serves ? null : generation);
        if (!serves && _giveUp is not null && !MayPass(e))
        {
            _giveUp(generation, cause); // its own rows or keys are at fault: what serves goes on without it
            return;
        }
        _failed[generation] = new FailedMerge(cause, sealing, refusedRows, _state.Home.Time.GetTimestamp());
        ShowFailure();
    }

    /// <summary>True for what is wrong with the machine, as a disk that is full; false for what is wrong with the segments.</summary>
    private static bool MayPass(Exception e) =>
        e is IOException or UnauthorizedAccessException or OutOfMemoryException or OperationCanceledException
            or AnnException { Error: AnnError.Overloaded or AnnError.Unavailable };

    private void ShowFailure() =>
        Failure = FailureOf(_state.Serving) ?? (_failed.Count == 0 ? null : _failed.Values.First().Cause);

    /// <summary>Fails who waits for merges.</summary>
    /// <param name="e">Why.</param>
    /// <param name="of">Only who waits for this generation; null for all.</param>
    private void FailRequests(Exception e, Generation? of = null)
    {
        foreach ((Generation generation, TaskCompletionSource request) in _requests.ToArray())
        {
            if (of is not null && generation != of)
                continue;
            Replies.Post(() => request.TrySetException(e));
            _requests.Remove(generation);
        }
        if (_answered is { } answered)
            Replies.Post(() => answered.TrySetException(e));
    }

    /// <summary>A merge that failed.</summary>
    /// <param name="Cause">Why.</param>
    /// <param name="Sealing">True when it was of a head, or the manifest failed: then none of the generation is begun for a while.</param>
    /// <param name="RefusedRows">Files are not merged to so many rows or more for a while: there was no memory for it.</param>
    /// <param name="At">When, by the clock of the index.</param>
    private sealed record FailedMerge(Exception Cause, bool Sealing, long RefusedRows, long At);
}
