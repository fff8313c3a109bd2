using System.Buffers.Binary;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>
/// The nodes of an index file of Hnsw.Net: for each, in the order of the vectors, <c>int64 id, int32 level, byte deleted, int32 layers</c>
/// and for each layer <c>int32 links</c> and so many <c>int32</c> nodes. All is checked to the last link; ids and deletions are kept, links
/// are not.
/// </summary>
internal sealed class HnswNetNodes
{
    /// <summary>Bytes of a node on level 0 without links.</summary>
    public const int LeastSizeInBytes = FixedSizeInBytes + sizeof(int);

    private const int FixedSizeInBytes = sizeof(long) + sizeof(int) + 1 + sizeof(int);
    private const int BufferSizeInBytes = 1 << 16;

    private readonly byte[] _buffer = new byte[BufferSizeInBytes];
    private readonly Stream _stream;
    private readonly string _path;
    private readonly HnswNetHeader _header;
    private readonly List<int> _deleted = [];
    private readonly List<int> _negative = [];
    private readonly long _length;
    private long _position;

    private HnswNetNodes(Stream stream, string path, HnswNetHeader header)
    {
        _stream = stream;
        _path = path;
        _header = header;
        _length = stream.Length;
        _position = header.NodesOffset;
    }

    /// <summary>The ids of the nodes that are not deleted, as keys: a negative id is itself plus 2⁶⁴.</summary>
    public KeyColumn Keys { get; } = new(KeyKind.UInt64);

    /// <summary>Deleted nodes, ascending.</summary>
    public IReadOnlyList<int> Deleted => _deleted;

    /// <summary>Which of <see cref="Keys"/> come from negative ids, ascending.</summary>
    public IReadOnlyList<int> Negative => _negative;

    /// <summary>Reads all nodes. The file must end after them.</summary>
    /// <param name="stream">Anywhere; left at its end.</param>
    /// <param name="path">For messages.</param>
    /// <param name="header">Which has been held to the length of the file, so memory is bounded by it.</param>
    /// <exception cref="AnnException">InvalidArgument: names the byte, what was expected and what was found.</exception>
    public static HnswNetNodes Read(Stream stream, string path, HnswNetHeader header)
    {
        HnswNetNodes nodes = new(stream, path, header);
        stream.Position = header.NodesOffset;
        for (int node = 0; node < header.Count; node++)
            nodes.ReadNode(node);
        if (nodes._position != nodes._length)
        {
            throw nodes.Fault(
                nodes._position,
                $"expected the end of the file after {header.Count} nodes; {nodes._length - nodes._position} bytes follow.");
        }
        return nodes;
    }

    private void ReadNode(int node)
    {
        long start = _position;
        ReadOnlySpan<byte> bytes = Next(FixedSizeInBytes, node, "what it is");
        long id = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        int level = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        byte deleted = bytes[12];
        int layers = BinaryPrimitives.ReadInt32LittleEndian(bytes[13..]);
        if (level < 0 || level > _header.MaxLevel)
        {
            throw Fault(
                start + 8, $"node {node} is on level {level}; expected 0 to {_header.MaxLevel}, the highest that the header tells.");
        }
        if (deleted > 1)
            throw Fault(start + 12, $"node {node} has the mark {deleted} for being deleted; expected 0 or 1.");
        if (layers - 1 != level)
            throw Fault(start + 13, $"node {node} on level {level} has {layers} layers of links; expected one more than its level.");
        for (int layer = 0; layer < layers; layer++)
            ReadLinks(node, layer);

        if (deleted == 1)
        {
            _deleted.Add(node);
            return;
        }
        Keys.Add(unchecked((ulong)id));
        if (id < 0)
            _negative.Add(Keys.Count - 1);
    }

    private void ReadLinks(int node, int layer)
    {
        long start = _position;
        int count = BinaryPrimitives.ReadInt32LittleEndian(Next(sizeof(int), node, "its number of links"));
        if (count < 0 || count > _header.Count)
            throw Fault(start, $"node {node} has {count} links on level {layer}; expected 0 to {_header.Count}, the nodes that there are.");
        long left = _length - _position;
        if (count > left / sizeof(int))
            throw Fault(start, $"node {node} has {count} links on level {layer}, which take {4L * count} bytes; the file has {left} more.");

        while (count > 0)
        {
            int some = Math.Min(count, BufferSizeInBytes / sizeof(int));
            long first = _position;
            ReadOnlySpan<byte> bytes = Next(some * sizeof(int), node, "its links");
            for (int i = 0; i < some; i++)
            {
                int link = BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * sizeof(int))..]);
                if ((uint)link >= (uint)_header.Count)
                    throw Fault(first + (i * sizeof(int)), $"node {node} has a link to node {link}; there are {_header.Count} nodes.");
            }
            count -= some;
        }
    }

    /// <summary>The next bytes of the file, at most a buffer. Valid until the next call.</summary>
    private ReadOnlySpan<byte> Next(int size, int node, string what)
    {
        Span<byte> bytes = _buffer.AsSpan(0, size);
        int read = _stream.ReadAtLeast(bytes, size, throwOnEndOfStream: false);
        if (read < size)
            throw Fault(_position, $"expected {size} bytes of node {node}, {what}; the file ends after {read}.");
        _position += size;
        return bytes;
    }

    private AnnException Fault(long at, string what) => AnnException.BadInput(_path, $"byte {at}", what);
}
