using static Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Files.Formats;

/// <summary>A node of an index of Hnsw.Net.</summary>
internal sealed record HnswNetNode(long Id, bool IsDeleted, float[] Vector, int[][] Links);

/// <summary>
/// Writes index files of Hnsw.Net, format version 4, as its documentation and releases have it: header, vectors, nodes. Written from that,
/// and from nothing of ours.
/// </summary>
internal sealed record HnswNetBytes
{
    /// <summary>0 cosine, 1 L2, 2 dot.</summary>
    public int Metric { get; init; } = 1;

    public int M { get; init; } = 16;

    public int EfConstruction { get; init; } = 200;

    public int Ef { get; init; } = 50;

    public IReadOnlyList<HnswNetNode> Nodes { get; init; } = [];

    /// <summary>Nodes with ids from 100 up on levels by their number, linked in a ring on each level.</summary>
    public static HnswNetNode[] Ring(IReadOnlyList<float[]> vectors, params int[] deleted) =>
    [
        .. vectors.Select((vector, i) =>
        {
            int[] links = [(i + 1) % vectors.Count, (i + vectors.Count - 1) % vectors.Count];
            return new HnswNetNode(100 + i, deleted.Contains(i), vector, i % 4 == 3 ? [links, links] : [links]);
        }),
    ];

    /// <summary>Vectors of a seed.</summary>
    public static float[][] Vectors(int count, int dimension, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(
            _ => Enumerable.Range(0, dimension).Select(_ => (random.NextSingle() * 2) - 1).ToArray())];
    }

    public byte[] ToArray()
    {
        int top = Nodes.Count == 0 ? -1 : Nodes.Max(static node => node.Links.Length) - 1;
        int entry = Nodes.ToList().FindIndex(node => node.Links.Length == top + 1);
        return
        [
            .. "HSW1"u8,
            .. Bytes(4, Nodes.Count == 0 ? 3 : Nodes[0].Vector.Length, Metric, M, EfConstruction, Ef, entry, top, Nodes.Count),
            .. Bytes((byte)0),
            .. Nodes.SelectMany(static node => Bytes(node.Vector)),
            .. Nodes.SelectMany(static node => (byte[])
            [
                .. Bytes(node.Id), .. Bytes(node.Links.Length - 1), node.IsDeleted ? (byte)1 : (byte)0, .. Bytes(node.Links.Length),
                .. node.Links.SelectMany(static links => (byte[])[.. Bytes(links.Length), .. Bytes(links)]),
            ]),
        ];
    }
}
