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
    {
        Nodes = nodes;
        _block = new NativeBlock(Math.Max(1, WordCount) * (long)sizeof(ulong));
    }

    /// <summary>Nodes that it speaks of, from 0 on.</summary>
    public int Nodes { get; }

    /// <summary>The bits; those beyond <see cref="Nodes"/> in the last word are 0.</summary>
    public Span<ulong> Words => new((ulong*)_block.Start, WordCount);

    /// <summary>Nodes that may be returned. Set by <see cref="Recount"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the bits.</summary>
    public long SizeInBytes => _block.SizeInBytes;

    private int WordCount => (Nodes + 63) / 64;

    /// <summary>The first word, for loops.</summary>
    public ulong* Start => (ulong*)_block.Start;

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
