using System.Diagnostics;
using System.Numerics;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>
/// Which nodes of a segment are deleted, and by which write: a reader sees only the deletions up to its <see cref="ReadPoint"/>.
/// One writer; any number of readers, without a lock.
/// </summary>
/// <remarks>
/// One bit a node says that it was deleted at all; only then is the sequence of that write looked at. The writer stores the sequence
/// before the bit. Memory for both is made at the first deletion, and is not touched before it is needed.
/// </remarks>
/// <param name="capacity">Nodes of the segment.</param>
internal sealed unsafe class Tombstones(int capacity) : IDisposable
{
    /// <summary>A walk finds few living among many dead late; below one in so many, and this many, looking at each is cheaper.</summary>
    private const int ScannedShare = 32;

    private const int MostScanned = 4096;

    private readonly int _capacity = capacity;
    private readonly Queue<(long Sequence, int Node)> _bases = new();
    private volatile Marks? _marks;
    private int _count;

    /// <summary>Nodes deleted.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes of the marks.</summary>
    public long SizeInBytes => _marks is { } marks ? marks.SizeInBytes : 0;

    /// <summary>Bytes that the marks of a segment take once a node of it was deleted.</summary>
    public static long BytesOf(int capacity) => (capacity + 63L) / 64 * sizeof(ulong) + (capacity + 1L) * sizeof(long);

    /// <summary>True when so few of the first <paramref name="rows"/> nodes are left that a scan of those costs less than a walk.</summary>
    public bool LeaveFew(int rows)
    {
        int count = Count;
        return count > 0 && rows - count <= Math.Min(rows / ScannedShare, MostScanned);
    }

    /// <summary>Marks a node as deleted by a write. Writer only. A node dies once.</summary>
    public void Kill(int node, long sequence)
    {
        Debug.Assert((uint)node < (uint)_capacity);
        Marks marks = _marks ??= new Marks(_capacity);
        ref ulong word = ref marks.Words[node >> 6];
        Debug.Assert((word >> node & 1) == 0, "a node dies once");
        marks.Deaths[node] = sequence;
        Volatile.Write(ref *marks.Last, Math.Max(*marks.Last, sequence));
        Volatile.Write(ref word, word | 1UL << node);
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>
    /// Dead nodes that are the bases of updates: an update brings no vector, and to replay it from the log, the version that it replaced
    /// must be there, alive. So no file of marks has it, and no merge drops it, until the new version is sealed
    /// (<see cref="ForgetBases"/>). Writer only.
    /// </summary>
    public int Bases => _bases.Count;

    /// <summary>Marks a node as replaced by an update. Writer only, in the order of the writes.</summary>
    public void KillBase(int node, long sequence)
    {
        Kill(node, sequence);
        _bases.Enqueue((sequence, node));
    }

    /// <summary>Forgets the bases of updates up to a write: what they became is sealed. Writer only.</summary>
    public void ForgetBases(long sequence)
    {
        while (_bases.TryPeek(out (long Sequence, int Node) first) && first.Sequence <= sequence)
            _bases.Dequeue();
    }

    /// <summary>The bases of updates behind a write. Writer only.</summary>
    public HashSet<int> BasesAfter(long sequence)
    {
        HashSet<int> nodes = [];
        foreach ((long update, int node) in _bases)
            if (update > sequence)
                nodes.Add(node);
        return nodes;
    }

    /// <summary>True when a node was deleted, as the writer sees it.</summary>
    public bool IsDead(int node) => IsDead(node, long.MaxValue);

    /// <summary>True when a node was deleted by a write up to <paramref name="sequence"/>.</summary>
    public bool IsDead(int node, long sequence) => _marks is { } marks && IsDead(marks, node, sequence);

    /// <summary>The write that deleted a node, which is dead.</summary>
    public long DeathOf(int node) => _marks!.Deaths[node];

    /// <summary>The filter of a reader's walk.</summary>
    public LiveNodes LiveAt(ReadPoint at) =>
        _marks is { } marks ? new LiveNodes(marks.Words, marks.Last, at) : new LiveNodes(null, null, at);

    /// <summary>
    /// Copies the mark of every node that is no base, one bit each, as it is now: what a file of them holds. Writer only.
    /// </summary>
    /// <param name="words">One word for each 64 nodes begun.</param>
    public void CopyWords(Span<ulong> words)
    {
        Debug.Assert(words.Length == (_capacity + 63L) / 64);
        Marks? marks = _marks;
        for (int i = 0; i < words.Length; i++)
            words[i] = marks is null ? 0 : Volatile.Read(ref marks.Words[i]);
        foreach ((_, int node) in _bases)
            words[node >> 6] &= ~(1UL << node);
    }

    /// <summary>Takes the nodes out of a mask that a write up to <paramref name="sequence"/> deleted. The caller counts it anew.</summary>
    public void RemoveFrom(NodeMask mask, long sequence)
    {
        if (_marks is not { } marks)
            return;
        Span<ulong> words = mask.Words;
        for (int i = 0; i < words.Length; i++)
        {
            for (ulong dead = Volatile.Read(ref marks.Words[i]) & words[i]; dead != 0; dead &= dead - 1)
            {
                int bit = BitOperations.TrailingZeroCount(dead);
                if (marks.Deaths[i * 64 + bit] <= sequence)
                    words[i] &= ~(1UL << bit);
            }
        }
    }

    public void Dispose() => _marks?.Dispose();

    private static bool IsDead(Marks marks, int node, long sequence) =>
        (Volatile.Read(ref marks.Words[node >> 6]) >> node & 1) != 0 && marks.Deaths[node] <= sequence;

    private sealed class Marks : IDisposable
    {
        private readonly NativeBlock _words;
        private readonly NativeBlock _deaths;

        public Marks(int capacity)
        {
            _words = new NativeBlock((capacity + 63L) / 64 * sizeof(ulong));
            _deaths = new NativeBlock((capacity + 1L) * sizeof(long));
        }

        public ulong* Words => (ulong*)_words.Start;

        /// <summary>The latest write that deleted any.</summary>
        public long* Last => (long*)_deaths.Start;

        /// <summary>Lie behind it.</summary>
        public long* Deaths => Last + 1;

        public long SizeInBytes => _words.SizeInBytes + _deaths.SizeInBytes;

        public void Dispose()
        {
            _words.Dispose();
            _deaths.Dispose();
        }
    }
}

/// <summary>Accepts the nodes that a reader sees: those there at its read point and not deleted by then.</summary>
/// <param name="words">One bit a node; null when nothing was ever deleted.</param>
/// <param name="last">The latest write that deleted any; behind it, of each node the one that deleted it, where its bit is set.</param>
/// <param name="at">The reader's.</param>
internal readonly unsafe struct LiveNodes(ulong* words, long* last, ReadPoint at) : INodeFilter
{
    public static bool AcceptsAll => false;

    public bool Accepts(int node) =>
        node < at.Rows && (words is null || (Volatile.Read(ref words[node >> 6]) >> node & 1) == 0 || last[node + 1] > at.Sequence);

    public bool AcceptsItem(int node) => Accepts(node);

    public int Next(int node, int end)
    {
        end = Math.Min(end, at.Rows);
        while (node < end && words is not null)
        {
            ulong living = ~Volatile.Read(ref words[node >> 6]) >> node;
            // Read after the word: no later than any death that the word tells of.
            if (Volatile.Read(ref *last) > at.Sequence)
                return NextByDeaths(node, end);
            if (living != 0)
                return node + BitOperations.TrailingZeroCount(living);
            node = (node | 63) + 1;
        }
        return node < end ? node : int.MaxValue;
    }

    private int NextByDeaths(int node, int end)
    {
        while (node < end && !Accepts(node))
            node++;
        return node < end ? node : int.MaxValue;
    }
}
