using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>Nodes of one segment that may be returned, one bit each. Never changes once it is in use.</summary>
internal sealed unsafe class NodeMask : IDisposable
{
    private readonly NativeBlock _block;

    /// <summary>Without any node.</summary>
    /// <param name="nodes">Nodes that it speaks of; those beyond are not in it.</param>
    public NodeMask(int nodes)
        : this(nodes, nodes)
    {
    }

    /// <summary>Without any node, with room to speak of more.</summary>
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
    public int Count { get; private set; }

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

    /// <summary>True when a node may be returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Has(int node) => node < Nodes && (Start[node >> 6] >> node & 1) != 0;

    public void Dispose() => _block.Dispose();

    private static int WordsOf(int nodes) => (int)((nodes + 63L) / 64);
}

/// <summary>Accepts the nodes of a mask that a reader sees.</summary>
/// <param name="words">Of the mask.</param>
/// <param name="nodes">Nodes that the mask speaks of.</param>
/// <param name="live">Of the reader.</param>
internal readonly unsafe struct MaskedNodes(ulong* words, int nodes, LiveNodes live) : INodeFilter
{
    public static bool AcceptsAll => false;

    public bool Accepts(int node) => node < nodes && (words[node >> 6] >> node & 1) != 0 && live.Accepts(node);
}
