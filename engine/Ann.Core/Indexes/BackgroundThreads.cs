using System.Runtime.InteropServices;

namespace Ann.Core.Indexes;

/// <summary>
/// Threads for sealing and compacting, apart from those that serve: as many as the share of the cores allows, and at a low priority, so
/// that a search that wants the core gets it. A task that runs loops in parallel stays on them.
/// </summary>
internal sealed class BackgroundThreads : TaskScheduler, IDisposable
{
    private const int NiceBackground = 19;
    private const int SchedIdle = 5;

    private readonly LinkedList<Task> _tasks = new();
    private readonly Thread[] _threads;
    private readonly bool _whenIdle;
    private bool _closed;

    /// <param name="share">Of the machine's cores, above 0 to 1. One thread at least.</param>
    /// <param name="whenIdle">
    /// True for work that may wait for ever: on Linux its threads leave a core at once when another thread wants it, where those of low
    /// priority first use up some milliseconds. They must hold no lock that a search waits for.
    /// </param>
    public BackgroundThreads(double share, bool whenIdle = false)
    {
        _whenIdle = whenIdle;
        int count = Math.Max(1, (int)(share * Environment.ProcessorCount));
        _threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(Run) { IsBackground = true, Name = "ann background" })];
        foreach (Thread thread in _threads)
            thread.Start();
    }

    public override int MaximumConcurrencyLevel => _threads.Length;

    /// <summary>
    /// Makes the calling thread yield to others of the process. Does nothing where the system has no such call.
    /// </summary>
    /// <param name="nice">0 to 19: the higher, the smaller its share of a core that others want too.</param>
    internal static void Yield(int nice)
    {
        if (OperatingSystem.IsLinux())
            _ = setpriority(0, 0, nice); // of the calling thread: Linux knows no other meaning of 0
    }

    /// <summary>Ends the threads when their tasks have ended.</summary>
    public void Dispose()
    {
        lock (_tasks)
        {
            _closed = true;
            Monitor.PulseAll(_tasks);
        }
        foreach (Thread thread in _threads)
            thread.Join();
    }

    protected override void QueueTask(Task task)
    {
        lock (_tasks)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _tasks.AddLast(task);
            Monitor.Pulse(_tasks);
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued)
    {
        if (!_threads.Contains(Thread.CurrentThread) || (taskWasPreviouslyQueued && !TryDequeue(task)))
            return false;
        return TryExecuteTask(task);
    }

    protected override bool TryDequeue(Task task)
    {
        lock (_tasks)
            return _tasks.Remove(task);
    }

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_tasks)
            return [.. _tasks];
    }

    private void Run()
    {
        Yield(NiceBackground);
        if (_whenIdle && OperatingSystem.IsLinux())
        {
            int priority = 0; // the only one of this class
            _ = sched_setscheduler(0, SchedIdle, in priority);
        }
        while (Take() is { } task)
            TryExecuteTask(task);
    }

    private Task? Take()
    {
        lock (_tasks)
        {
            while (_tasks.Count == 0 && !_closed)
                Monitor.Wait(_tasks);
            Task? task = _tasks.First?.Value;
            if (task is not null)
                _tasks.RemoveFirst();
            return task;
        }
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int setpriority(int which, uint who, int priority);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int sched_setscheduler(int thread, int policy, in int priority);
}
