namespace Ann.Server.Admission;

/// <summary>
/// How many threads of the pool stand ready. Searches hold their threads, so under load others must be ready beside them: without, health
/// and admission wait until the pool grows by itself, one thread each half second (health then answered after 1.3 s, and within 0.07 s with
/// this reserve). While calls are few and short it does harm: each step of a call wakes every thread that is ready, and those that find
/// nothing to do cost a lone caller more than the search. So the reserve goes after some calm seconds, and is back with the first sign of
/// load.
/// </summary>
/// <remarks>
/// The pool is the process's own, so only a program that serves and does nothing else lets the reserve go. Signs of load: a call that may
/// hold its thread for long, searches that take long, much that waits for a thread. Where a sign is missed, the pool grows by itself.
/// </remarks>
internal sealed class ThreadReserve : IDisposable
{
    /// <summary>Seconds without load after which the reserve goes.</summary>
    public const int CalmSeconds = 3;

    /// <summary>Work items of the pool that wait for each thread of the few, from which they are a crowd.</summary>
    public const int CrowdPerThread = 32;

    /// <summary>A search that holds its place for so long is no short one.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromMilliseconds(1);

    /// <summary>Share of long searches, of the last dozens, that is load. A few are long because the system took their core.</summary>
    private const double LongShare = 0.25;

    /// <summary>Weight of one search in that share.</summary>
    private const double ShareOver = 32;

    /// <summary>Searches between two looks at what waits: to count it costs a fraction of a microsecond.</summary>
    private const int LookEvery = 16;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly ThreadCounts _counts;
    private readonly IReadyThreads _pool;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private int _holding;
    private int _searches;
    private double _longShare;
    private int _calm;
    private bool _isUp;

    /// <param name="counts">How many threads are ready, with and without the reserve.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="time">Ticks.</param>
    public ThreadReserve(ThreadCounts counts, IReadyThreads pool, TimeProvider time)
    {
        _counts = counts;
        _pool = pool;
        _time = time;
    }

    /// <summary>Makes the reserve, before the port opens.</summary>
    public void Begin() => Raise();

    /// <summary>Lets the reserve go when the server has been calm for <see cref="CalmSeconds"/>, from now on.</summary>
    public void LetGo() => _timer ??= _time.CreateTimer(static state => ((ThreadReserve)state!).Look(), this, Period, Period);

    /// <summary>There is load, or there soon will be.</summary>
    public void Raise()
    {
        Volatile.Write(ref _calm, 0);
        if (Volatile.Read(ref _isUp))
            return;
        lock (_lock)
        {
            if (!_isUp)
                _pool.SetReady(_counts.Many);
            _isUp = true;
        }
    }

    /// <summary>A call begins that may hold its thread for long. Each must <see cref="Release"/>.</summary>
    public void Hold()
    {
        Interlocked.Increment(ref _holding);
        Raise();
    }

    /// <summary>Such a call has ended.</summary>
    public void Release() => Interlocked.Decrement(ref _holding);

    /// <summary>A search has ended.</summary>
    /// <param name="held">How long it held its place.</param>
    public void Searched(TimeSpan held)
    {
        // Two at once may lose one of them: it is a mean, and a look now and then.
        double share = Volatile.Read(ref _longShare);
        share += ((held >= Long ? 1 : 0) - share) / ShareOver;
        Volatile.Write(ref _longShare, share);
        if (share >= LongShare || (++_searches % LookEvery == 0 && _pool.Waiting >= CrowdPerThread * _counts.Few))
            Raise();
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    /// <summary>Counts the calm seconds; once a second.</summary>
    internal void Look()
    {
        if (!Volatile.Read(ref _isUp) || Volatile.Read(ref _holding) > 0 || Interlocked.Increment(ref _calm) < CalmSeconds)
            return;
        lock (_lock)
        {
            _pool.SetReady(_counts.Few);
            _isUp = false;
        }
        if (Volatile.Read(ref _holding) > 0) // one that came in between saw the reserve there
            Raise();
    }
}

/// <summary>Threads that are ready.</summary>
/// <param name="Few">While the server is calm.</param>
/// <param name="Many">Under load.</param>
internal readonly record struct ThreadCounts(int Few, int Many);

/// <summary>A pool of threads of which some are ready at once.</summary>
internal interface IReadyThreads
{
    /// <summary>Work items that wait for a thread.</summary>
    long Waiting { get; }

    /// <summary>Sets how many threads are ready; with fewer, the pool shrinks at once.</summary>
    void SetReady(int threads);
}

/// <summary>The pool of this process.</summary>
internal sealed class PoolThreads : IReadyThreads
{
    private const string Adjusts = "System.Threading.ThreadPool.HillClimbing.Disable";
    private const string SpinLimit = "System.Threading.ThreadPool.UnfairSemaphoreSpinLimit";

    /// <summary>The pool counts from 10 on a single core, so these are two.</summary>
    private const int LooksOnOneCore = 12;

    /// <summary>
    /// Leaves the number of threads to the server, where the pool would try by itself whether one more does more. On a single core also
    /// makes idle threads look for work twice before they sleep, where they would look sixty times: each look gives the core away and
    /// takes it back. What the operator has set, stays. To be called before the pool has begun; later it does nothing.
    /// </summary>
    public static void Claim()
    {
        if (AppContext.GetData(Adjusts) is null)
            AppContext.SetSwitch(Adjusts, true);
        if (Environment.ProcessorCount == 1 && AppContext.GetData(SpinLimit) is null)
            AppContext.SetData(SpinLimit, LooksOnOneCore);
    }

    public long Waiting => ThreadPool.PendingWorkItemCount;

    public void SetReady(int threads)
    {
        ThreadPool.GetMinThreads(out int ready, out int ports);
        ThreadPool.SetMinThreads(threads, ports);
        if (threads >= ready)
            return;

        // A lower minimum takes no thread away while there is any work. A lower maximum does, and is put back at once.
        ThreadPool.GetMaxThreads(out int most, out int mostPorts);
        if (ThreadPool.SetMaxThreads(threads, mostPorts))
            ThreadPool.SetMaxThreads(most, mostPorts);
    }
}
