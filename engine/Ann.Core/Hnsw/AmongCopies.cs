using System.Runtime.CompilerServices;

namespace Ann.Core.Hnsw;

/// <summary>
/// A filter as a walk sees it where rows have copies: a leader may be found when it or any of its copies may be returned.
/// </summary>
/// <param name="items">Decides of each node by itself.</param>
/// <param name="copies">Of the graph.</param>
/// <param name="verdicts">Room for <see cref="Verdicts"/> words, cleared for each search: what was found out of large groups.</param>
internal readonly unsafe struct AmongCopies<TFilter>(TFilter items, NodeCopies copies, ulong* verdicts) : INodeFilter
    where TFilter : struct, INodeFilter
{
    /// <summary>Words that it needs: a group is looked through once a search, unless two fall together.</summary>
    public const int Verdicts = 64;

    private readonly TFilter _items = items;

    public static bool AcceptsAll => TFilter.AcceptsAll;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Accepts(int node) => _items.Accepts(node) || (copies.Next(node) != HnswGraph.NoNode && AcceptsACopy(node));

    public bool AcceptsItem(int node) => _items.AcceptsItem(node);

    public int Next(int node, int end) => _items.Next(node, end);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool AcceptsACopy(int leader)
    {
        ulong* verdict = verdicts + leader % Verdicts;
        ulong known = ((ulong)(uint)leader + 1) << 1;
        if ((*verdict & ~1UL) == known)
            return (*verdict & 1) != 0;
        int copy = copies.Next(leader);
        while (copy != HnswGraph.NoNode && !_items.Accepts(copy))
            copy = copies.Next(copy);
        bool accepts = copy != HnswGraph.NoNode;
        *verdict = known | (accepts ? 1UL : 0);
        return accepts;
    }
}
