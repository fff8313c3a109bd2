using System.Diagnostics;
using Ann.Core.Searching;

namespace Ann.Core.Attributes;

/// <summary>
/// Memory for evaluating a filter over a segment: words of the levels of its tree, and what its clauses look up before the first node.
/// Taken from a pool and given back; one thread uses it at a time.
/// </summary>
internal sealed class FilterScratch
{
    /// <summary>Words of a chunk: a budget is looked at between chunks, and the words of a level stay in the nearest cache.</summary>
    public const int ChunkWords = 256;

    /// <summary>Nodes of a chunk.</summary>
    public const int ChunkNodes = ChunkWords * 64;

    /// <summary>Values looked up between two looks at the budget: each may miss every cache some ten times.</summary>
    private const int LookupsPerCheck = 128;

    private const long MostBytesKept = 4 << 20;

    private static readonly FilterScratch?[] Idle = new FilterScratch?[32];

    private readonly ulong[] _levels = new ulong[(Filter.MaxDepth + 1) * ChunkWords];
    private readonly ulong[]?[] _bits = new ulong[Filter.MaxNodes][];
    private readonly int[]?[] _numbers = new int[Filter.MaxNodes][];
    private readonly int[] _bitWords = new int[Filter.MaxNodes];
    private readonly int[] _counts = new int[Filter.MaxNodes];
    private long _bytes;
    private SearchBudget _budget;
    private int _lookups;

    private FilterScratch()
    {
    }

    /// <summary>Why the lookups of the clauses must stop: those that are not done find nothing.</summary>
    public StopReason Stopped { get; private set; }

    public static FilterScratch Rent()
    {
        foreach (ref FilterScratch? place in Idle.AsSpan())
            if (place is not null && Interlocked.Exchange(ref place, null) is FilterScratch idle)
                return idle;
        return new FilterScratch();
    }

    public static void Return(FilterScratch scratch)
    {
        scratch._budget = default; // of a call that is over
        if (scratch._bytes > MostBytesKept)
            return; // a rare filter of very many values
        foreach (ref FilterScratch? place in Idle.AsSpan())
            if (place is null && Interlocked.CompareExchange(ref place, scratch, null) is null)
                return;
    }

    /// <summary>Begins with a filter.</summary>
    /// <param name="budget">Of its lookups.</param>
    public void Begin(in SearchBudget budget)
    {
        _budget = budget;
        _lookups = 0;
        Stopped = StopReason.None;
    }

    /// <summary>Counts a lookup before the first node. True when it must not be done: nobody waits for the filter any more.</summary>
    public bool MustStop()
    {
        if (Stopped == StopReason.None && _lookups++ % LookupsPerCheck == 0)
            Stopped = _budget.Check();
        return Stopped != StopReason.None;
    }

    /// <summary>Words of a level. What they hold is left over.</summary>
    public Span<ulong> Level(int level, int words)
    {
        Debug.Assert(words <= ChunkWords);
        return _levels.AsSpan(level * ChunkWords, words);
    }

    /// <summary>Makes the bits that a clause looks up, all 0.</summary>
    /// <param name="slot">Number of the clause.</param>
    /// <param name="bits">Bits wanted.</param>
    public Span<ulong> MakeBits(int slot, int bits)
    {
        _bitWords[slot] = (bits + 63) / 64;
        Span<ulong> made = Grow(ref _bits[slot], _bitWords[slot]);
        made.Clear();
        return made;
    }

    /// <summary>The bits that were made.</summary>
    public ReadOnlySpan<ulong> Bits(int slot) => _bits[slot].AsSpan(0, _bitWords[slot]);

    /// <summary>Room for the numbers that a clause looks up; <see cref="Keep"/> tells how many it found.</summary>
    public Span<int> MakeNumbers(int slot, int most) => Grow(ref _numbers[slot], most);

    public void Keep(int slot, int count) => _counts[slot] = count;

    public ReadOnlySpan<int> Numbers(int slot) => _numbers[slot].AsSpan(0, _counts[slot]);

    private Span<T> Grow<T>(ref T[]? array, int length)
    {
        if (array is null || array.Length < length)
        {
            _bytes += (length - (array?.Length ?? 0)) * (long)sizeof(ulong);
            array = new T[length];
        }
        return array.AsSpan(0, length);
    }
}
