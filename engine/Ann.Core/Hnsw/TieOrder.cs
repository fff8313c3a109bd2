using System.Runtime.CompilerServices;

namespace Ann.Core.Hnsw;

/// <summary>
/// Which of equally far candidates a node links to first: an order of its own, drawn from the node and the candidate. By number all nodes
/// would link to the same few, and hardly any to the others: of 200 one-hot rows, each as far from each other, a walk of width 64 found
/// 0.94.
/// </summary>
internal static class TieOrder
{
    /// <summary>True when two neighbouring entries are equally far.</summary>
    /// <param name="entries">Beam entries, nearest first.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool HasTies(ReadOnlySpan<ulong> entries)
    {
        for (int i = 1; i < entries.Length; i++)
            if (entries[i] >> 32 == entries[i - 1] >> 32)
                return true;
        return false;
    }

    /// <summary>Puts entries of equal distance in the order of their owner.</summary>
    /// <param name="owner">The node that chooses.</param>
    /// <param name="entries">Beam entries, nearest first; they stay so.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Spread(int owner, Span<ulong> entries)
    {
        for (int from = 0; from < entries.Length;)
        {
            int to = from + 1;
            while (to < entries.Length && entries[to] >> 32 == entries[from] >> 32)
                to++;
            if (to - from > 1)
                entries[from..to].Sort(new ByDraw(owner));
            from = to;
        }
    }

    private readonly struct ByDraw(int owner) : IComparer<ulong>
    {
        public int Compare(ulong x, ulong y)
        {
            int order = Draw(Beam.NodeOf(x)).CompareTo(Draw(Beam.NodeOf(y)));
            return order != 0 ? order : x.CompareTo(y);
        }

        /// <summary>The finaliser of SplitMix64 (Steele, Lea &amp; Flood 2014).</summary>
        private ulong Draw(int node)
        {
            ulong z = (((ulong)(uint)owner << 32) | (uint)node) + 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
