using System.Diagnostics;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// What a graph that grows knows of its rows on level 0, so that nobody is lost in it: which links of a row were chosen and which only
/// fill it, which node must keep a link to which, and who is dead. One thread.
/// </summary>
/// <remarks>
/// A finished graph is made reachable by a pass at its end (<see cref="Reachability"/>). Here every node gets a parent when it is inserted:
/// an older node that links to it and never drops that link. The parents form a tree from the entry point, so every node can be reached at
/// any time. A parent has few children: a row belongs to the heuristic for the most part.
/// </remarks>
/// <param name="nodes">Most nodes.</param>
/// <param name="slots">Slots of a row.</param>
/// <param name="isDead">True for a node that no new reader sees: it gives way to others.</param>
internal sealed unsafe class GrowingLinks(int nodes, int slots, Predicate<int> isDead) : IDisposable
{
    private readonly LazyBlock _chosen = new((long)nodes * sizeof(ushort));
    private readonly LazyBlock _parents = new((long)nodes * sizeof(int));
    private readonly LazyBlock _children = new(nodes);
    private readonly int _maxChildren = Math.Max(1, slots / 4);
    private ulong[] _dead = [];
    private int _firstWithRoom;

    /// <summary>Bytes that each node takes.</summary>
    public static int BytesPerNode => sizeof(ushort) + sizeof(int) + sizeof(byte);

    /// <summary>How many links of each node were chosen: the first ones of its row.</summary>
    public ushort* Chosen => (ushort*)_chosen.Start;

    private int* Parents => (int*)_parents.Start;

    /// <summary>Puts the dead behind the others; both keep their order.</summary>
    public void LiveFirst(Span<ulong> candidates)
    {
        if (_dead.Length < candidates.Length)
            _dead = new ulong[2 * candidates.Length];
        int live = 0, dead = 0;
        foreach (ulong candidate in candidates)
        {
            if (isDead(Beam.NodeOf(candidate)))
                _dead[dead++] = candidate;
            else
                candidates[live++] = candidate;
        }
        _dead.AsSpan(0, dead).CopyTo(candidates[live..]);
    }

    /// <summary>Gives a new node its parent: one of its links, which is changed where none has room for a child.</summary>
    /// <param name="node">The new node.</param>
    /// <param name="links">Those it chose; one at least.</param>
    /// <param name="candidates">Beam entries of nodes that it could have chosen.</param>
    public void Adopt(int node, Span<int> links, ReadOnlySpan<ulong> candidates)
    {
        Debug.Assert(links.Length > 0);
        foreach (int link in links)
        {
            if (TryAdopt(node, link))
                return;
        }
        foreach (ulong candidate in candidates)
        {
            int other = Beam.NodeOf(candidate);
            if (!links.Contains(other) && TryAdopt(node, other))
            {
                links[^1] = other;
                return;
            }
        }

        // Hundreds of equal rows. There are as many children as nodes, and each node may have several: some node that is in has room.
        while (_children.Start[_firstWithRoom] >= _maxChildren)
            _firstWithRoom++;
        for (int other = _firstWithRoom; ; other++)
        {
            Debug.Assert(other < nodes);
            if (Chosen[other] > 0 && !links.Contains(other) && TryAdopt(node, other))
            {
                links[^1] = other;
                return;
            }
        }
    }

    /// <summary>Chooses the links of a row that does not hold all candidates: diverse ones, and all children; the rest fills it.</summary>
    /// <param name="target">Whose row.</param>
    /// <param name="candidates">Beam entries, nearest first; more than there are slots. Reordered.</param>
    /// <param name="distance">Between rows.</param>
    /// <param name="links">Receives the row.</param>
    public void Choose<TDistance>(int target, Span<ulong> candidates, in TDistance distance, Span<int> links)
        where TDistance : struct, IRowDistance
    {
        Debug.Assert(candidates.Length >= slots);
        LiveFirst(candidates);
        int children = 0;
        foreach (ulong candidate in candidates)
            children += IsChild(target, Beam.NodeOf(candidate)) ? 1 : 0;
        int kept = NeighborSelection.SelectDiverse(candidates, slots - children, in distance, links);
        int diverse = kept;
        foreach (ulong candidate in candidates)
        {
            int node = Beam.NodeOf(candidate);
            if (IsChild(target, node) && !links[..diverse].Contains(node))
                links[kept++] = node;
        }
        Chosen[target] = (ushort)kept;
        int filled = NeighborSelection.FillRow(target, candidates, in distance, links[..slots], kept);
        Debug.Assert(filled == slots);
    }

    public void Dispose()
    {
        _chosen.Dispose();
        _parents.Dispose();
        _children.Dispose();
    }

    private bool IsChild(int target, int node) => node != 0 && Parents[node] == target;

    private bool TryAdopt(int node, int parent)
    {
        if (_children.Start[parent] >= _maxChildren)
            return false;
        _children.Start[parent]++;
        Parents[node] = parent;
        return true;
    }
}
