namespace Ann.Core.Hnsw;

/// <summary>Where a node of a batch lies in the graph. Ordered by level, highest first, then by place.</summary>
/// <param name="Level">The node's level.</param>
/// <param name="Path">Nodes that the way down to the level passed, from above: the last four of them.</param>
/// <param name="Node">The node.</param>
/// <param name="Entry">Beam entry at which its search begins.</param>
internal readonly record struct BatchPlace(int Level, UInt128 Path, int Node, ulong Entry) : IComparable<BatchPlace>
{
    public int CompareTo(BatchPlace other)
    {
        int order = other.Level.CompareTo(Level);
        if (order == 0)
            order = Path.CompareTo(other.Path);
        return order != 0 ? order : Node.CompareTo(other.Node);
    }
}
