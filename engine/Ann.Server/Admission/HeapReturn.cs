using System.Runtime;

namespace Ann.Server.Admission;

/// <summary>
/// Gives memory back to the system after calls that held much of it. The runtime keeps what a burst made its heap grow to, as long as
/// nothing forces it; so when messages and replies held much and then have been small for a while, the heap is collected and shrunk once,
/// and once more when the pools of arrays let go of what lay in them for a minute.
/// </summary>
/// <remarks>
/// Such a collection stops every thread, the longer the more lives in the managed heap; so a large heap is collected beside the calls,
/// which gives back less. Rows, links and codes of sealed segments do not lie there.
/// </remarks>
internal sealed class HeapReturn : IDisposable
{
    /// <summary>Bytes of messages and replies from which a burst is one.</summary>
    public const long Much = 4L << 20;

    /// <summary>Seconds without one, before the first collection and before the second.</summary>
    public const int First = 10;
    public const int Second = 75;

    /// <summary>Bytes of a heap that is too large to be stopped for.</summary>
    private const long LongPauseFrom = 512L << 20;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly ByteBudget _messages;
    private readonly ByteBudget _replies;
    private readonly Action _shrink;
    private readonly ITimer _timer;
    private int _calm = int.MaxValue;

    /// <param name="messages">Of all calls.</param>
    /// <param name="replies">Of all calls.</param>
    /// <param name="time">Ticks.</param>
    /// <param name="shrink">Collects; <see cref="ShrinkHeap"/> but in tests.</param>
    public HeapReturn(ByteBudget messages, ByteBudget replies, TimeProvider time, Action shrink)
    {
        _messages = messages;
        _replies = replies;
        _shrink = shrink;
        _timer = time.CreateTimer(static state => ((HeapReturn)state!).Look(), this, Period, Period);
    }

    /// <summary>Collects all that is garbage, and gives back what the heaps do not need.</summary>
    public static void ShrinkHeap()
    {
        Collect();
        NativeHeap.Trim();
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    /// <summary>Looks at what is held; once a second.</summary>
    internal void Look()
    {
        long most = _messages.TakeMost() + _replies.TakeMost();
        if (Math.Max(most, _messages.Used + _replies.Used) >= Much)
            _calm = 0;
        else if (_calm <= Second && ++_calm is First or Second)
            _shrink();
    }

    private static void Collect()
    {
        if (GC.GetTotalMemory(forceFullCollection: false) > LongPauseFrom)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
            return;
        }
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
