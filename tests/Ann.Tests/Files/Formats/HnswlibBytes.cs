using static Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Files.Formats;

/// <summary>
/// Index files of hnswlib as its <c>saveIndex</c> writes them on a machine of 64 bits; from that, and from nothing of ours.
/// </summary>
internal sealed record HnswlibBytes
{
    public int M { get; init; } = 4;

    public int EfConstruction { get; init; } = 60;

    public required float[][] Vectors { get; init; }

    public int[] Deleted { get; init; } = [];

    /// <summary>Labels from 100 up, levels by the number of a node, linked in a ring.</summary>
    public byte[] ToArray()
    {
        int count = Vectors.Length, vector = Vectors[0].Length * sizeof(float), links = 4 + 2 * M * 4;
        return
        [
            .. Bytes<long>(0, count + 5, count, links + vector + 8, links + vector, links),
            .. Bytes(1, 3), // the highest level, the entry point
            .. Bytes<long>(M, 2 * M, M), .. Bytes(1 / Math.Log(M)), .. Bytes<long>(EfConstruction),
            .. Vectors.SelectMany((row, node) => (byte[])
            [
                .. Ring(node, 2 * M, Deleted.Contains(node)), .. Bytes(row), .. Bytes(100L + node),
            ]),
            .. Enumerable.Range(0, count).SelectMany(node => (byte[])
            [
                .. Bytes(node % 4 == 3 ? 4 + M * 4 : 0), .. node % 4 == 3 ? Ring(node, M, false) : [],
            ]),
        ];
    }

    private byte[] Ring(int node, int room, bool isDeleted)
    {
        int[] links = new int[room];
        links[0] = (node + 1) % Vectors.Length;
        return [.. Bytes<ushort>(1), isDeleted ? (byte)1 : (byte)0, 0, .. Bytes(links)];
    }
}
