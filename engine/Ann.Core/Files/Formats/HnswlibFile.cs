using System.Buffers.Binary;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>
/// An index file of hnswlib, which <c>saveIndex</c> of its releases 0.5 to 0.8 writes on a machine of 64 bits: a header of 96 bytes, then
/// for each node its links of level 0, its vector and its label, then for each node its links above. The file knows neither its dimension
/// nor its metric. Everything in it is checked, links too, and links are not kept.
/// </summary>
internal static class HnswlibFile
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderSizeInBytes = 96;

    private const int MaxLinks = 1 << 16;
    private const byte DeleteMark = 1;

    /// <summary>Opens a file and checks all of it but the values of its vectors.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">The file.</param>
    /// <param name="dimension">Components of a vector: what the file does not tell, though it tells the bytes.</param>
    /// <param name="metric">How nearness is measured.</param>
    /// <exception cref="AnnException">NotFound: no such file. InvalidArgument: names the file, the byte, and what is wrong.</exception>
    public static ForeignIndex Open(IFileSystem files, string path, int dimension, Metric metric)
    {
        Stream stream = files.OpenRead(path);
        try
        {
            VectorFile.RequireRegular(stream, path);
            return Read(stream, path, dimension, metric);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static ForeignIndex Read(Stream stream, string path, int dimension, Metric metric)
    {
        IndexFileFields fields = new(stream, path, 0);
        fields.Next(8, "the offset of level 0", 0, 0);
        long room = fields.Next(8, "the most nodes");
        int count = (int)fields.Next(8, "the number of nodes", 1, Math.Min(room, int.MaxValue));
        int rowSize = dimension * sizeof(float);
        int size = (int)fields.Next(8, "the bytes of a node", 1, sizeof(int) + (long)MaxLinks * sizeof(int) + rowSize + sizeof(ulong));
        int label = (int)fields.Next(8, "the offset of a label", 0, size - sizeof(ulong));
        int vector = (int)fields.Next(8, "the offset of a vector", sizeof(int), label);
        if (label - vector != rowSize || size != label + sizeof(ulong))
        {
            throw fields.Fault(
                $"a node has {label - vector} bytes of vector, {size} in all; --dim {dimension} takes {rowSize}, "
                + $"with {vector} of links and {sizeof(ulong)} of a label {vector + rowSize + sizeof(ulong)}.");
        }
        int top = fields.NextInt32("the highest level", 0, 63);
        fields.Next(4, "the entry point", 0, count - 1);
        int m = (int)fields.Next(8, "the links of an upper level", 1, MaxLinks);
        int m0 = (int)fields.Next(8, "the links of level 0", 1, MaxLinks);
        if (vector != sizeof(int) + m0 * sizeof(int))
            throw fields.Fault($"{m0} links of level 0 take {sizeof(int) + m0 * sizeof(int)} bytes; a node has {vector} for them.");
        int ownM = (int)fields.Next(8, "M", 1, MaxLinks);
        fields.Read(8, "the factor of levels");
        int efConstruction = (int)fields.Next(8, "efConstruction", 1, int.MaxValue);

        long links = HeaderSizeInBytes + (long)count * size;
        if (stream.Length < links)
        {
            throw AnnException.BadInput(
                path, "byte 16", $"{count} nodes of {size} bytes take {links} bytes with the header; the file has {stream.Length}.");
        }
        KeyColumn keys = new(KeyKind.UInt64);
        List<int> deleted = [];
        Nodes nodes = new(stream, path, count);
        nodes.ReadLevel0(size, label, m0, keys, deleted);
        nodes.ReadAbove(links, m, top);
        if (keys.Count == 0)
            throw AnnException.BadInput(path, "", $"it holds no items: of {count} nodes {deleted.Count} are deleted.");
        NodeRows rows = new(count, dimension, ElementType.Float32, HeaderSizeInBytes + vector, size);
        return new ForeignIndex(
            new NodeRowsReader(stream, path, rows, keys, deleted), "", metric, ownM, efConstruction, count, deleted.Count);
    }

    /// <summary>The nodes of a file.</summary>
    private sealed class Nodes(Stream stream, string path, int count)
    {
        public void ReadLevel0(int size, int label, int most, KeyColumn keys, List<int> deleted)
        {
            byte[] bytes = new byte[size];
            stream.Position = HeaderSizeInBytes;
            for (int node = 0; node < count; node++)
            {
                long start = HeaderSizeInBytes + (long)node * size;
                Fill(bytes, start, node);
                // The number of links takes two bytes; the mark is the third.
                CheckLinks(bytes, start, node, most);
                if (bytes[2] > DeleteMark)
                    throw Fault(start + 2, $"node {node} has the mark {bytes[2]} for being deleted; expected 0 or 1.");
                if (bytes[2] == DeleteMark)
                    deleted.Add(node);
                else
                    keys.Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(label)));
            }
        }

        public void ReadAbove(long at, int most, int top)
        {
            int level = sizeof(int) + most * sizeof(int);
            byte[] length = new byte[sizeof(uint)];
            byte[] bytes = new byte[level];
            stream.Position = at;
            for (int node = 0; node < count; node++)
            {
                Fill(length, at, node);
                long size = BinaryPrimitives.ReadUInt32LittleEndian(length);
                if (size % level != 0 || size / level > top || size > stream.Length - at)
                    throw Fault(at, $"node {node} has {size} bytes of links above level 0; expected 0 to {top} times {level}.");
                at += sizeof(uint);
                for (long done = 0; done < size; done += level, at += level)
                {
                    Fill(bytes, at, node);
                    CheckLinks(bytes, at, node, most);
                }
            }
            if (at != stream.Length)
                throw Fault(at, $"expected the end of the file after {count} nodes; {stream.Length - at} bytes follow.");
        }

        private void CheckLinks(byte[] bytes, long start, int node, int most)
        {
            int links = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            if (links > most)
                throw Fault(start, $"node {node} has {links} links; expected 0 to {most}.");
            for (int i = 0; i < links; i++)
            {
                uint link = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(sizeof(int) + i * sizeof(int)));
                if (link >= (uint)count)
                    throw Fault(start + sizeof(int) + i * sizeof(int), $"node {node} has a link to node {link}; there are {count} nodes.");
            }
        }

        private void Fill(byte[] bytes, long at, int node)
        {
            int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (read < bytes.Length)
                throw Fault(at, $"expected {bytes.Length} bytes of node {node}; the file ends after {read}.");
        }

        private AnnException Fault(long at, string what) => AnnException.BadInput(path, $"byte {at}", what);
    }
}
