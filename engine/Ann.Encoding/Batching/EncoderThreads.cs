namespace Ann.Encoding.Batching;

/// <summary>What threads of encoders do: one run of a batch at a time.</summary>
internal interface IBatchLane
{
    /// <summary>Begins with a batch, if anything waits.</summary>
    /// <returns>Runs it to its end; null where nothing waits.</returns>
    Action? TryTake();

    /// <summary>Ends what waits.</summary>
    void Close();
}

/// <summary>
/// The threads that encoders run on, apart from those of requests: encoding waits for them, and searches do not. Several encoders share
/// them, in turn.
/// </summary>
internal sealed class EncoderThreads : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly Thread[] _threads;
    private IBatchLane[] _lanes = [];
    private int _next;
    private int _busy;
    private volatile bool _isClosed;

    /// <param name="count">Runs at once, 1 or more.</param>
    public EncoderThreads(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        _threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(Run) { IsBackground = true, Name = "ann encoder" })];
        foreach (Thread thread in _threads)
            thread.Start();
    }

    /// <summary>Threads that have nothing to do now.</summary>
    public int Free => _threads.Length - Volatile.Read(ref _busy);

    /// <summary>Serves another encoder.</summary>
    public void Add(IBatchLane lane)
    {
        lock (_lock)
            _lanes = [.. _lanes, lane];
    }

    /// <summary>Serves an encoder no more.</summary>
    public void Remove(IBatchLane lane)
    {
        lock (_lock)
            _lanes = [.. _lanes.Where(one => one != lane)];
    }

    /// <summary>Tells that something waits.</summary>
    public void Wake() => _work.Release();

    /// <summary>A thread begins with a batch.</summary>
    public void Begin() => Interlocked.Increment(ref _busy);

    /// <summary>It has the last rows of its batch, and is free before their callers know.</summary>
    public void End() => Interlocked.Decrement(ref _busy);

    /// <summary>Ends what waits, and the threads when their runs have ended. The encoders may be disposed then.</summary>
    public void Dispose()
    {
        _isClosed = true;
        foreach (IBatchLane lane in _lanes)
            lane.Close();
        _work.Release(_threads.Length);
        foreach (Thread thread in _threads)
            thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        while (!_isClosed)
        {
            if (Next() is { } run)
            {
                run();
                continue;
            }
            _work.Wait();
        }
    }

    private Action? Next()
    {
        IBatchLane[] lanes;
        int first;
        lock (_lock)
        {
            lanes = _lanes;
            first = _next++ & int.MaxValue;
        }
        for (int i = 0; i < lanes.Length; i++)
            if (lanes[(first + i) % lanes.Length].TryTake() is { } run)
                return run;
        return null;
    }
}
