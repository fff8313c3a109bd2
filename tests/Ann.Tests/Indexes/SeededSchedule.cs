using Ann.Core.Indexes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>
/// Decides by a seed how the file operations of a merge fall between those of the others. The merge runs on a thread of this scheduler and
/// stands still before each of its operations; before an operation of anybody else it is let on by some steps, and whoever lets it on waits
/// until it stands again. So one thread runs at a time, and a seed gives one order.
/// </summary>
/// <remarks>
/// The writer and the caller of an index take turns by themselves, but for two cases: the writer goes on a little after a caller was
/// answered, and installs a merge when it ends. Before an operation of a caller, the writer is therefore let to its rest.
/// </remarks>
internal sealed class SeededSchedule : TaskScheduler, IDisposable
{
    private readonly object _lock = new();
    private readonly Queue<Task> _waiting = new();
    private readonly SimulatedFileSystem _files;
    private readonly Random _random;
    private readonly double _pace;
    private readonly Thread _thread;
    private Place _place = Place.None;
    private int _merges; // the number of the merge that stands or runs
    private bool _closed;

    /// <param name="files">Whose operations are put in order.</param>
    /// <param name="seed">One seed, one order.</param>
    public SeededSchedule(SimulatedFileSystem files, int seed)
    {
        _files = files;
        _random = new Random(seed);
        _pace = 0.2 + 0.7 * _random.NextDouble(); // from a merge that hardly gets on to one that is through at once
        files.Turn = TakeTurn;
        _thread = new Thread(Run) { IsBackground = true, Name = "seeded merges" };
        _thread.Start();
    }

    private enum Place
    {
        None,
        Stands,
        Runs,
    }

    /// <summary>The index whose writer is to rest while a caller does something to a file; null while there is none.</summary>
    public LiveIndex? Index { get; set; }

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Lets the merge that is under way run to its end.</summary>
    /// <returns>False when there is none.</returns>
    public bool FinishMerge()
    {
        bool any = false;
        for (int merge = Standing(); merge > 0 && Step(merge);)
            any = true;
        return any;
    }

    /// <summary>Lets the writer do what it has to do.</summary>
    public async Task SettleAsync()
    {
        if (Index is not { } index)
            return;
        try
        {
            await index.SettleAsync();
        }
        catch (Ann.Core.AnnException)
        {
            // It is closing: its writer has nothing more to do.
        }
    }

    public void Dispose()
    {
        FinishMerge();
        lock (_lock)
        {
            _closed = true;
            Monitor.PulseAll(_lock);
        }
        _thread.Join();
    }

    protected override void QueueTask(Task task)
    {
        lock (_lock)
        {
            _waiting.Enqueue(task);
            if (_place == Place.None)
                Stand();
            Monitor.PulseAll(_lock);
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && Thread.CurrentThread == _thread && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_lock)
            return [.. _waiting];
    }

    /// <summary>Before an operation.</summary>
    private void TakeTurn()
    {
        if (_files.HasCrashed)
            return; // everything fails from here on, in whatever order
        if (Thread.CurrentThread == _thread)
        {
            StandStill();
            return;
        }
        bool isWriter = Thread.CurrentThread.Name?.StartsWith("ann writer", StringComparison.Ordinal) == true;
        if (!isWriter)
            SettleAsync().GetAwaiter().GetResult();
        int merge = Standing();
        bool going = merge > 0;
        while (going && _random.NextDouble() < _pace)
            going = Step(merge);
        if (merge > 0 && !going && !isWriter)
            SettleAsync().GetAwaiter().GetResult(); // it ended, and is installed
    }

    /// <summary>Number of the merge that stands; 0 when there is none.</summary>
    private int Standing()
    {
        lock (_lock)
        {
            while (_place == Place.Runs)
                Monitor.Wait(_lock);
            return _place == Place.Stands ? _merges : 0;
        }
    }

    /// <summary>Lets a merge go to its next operation. False when it came to its end instead.</summary>
    private bool Step(int merge)
    {
        lock (_lock)
        {
            _place = Place.Runs;
            Monitor.PulseAll(_lock);
            while (_place == Place.Runs && _merges == merge)
                Monitor.Wait(_lock);
            return _place == Place.Stands && _merges == merge;
        }
    }

    private void StandStill()
    {
        lock (_lock)
        {
            _place = Place.Stands;
            Monitor.PulseAll(_lock);
            while (_place == Place.Stands)
                Monitor.Wait(_lock);
        }
    }

    /// <summary>A merge begins by standing.</summary>
    private void Stand()
    {
        _merges++;
        _place = Place.Stands;
    }

    private void Run()
    {
        while (Take() is { } task)
        {
            TryExecuteTask(task);
            lock (_lock)
            {
                _place = Place.None;
                if (_waiting.Count > 0)
                    Stand();
                Monitor.PulseAll(_lock);
            }
        }
    }

    private Task? Take()
    {
        lock (_lock)
        {
            while (_place != Place.Runs && !_closed)
                Monitor.Wait(_lock);
            return _waiting.TryDequeue(out Task? task) ? task : null;
        }
    }
}
