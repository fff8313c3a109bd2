using System.Buffers.Binary;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>
/// An index file of USearch, format version 2: a matrix of vectors behind its two sizes, a head of 64 bytes, the sizes of the graph, a
/// level a node, and the nodes, each with its key and its links. Read are keys of 64 bits, links of 32, and vectors of float32, float16,
/// float64 or int8. Everything is checked, links too, and links are not kept. The file does not tell efConstruction.
/// </summary>
internal static class UsearchFile
{
    /// <summary>The version that is read.</summary>
    public const int Version = 2;

    private const int MatrixHeadSizeInBytes = 2 * sizeof(uint);
    private const int HeadSizeInBytes = 64;
    private const int GraphHeadSizeInBytes = 5 * sizeof(ulong);
    private const int MaxLinks = 1 << 16;
    private const int MaxLevel = 64;
    private const byte NumberKeys = 14, ShortSlots = 15;

    private static ReadOnlySpan<byte> Magic => "usearch"u8;

    /// <summary>Opens a file and checks all of it but the values of its vectors.</summary>
    /// <exception cref="AnnException">NotFound: no such file. InvalidArgument: names the file, the byte, and what is wrong.</exception>
    public static ForeignIndex Open(IFileSystem files, string path)
    {
        Stream stream = files.OpenRead(path);
        try
        {
            VectorFile.RequireRegular(stream, path);
            return Read(stream, path);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static ForeignIndex Read(Stream stream, string path)
    {
        IndexFileFields sizes = new(stream, path, 0);
        int count = (int)sizes.Next(4, "the number of vectors", 1, int.MaxValue);
        int rowSize = (int)sizes.Next(4, "the bytes of a vector", 1, RowLayout.MaxColumns * sizeof(double));
        long head = MatrixHeadSizeInBytes + (long)count * rowSize;
        if (head > stream.Length - HeadSizeInBytes - GraphHeadSizeInBytes)
        {
            throw AnnException.BadInput(
                path, "byte 0", $"{count} vectors of {rowSize} bytes take {head} bytes; the file has {stream.Length}, with its graph.");
        }
        RequireMagic(stream, path, head);
        IndexFileFields fields = new(stream, path, head + Magic.Length);
        long major = fields.Next(2, "the version", Version, Version);
        string version = $"{major}.{fields.Next(2, "the version")}.{fields.Next(2, "the version")}";
        Metric metric = MetricOf(fields);
        ElementType element = ElementOf(fields);
        fields.Next(1, "the kind of keys (14: 64 bits)", NumberKeys, NumberKeys);
        fields.Next(1, "the kind of links (15: 32 bits)", ShortSlots, ShortSlots);
        long present = fields.Next(8, "the number of items", 0, count);
        long removed = fields.Next(8, "the number of deleted items", 0, count);
        int dimension = (int)fields.Next(8, "the dimension", 1, RowLayout.MaxColumns);
        if (dimension * element.SizeInBytes() != rowSize)
        {
            throw fields.Fault(
                $"{dimension} components of {element.ToName()} take {dimension * element.SizeInBytes()} bytes, not {rowSize}.");
        }
        fields.Next(1, "the mark of several vectors a key, which are not taken", 0, 0);

        IndexFileFields graph = new(stream, path, head + HeadSizeInBytes);
        graph.Next(8, "the number of nodes", count, count);
        int m = (int)graph.Next(8, "the links of an upper level", 1, MaxLinks);
        int m0 = (int)graph.Next(8, "the links of level 0", 1, MaxLinks);
        int top = (int)graph.Next(8, "the highest level", 0, MaxLevel);
        graph.Next(8, "the entry point", 0, count - 1);
        (KeyColumn keys, List<int> deleted) = new Graph(stream, path, count, m, m0, top).Read(graph.Position);
        if (keys.Count != present || deleted.Count != removed)
        {
            throw AnnException.BadInput(
                path, $"byte {head}",
                $"its head tells {present} items and {removed} deleted ones; found {keys.Count} and {deleted.Count}.");
        }
        if (keys.Count == 0)
            throw AnnException.BadInput(path, "", $"it holds no items: of {count} nodes {deleted.Count} are deleted.");
        NodeRows rows = new(count, dimension, element, MatrixHeadSizeInBytes, rowSize);
        return new ForeignIndex(new NodeRowsReader(stream, path, rows, keys, deleted), version, metric, m, null, count, deleted.Count);
    }

    private static void RequireMagic(Stream stream, string path, long at)
    {
        Span<byte> magic = stackalloc byte[Magic.Length];
        stream.Position = at;
        stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        if (!magic.SequenceEqual(Magic))
        {
            throw AnnException.BadInput(
                path, $"byte {at}",
                "expected the word usearch behind the vectors; it is no index file of USearch, or one without vectors.");
        }
    }

    private static Metric MetricOf(IndexFileFields fields) => fields.Next(1, "the metric") switch
    {
        'i' => MetricTraits.Names.Parse("ip"),
        'c' => MetricTraits.Names.Parse("cosine"),
        'e' => MetricTraits.Names.Parse("l2"),
        long other => throw fields.Fault($"the metric is {other}; expected inner product (105), cosine (99) or squared L2 (101)."),
    };

    private static ElementType ElementOf(IndexFileFields fields) => fields.Next(1, "the type of components") switch
    {
        10 => ElementType.Float64,
        11 => ElementType.Float32,
        12 => ElementType.Float16,
        23 => ElementType.Int8,
        long other => throw fields.Fault(
            $"the type of components is {other}; expected float64 (10), float32 (11), float16 (12) or int8 (23)."),
    };

    /// <summary>The nodes of a file.</summary>
    private sealed class Graph(Stream stream, string path, int count, int m, int m0, int top)
    {
        private const ulong NoKey = ulong.MaxValue; // what a deleted node has

        private readonly KeyColumn _keys = new(KeyKind.UInt64);
        private readonly List<int> _deleted = [];

        public (KeyColumn Keys, List<int> Deleted) Read(long at)
        {
            long nodes = at + (long)count * sizeof(short);
            if (nodes > stream.Length)
                throw Fault(at, $"expected a level of each of {count} nodes; the file ends after {stream.Length} bytes.");
            short[] levels = new short[count];
            stream.Position = at;
            stream.ReadExactly(System.Runtime.InteropServices.MemoryMarshal.AsBytes(levels.AsSpan()));
            byte[] bytes = new byte[sizeof(ulong) + sizeof(short) + LinksSize(m0) + LinksSize(m) * top];
            long position = nodes;
            for (int node = 0; node < count; node++)
            {
                if (levels[node] < 0 || levels[node] > top)
                    throw Fault(at + (long)node * sizeof(short), $"node {node} is on level {levels[node]}; expected 0 to {top}.");
                ReadNode(bytes.AsSpan(0, sizeof(ulong) + sizeof(short) + LinksSize(m0) + LinksSize(m) * levels[node]), position, node,
                    levels[node]);
                position += sizeof(ulong) + sizeof(short) + LinksSize(m0) + LinksSize(m) * levels[node];
            }
            return position == stream.Length
                ? (_keys, _deleted)
                : throw Fault(position, $"expected the end of the file after {count} nodes; {stream.Length - position} bytes follow.");
        }

        private static int LinksSize(int links) => sizeof(uint) + links * sizeof(uint);

        private void ReadNode(Span<byte> bytes, long at, int node, int level)
        {
            int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (read < bytes.Length)
                throw Fault(at, $"expected {bytes.Length} bytes of node {node}; the file ends after {read}.");
            ulong key = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            int own = BinaryPrimitives.ReadInt16LittleEndian(bytes[sizeof(ulong)..]);
            if (own != level)
                throw Fault(at + sizeof(ulong), $"node {node} is on level {own}; its level was told as {level}.");
            int start = sizeof(ulong) + sizeof(short);
            for (int layer = 0; layer <= level; layer++)
            {
                CheckLinks(bytes[start..], at + start, node, layer == 0 ? m0 : m);
                start += LinksSize(layer == 0 ? m0 : m);
            }
            if (key == NoKey)
                _deleted.Add(node);
            else
                _keys.Add(key);
        }

        private void CheckLinks(ReadOnlySpan<byte> bytes, long at, int node, int most)
        {
            uint links = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            if (links > most)
                throw Fault(at, $"node {node} has {links} links; expected 0 to {most}.");
            for (int i = 1; i <= links; i++)
            {
                uint link = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * sizeof(uint))..]);
                if (link >= (uint)count)
                    throw Fault(at + i * sizeof(uint), $"node {node} has a link to node {link}; there are {count} nodes.");
            }
        }

        private AnnException Fault(long at, string what) => AnnException.BadInput(path, $"byte {at}", what);
    }
}
