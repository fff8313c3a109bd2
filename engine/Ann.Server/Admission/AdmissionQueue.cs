using System.Runtime.CompilerServices;
using Ann.Core;
using Ann.Server.Telemetry;

namespace Ann.Server.Admission;

/// <summary>
/// Lets a bounded number of calls run and a bounded number wait; refuses the rest at once. Those of one caller go in their order of
/// arrival, and callers take turns, by the time that their calls take: start-time fair queueing (Goyal, Vin, Cheng 1996) before several
/// places at once (Jin, Chase, Kaur 2004). Where only one waits, that is the order of arrival.
/// </summary>
/// <remarks>
/// <para>A call that finds a place while nobody waits takes no lock. A place that is given back is counted first and waiting calls are
/// looked for second; a call that waits is counted first and places are looked for second: whatever the order, one sees the other.</para>
/// <para>One caller may fill the queue. When another comes then, the newest waiting call of whoever has most of them makes room, as long as
/// he has more than the other: buffer stealing (McKenney 1990).</para>
/// </remarks>
/// <param name="work">What the calls do, for messages: "search".</param>
/// <param name="running">Calls that run at once.</param>
/// <param name="waiting">Calls that may wait.</param>
/// <param name="metrics">Counts refusals; null for nobody.</param>
internal sealed class AdmissionQueue(string work, int running, int waiting, ServerMetrics? metrics = null)
{
    private readonly string _name = $"{work.Replace(' ', '_')}_queue";
    private readonly Caller _everybody = new(Caller.Anonymous);
    private readonly Lock _lock = new();
    private readonly ConditionalWeakTable<Caller, Line> _lines = [];
    private readonly List<Line> _waitingLines = [];
    private int _taken;
    private int _waiting;
    private long _turn;

    /// <summary>Calls waiting now.</summary>
    public long Waiting => Volatile.Read(ref _waiting);

    /// <summary>Takes a place, if one is free and nobody waits. Disposing it gives it back.</summary>
    public bool TryEnter(out QueuePlace place)
    {
        bool isIn = Volatile.Read(ref _waiting) == 0 && TryTake();
        place = isIn ? new QueuePlace(this) : default;
        return isIn;
    }

    /// <summary>Waits for a place. Disposing it gives it back.</summary>
    /// <param name="cancellation">Cancelled at the call's deadline too; a waiting call then leaves the queue.</param>
    /// <param name="caller">Whose call it is; null where all are one.</param>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: the queue is full.</exception>
    /// <exception cref="OperationCanceledException">The caller went away, or its deadline passed.</exception>
    public ValueTask<QueuePlace> EnterAsync(CancellationToken cancellation, Caller? caller = null)
    {
        if (cancellation.IsCancellationRequested)
            return ValueTask.FromCanceled<QueuePlace>(cancellation);
        if (TryEnter(out QueuePlace place))
            return new(place);
        Waiter waiter = Join(caller ?? _everybody);
        LetIn();
        return WaitAsync(waiter, cancellation);
    }

    /// <summary>How a caller stands beside the others that wait.</summary>
    /// <param name="caller">Null where all are one.</param>
    public Standing StandingOf(Caller? caller)
    {
        if (Volatile.Read(ref _waiting) == 0)
            return new Standing(0, 0, waiting, IsRefused: waiting == 0);
        lock (_lock)
        {
            Line line = LineOf(caller ?? _everybody);
            int others = _waitingLines.Count - (line.Calls.Count > 0 ? 1 : 0);
            return new Standing(
                line.Calls.Count, Math.Min(_waiting, line.Calls.Count + others * (line.Calls.Count + 1)), waiting / (others + 1),
                _waiting >= waiting && LongerThan(line) is null);
        }
    }

    /// <summary>Gives a place back.</summary>
    internal void Release()
    {
        Interlocked.Decrement(ref _taken);
        LetIn();
    }

    private async ValueTask<QueuePlace> WaitAsync(Waiter waiter, CancellationToken cancellation)
    {
        using CancellationTokenRegistration leaving = cancellation.UnsafeRegister(
            static (state, token) => ((Waiter)state!).Leave(token), waiter);
        return await waiter.Task ? new QueuePlace(this) : throw Full();
    }

    private Waiter Join(Caller caller)
    {
        Waiter? pushedOut = null;
        Waiter joined;
        lock (_lock)
        {
            Line line = LineOf(caller);
            if (_waiting >= waiting)
            {
                pushedOut = LongerThan(line)?.Calls.Last?.Value ?? throw Full();
                Remove(pushedOut);
            }
            joined = new Waiter(this, line);
            if (line.Calls.Count == 0)
            {
                line.Start = Math.Max(_turn, line.Finish);
                _waitingLines.Add(line);
            }
            line.Calls.AddLast(joined.Place);
            Interlocked.Increment(ref _waiting); // a full fence: the places are looked at after it
        }
        pushedOut?.TrySetResult(false);
        return joined;
    }

    /// <summary>Lets those in whose turn it is, while there are places.</summary>
    private void LetIn()
    {
        while (Volatile.Read(ref _waiting) > 0 && TryTake())
        {
            if (Next() is { } waiter)
                waiter.TrySetResult(true);
            else
                Interlocked.Decrement(ref _taken); // who waited went away meanwhile
        }
    }

    private Waiter? Next()
    {
        lock (_lock)
        {
            // Of two whose turns are the same the one goes first that waited first for a turn.
            Line? first = _waitingLines.MinBy(static line => line.Start);
            if (first is null)
                return null;
            Waiter waiter = first.Calls.First!.Value;
            _turn = first.Start;
            first.Start = first.Finish = first.Start + first.Owner.Turn;
            Remove(waiter);
            if (first.Calls.Count > 0)
            {
                _waitingLines.Remove(first);
                _waitingLines.Add(first);
            }
            return waiter;
        }
    }

    private bool TryTake()
    {
        int taken = Volatile.Read(ref _taken);
        while (taken < running)
        {
            int seen = Interlocked.CompareExchange(ref _taken, taken + 1, taken);
            if (seen == taken)
                return true;
            taken = seen;
        }
        return false;
    }

    private Line LineOf(Caller caller) => _lines.GetValue(caller, static owner => new Line(owner));

    /// <summary>The longest line, if it has more calls than another would have with one more; null otherwise.</summary>
    private Line? LongerThan(Line line) =>
        _waitingLines.MaxBy(static one => one.Calls.Count) is { } longest && longest.Calls.Count > line.Calls.Count + 1 ? longest : null;

    private void Remove(Waiter waiter)
    {
        waiter.Line.Calls.Remove(waiter.Place);
        if (waiter.Line.Calls.Count == 0)
            _waitingLines.Remove(waiter.Line);
        Interlocked.Decrement(ref _waiting);
    }

    private AnnException Full()
    {
        metrics?.Limited(_name, "server");
        return new AnnException(AnnError.Overloaded, $"The {work} queue is full: {running} running, {waiting} waiting.");
    }

    /// <summary>The calls of a caller that wait.</summary>
    private sealed class Line(Caller owner)
    {
        public Caller Owner => owner;

        public LinkedList<Waiter> Calls { get; } = [];

        /// <summary>When its next turn begins, of the time that all calls took by their weights.</summary>
        public long Start { get; set; }

        /// <summary>When its last turn ended.</summary>
        public long Finish { get; set; }
    }

    /// <summary>A call that waits: true when it is let in, false when another takes its place in the queue.</summary>
    private sealed class Waiter : TaskCompletionSource<bool>
    {
        private readonly AdmissionQueue _queue;

        public Waiter(AdmissionQueue queue, Line line)
            : base(TaskCreationOptions.RunContinuationsAsynchronously)
        {
            _queue = queue;
            Line = line;
            Place = new LinkedListNode<Waiter>(this);
        }

        public Line Line { get; }

        public LinkedListNode<Waiter> Place { get; }

        /// <summary>Nobody waits for it any more.</summary>
        public void Leave(CancellationToken cancellation)
        {
            lock (_queue._lock)
            {
                if (Place.List is null)
                    return; // it has its place already, or none
                _queue.Remove(this);
            }
            TrySetCanceled(cancellation);
        }
    }
}

/// <summary>A place in a queue. Disposing it, once, gives it back; the default is none.</summary>
internal readonly struct QueuePlace(AdmissionQueue queue) : IDisposable
{
    public void Dispose() => queue?.Release();
}

/// <summary>How a caller stands in a queue.</summary>
/// <param name="Waiting">Calls of it that wait.</param>
/// <param name="Ahead">Calls that would go before another one of it.</param>
/// <param name="Share">Of those that may wait, as many as it has a right to.</param>
/// <param name="IsRefused">True when another one of it would find the queue full.</param>
internal readonly record struct Standing(int Waiting, int Ahead, int Share, bool IsRefused);
