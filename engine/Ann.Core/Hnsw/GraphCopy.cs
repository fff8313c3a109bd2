using System.Diagnostics;

namespace Ann.Core.Hnsw;

/// <summary>
/// Takes over the part of a graph that some of its nodes make: they are numbered anew, and links to the others are dropped. What that
/// costs is for <see cref="Reachability"/> and <see cref="LinkFill"/> to mend; it is little while nearly all nodes stay.
/// </summary>
/// <remarks>
/// Where rows have copies, what the leader of a group had goes to the leader of those of the group that stay, whichever node that is.
/// </remarks>
internal static unsafe class GraphCopy
{
    /// <summary>Levels of nodes.</summary>
    /// <param name="source">Nobody writes to it any more.</param>
    /// <param name="nodes">Nodes of it, ascending; the i-th becomes node i.</param>
    /// <param name="copies">Of the new numbers: groups as in the source, less the nodes that are left out.</param>
    public static byte[] LevelsOf(in HnswGraph source, ReadOnlySpan<int> nodes, NodeCopies copies)
    {
        byte[] levels = new byte[nodes.Length];
        for (int i = 0; i < levels.Length; i++)
            levels[i] = copies.IsCopy(i) ? (byte)0 : (byte)source.LevelOf(source.Copies.LeaderOf(nodes[i]));
        return levels;
    }

    /// <summary>Copies the links.</summary>
    /// <param name="source">Nobody writes to it any more.</param>
    /// <param name="nodes">Nodes of it, ascending; the i-th becomes node i.</param>
    /// <param name="target">Its nodes have the levels that <see cref="LevelsOf"/> gives, and no links yet.</param>
    public static void Run(in HnswGraph source, ReadOnlySpan<int> nodes, in HnswGraph target)
    {
        Debug.Assert(nodes.Length == target.Count);
        int[] numbers = new int[source.Count];
        Array.Fill(numbers, HnswGraph.NoNode);
        for (int i = 0; i < nodes.Length; i++)
        {
            if (!target.Copies.IsCopy(i))
                numbers[source.Copies.LeaderOf(nodes[i])] = i;
        }

        for (int i = 0; i < nodes.Length; i++)
        {
            if (target.Copies.IsCopy(i))
                continue;
            int leader = source.Copies.LeaderOf(nodes[i]);
            for (int level = 0; level <= target.LevelOf(i); level++)
            {
                int* links = target.Links(level, i);
                foreach (int neighbor in source.Neighbors(level, leader))
                {
                    if (numbers[neighbor] != HnswGraph.NoNode)
                        *links++ = numbers[neighbor];
                }
            }
        }
    }
}
