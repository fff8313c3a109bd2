namespace Ann.Core.Hnsw;

/// <summary>
/// Loops of a build over a bounded number of threads. Work is handed out in small pieces, so no thread waits long for another.
/// </summary>
internal static class ParallelBuild
{
    /// <summary>Runs <paramref name="body"/> for every piece of [0, <paramref name="count"/>).</summary>
    /// <param name="count">Items.</param>
    /// <param name="threads">Threads at most, the caller's included.</param>
    /// <param name="grain">Items in a piece.</param>
    /// <param name="body">Given the worker's number (0 … threads − 1), the first item and the end of the piece.</param>
    /// <param name="cancellation">Looked at between pieces.</param>
    /// <exception cref="OperationCanceledException">Cancelled; some pieces did not run.</exception>
    public static void For(int count, int threads, int grain, Action<int, int, int> body, CancellationToken cancellation = default)
    {
        int pieces = (count + grain - 1) / grain;
        int workers = Math.Min(threads, pieces);
        if (workers <= 1)
        {
            for (int from = 0; from < count; from += grain)
            {
                cancellation.ThrowIfCancellationRequested();
                body(0, from, Math.Min(from + grain, count));
            }
            return;
        }

        int taken = 0;
        ParallelOptions options = new()
        {
            MaxDegreeOfParallelism = workers,
            CancellationToken = cancellation,
            TaskScheduler = TaskScheduler.Current, // a build that runs on threads of its own stays there
        };
        Parallel.For(0, workers, options, worker =>
        {
            int from;
            while ((from = Interlocked.Add(ref taken, grain) - grain) < count)
            {
                if (cancellation.IsCancellationRequested)
                    return;
                body(worker, from, Math.Min(from + grain, count));
            }
        });
        cancellation.ThrowIfCancellationRequested();
    }
}
