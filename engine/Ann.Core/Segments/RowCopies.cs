using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Keys;

namespace Ann.Core.Segments;

/// <summary>
/// The identical rows of a segment that is being built. Of each group the item with the smallest key is the leader, and its copies follow
/// in
/// the order of their keys.
/// </summary>
internal sealed unsafe class RowCopies : IDisposable
{
    private const int Grain = 1024;

    private RowCopies(int rows) => Links = new NativeBlock((long)rows * sizeof(CopyLink));

    /// <summary>One <see cref="CopyLink"/> a row.</summary>
    public NativeBlock Links { get; }

    /// <summary>As the graph needs it. Valid until this is disposed.</summary>
    public NodeCopies Nodes => new((CopyLink*)Links.Start);

    /// <summary>Finds them; null where all rows differ.</summary>
    /// <param name="rows">Prepared.</param>
    /// <param name="keys">One a row.</param>
    /// <param name="threads">Of the work. Does not change the result.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static RowCopies? Find(VectorTable rows, KeyColumn keys, int threads, CancellationToken cancellation)
    {
        ulong[] hashes = new ulong[rows.Count];
        int[] order = new int[rows.Count];
        ParallelBuild.For(rows.Count, threads, Grain, (_, from, to) =>
        {
            float[] scratch = new float[rows.Dimension];
            for (int row = from; row < to; row++)
            {
                hashes[row] = IdenticalRows.Hash(rows.Values(row), scratch);
                order[row] = row;
            }
        }, cancellation);
        Array.Sort(hashes, order);

        RowCopies? copies = null;
        for (int from = 0; from < order.Length;)
        {
            int to = from + 1;
            while (to < order.Length && hashes[to] == hashes[from])
                to++;
            if (to - from > 1)
            {
                cancellation.ThrowIfCancellationRequested();
                Span<int> alike = order.AsSpan(from, to - from);
                alike.Sort((a, b) => keys.KeyAt(a).CompareTo(keys.KeyAt(b)));
                while (alike.Length > 1)
                    alike = TakeGroup(rows, alike, ref copies);
            }
            from = to;
        }
        return copies;
    }

    /// <inheritdoc/>
    public void Dispose() => Links.Dispose();

    /// <summary>Chains the rows that are identical to the first of some rows of one hash.</summary>
    /// <param name="rows">All.</param>
    /// <param name="alike">In the order of their keys. Reordered.</param>
    /// <param name="copies">Made when there is something to note.</param>
    /// <returns>The others, in the order of their keys: hashes of different rows may be equal.</returns>
    private static Span<int> TakeGroup(VectorTable rows, Span<int> alike, scoped ref RowCopies? copies)
    {
        int leader = alike[0];
        int last = leader;
        int others = 0;
        foreach (int row in alike[1..])
        {
            if (!IdenticalRows.AreSame(rows.Values(leader), rows.Values(row)))
            {
                alike[others++] = row;
                continue;
            }
            copies ??= new RowCopies(rows.Count);
            CopyLink* links = (CopyLink*)copies.Links.Start;
            links[last] = links[last] with { Next = row + 1 };
            links[row] = new CopyLink(leader + 1, 0);
            last = row;
        }
        return alike[..others];
    }
}
