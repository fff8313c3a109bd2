namespace Ann.Bench.Hard;

/// <summary>
/// Keeps what a live index does in the background until it is let on, so that what is in its heads does not depend on time; then runs it on
/// the thread pool.
/// </summary>
/// <param name="threads">That a parallel loop of it may use.</param>
internal sealed class HeldBackground(int threads) : TaskScheduler
{
    private readonly Lock _lock = new();
    private readonly List<Task> _held = [];
    private bool _isLetOn;

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => threads;

    /// <summary>Runs what waits, and from now on all that comes.</summary>
    public void LetOn()
    {
        lock (_lock)
        {
            _isLetOn = true;
            foreach (Task task in _held)
                Start(task);
            _held.Clear();
        }
    }

    /// <inheritdoc/>
    protected override void QueueTask(Task task)
    {
        lock (_lock)
        {
            if (_isLetOn)
                Start(task);
            else
                _held.Add(task);
        }
    }

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => _isLetOn && TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_lock)
            return [.. _held];
    }

    private void Start(Task task) => ThreadPool.UnsafeQueueUserWorkItem(_ => TryExecuteTask(task), null);
}
