using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>Nodes of one segment that may be returned, one bit each. Never changes once it is in use.</summary>
internal sealed unsafe class NodeMask : IDisposable
{
    /// <summary>Most nodes that a walk of two hops starts from: a few microseconds to score. Chosen, not measured.</summary>
    private const int MaxSeeds = 256;

    private readonly NativeBlock _block;
    private int[]? _seeds;
    private volatile bool _isSeeded;

    /// <summary>Without any node.</summary>
    /// <param name="nodes">Nodes that it speaks of; those beyond are not in it.</param>
    /// <param name="capacity">Nodes that it may speak of after <see cref="Reuse"/>.</param>
    public NodeMask(int nodes, int capacity)
    {
        Debug.Assert(nodes <= capacity);
        Nodes = nodes;
        Capacity = capacity;
        _block = new NativeBlock(Math.Max(1, WordsOf(capacity)) * (long)sizeof(ulong));
    }

    /// <summary>Nodes that it has room for.</summary>
    public int Capacity { get; }

    /// <summary>Nodes that it speaks of, from 0 on.</summary>
    public int Nodes { get; private set; }

    /// <summary>The bits; those beyond <see cref="Nodes"/> in the last word are 0.</summary>
    public Span<ulong> Words => new((ulong*)_block.Start, WordCount);

    /// <summary>Nodes that may be returned. Set by <see cref="Recount"/>.</summary>
    public int Count
    {
        get;
        private set
        {
            field = value;
            _isSeeded = false;
        }
    }

    /// <summary>Bytes of the bits.</summary>
    public long SizeInBytes => _block.SizeInBytes;

    private int WordCount => WordsOf(Nodes);

    /// <summary>The first word, for loops.</summary>
    public ulong* Start => (ulong*)_block.Start;

    /// <summary>Makes it speak of other nodes, before it is written anew: what it holds then is left over.</summary>
    /// <param name="nodes">At most <see cref="Capacity"/>.</param>
    public void Reuse(int nodes)
    {
        Debug.Assert(nodes <= Capacity);
        Nodes = nodes;
        Count = 0;
    }

    /// <summary>Writes all nodes.</summary>
    public void Fill()
    {
        Words.Fill(ulong.MaxValue);
        if (Nodes % 64 != 0)
            Words[^1] = (1UL << Nodes) - 1;
        Count = Nodes;
    }

    /// <summary>Writes the nodes of another mask of as many nodes.</summary>
    public void CopyFrom(NodeMask other)
    {
        Debug.Assert(other.Nodes == Nodes);
        other.Words.CopyTo(Words);
        Count = other.Count;
    }

    /// <summary>Counts the bits, after they were written.</summary>
    public void Recount()
    {
        Debug.Assert(Nodes % 64 == 0 || Words[^1] >> (Nodes % 64) == 0, "no bit beyond the last node");
        long count = 0;
        foreach (ulong word in Words)
            count += BitOperations.PopCount(word);
        Count = (int)count;
    }

    /// <summary>Nodes of the mask, evenly spaced among them: where a search of it may start. Made when they are first asked for.</summary>
    public ReadOnlySpan<int> Seeds
    {
        get
        {
            if (!_isSeeded)
            {
                // Two threads that do this at once write the same.
                int[] seeds = _seeds ?? Interlocked.CompareExchange(ref _seeds, new int[MaxSeeds], null) ?? _seeds;
                ChooseSeeds(seeds.AsSpan(0, Math.Min(MaxSeeds, Count)));
                _isSeeded = true;
            }
            return _seeds.AsSpan(0, Math.Min(MaxSeeds, Count));
        }
    }

    /// <summary>True when a node may be returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Has(int node) => node < Nodes && (Start[node >> 6] >> node & 1) != 0;

    /// <summary>The first node of the mask from one on; <see cref="int.MaxValue"/> when there is none before the end.</summary>
    public int Next(int node, int end) => new MaskBits(Start).Next(node, end);

    public void Dispose() => _block.Dispose();

    private void ChooseSeeds(Span<int> seeds)
    {
        long passed = 0;
        int chosen = 0;
        for (int word = 0; chosen < seeds.Length; word++)
        {
            // The i-th seed is the node of rank i · Count / seeds.
            ulong bits = Start[word];
            int here = BitOperations.PopCount(bits);
            for (; chosen < seeds.Length && (long)chosen * Count / seeds.Length < passed + here; chosen++)
            {
                ulong rest = bits;
                for (long skip = (long)chosen * Count / seeds.Length - passed; skip > 0; skip--)
                    rest &= rest - 1;
                seeds[chosen] = word * 64 + BitOperations.TrailingZeroCount(rest);
            }
            passed += here;
        }
    }

    private static int WordsOf(int nodes) => (int)((nodes + 63L) / 64);
}

/// <summary>Accepts the nodes of a mask that speaks of every node of its segment, where none is dead.</summary>
/// <param name="words">Of the mask.</param>
internal readonly unsafe struct MaskBits(ulong* words) : INodeFilter
{
    public static bool AcceptsAll => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Accepts(int node) => (words[node >> 6] >> node & 1) != 0;

    public bool AcceptsItem(int node) => Accepts(node);

    public int Next(int node, int end)
    {
        while (node < end)
        {
            ulong bits = words[node >> 6] >> node;
            if (bits != 0)
                return node + BitOperations.TrailingZeroCount(bits);
            node = (node | 63) + 1;
        }
        return int.MaxValue;
    }
}

/// <summary>Accepts the nodes of a mask that a reader sees.</summary>
/// <param name="words">Of the mask.</param>
/// <param name="nodes">Nodes that the mask speaks of.</param>
/// <param name="live">Of the reader.</param>
internal readonly unsafe struct MaskedNodes(ulong* words, int nodes, LiveNodes live) : INodeFilter
{
    public static bool AcceptsAll => false;

    public bool Accepts(int node) => node < nodes && (words[node >> 6] >> node & 1) != 0 && live.Accepts(node);

    public bool AcceptsItem(int node) => Accepts(node);

    public int Next(int node, int end)
    {
        end = Math.Min(end, nodes);
        MaskBits bits = new(words);
        for (node = bits.Next(node, end); node < end && !live.Accepts(node);)
            node = bits.Next(node + 1, end);
        return node;
    }
}
