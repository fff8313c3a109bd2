namespace Ann.Core.Indexes;

/// <summary>
/// The thread that tells callers what the writers of indexes have done. On Linux a thread inherits the priority of the one that starts
/// it, and may not raise it again. Whoever completes a task may start threads of the pool for what follows it: were that a writer, which
/// has a low priority, searches would run on threads of a low priority ever after. This thread has the priority of the process.
/// </summary>
internal static class Replies
{
    private static readonly Queue<Action> Waiting = new();

    static Replies() => new Thread(Run) { IsBackground = true, Name = "ann replies" }.Start();

    /// <summary>Starts the thread, unless it runs. To be called by a thread of ordinary priority before the first writer starts.</summary>
    public static void Begin()
    {
        // The static constructor does it.
    }

    /// <summary>Has something done that completes tasks. In the order of the calls of one thread.</summary>
    /// <param name="reply">Short, and throws nothing.</param>
    public static void Post(Action reply)
    {
        lock (Waiting)
        {
            Waiting.Enqueue(reply);
            Monitor.Pulse(Waiting);
        }
    }

    private static void Run()
    {
        while (true)
            Take()();
    }

    private static Action Take()
    {
        lock (Waiting)
        {
            while (Waiting.Count == 0)
                Monitor.Wait(Waiting);
            return Waiting.Dequeue();
        }
    }
}
