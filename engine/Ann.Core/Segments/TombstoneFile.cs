using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Ann.Core.Files;

namespace Ann.Core.Segments;

/// <summary>Which nodes of a sealed segment are dead, as a file beside it: one bit a node.</summary>
internal static class TombstoneFile
{
    private const int HeaderSize = 40;

    private static readonly HashedFile Format = new("ANNTOMB\n", HeaderSize, "tombstones");

    /// <summary>
    /// Writes the marks as they are now, without those of <see cref="Tombstones.Bases"/>. The file appears whole or not at all, and
    /// survives a power cut.
    /// </summary>
    /// <param name="files">Where to.</param>
    /// <param name="path">The file.</param>
    /// <param name="dead">The marks.</param>
    /// <param name="nodes">Nodes of the segment.</param>
    /// <param name="segmentHash">Hash of the header of the segment that the marks belong to: its generation, as a number.</param>
    /// <exception cref="IOException">The device refused it; the file is as it was.</exception>
    public static void Write(IFileSystem files, string path, Tombstones dead, int nodes, ulong segmentHash)
    {
        ulong[] words = new ulong[WordsOf(nodes)];
        dead.CopyWords(words);
        int count = 0;
        foreach (ulong word in words)
            count += BitOperations.PopCount(word);

        Span<byte> header = stackalloc byte[HeaderSize];
        header.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], nodes);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], count);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], segmentHash);
        Format.Write(files, path, header, MemoryMarshal.AsBytes(words.AsSpan()));
    }

    /// <summary>Reads marks: the nodes died before every write that is still to come, by write 0.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">The file.</param>
    /// <param name="into">Marks of the segment; none is set.</param>
    /// <param name="nodes">Nodes of the segment.</param>
    /// <param name="segmentHash">Hash of the header of the segment.</param>
    /// <exception cref="AnnException">
    /// Corrupt: names the byte; nothing was marked. NotFound: no such file. InvalidArgument: of another version.
    /// </exception>
    public static void Read(IFileSystem files, string path, Tombstones into, int nodes, ulong segmentHash)
    {
        long bodyBytes = WordsOf(nodes) * (long)sizeof(ulong);
        ReadOnlySpan<byte> header = Format.Read(files, path, bodyBytes);
        int found = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        if (found != nodes)
            throw Format.Bad(path, 12, $"marks of {found} nodes; the segment has {nodes}.");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[20..]) != 0)
            throw Format.Bad(path, 20, "a reserved byte is not 0.");
        ulong segment = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        if (segment != segmentHash)
            throw Format.Bad(path, 24, $"marks of the segment {segment:x16}; this one is {segmentHash:x16}.");
        if (header.Length != HeaderSize + bodyBytes)
            throw Format.Bad(path, header.Length, $"{header.Length} bytes; {HeaderSize + bodyBytes} were expected.");
        Mark(path, header, header[HeaderSize..], into, nodes);
    }

    private static void Mark(string path, ReadOnlySpan<byte> header, ReadOnlySpan<byte> body, Tombstones into, int nodes)
    {
        int count = 0;
        for (int i = 0; i < body.Length; i += sizeof(ulong))
            count += BitOperations.PopCount(BinaryPrimitives.ReadUInt64LittleEndian(body[i..]));
        int says = BinaryPrimitives.ReadInt32LittleEndian(header[16..]);
        if (count != says)
            throw Format.Bad(path, 16, $"{count} nodes are marked; the header says {says}.");
        if (nodes % 64 != 0 && BinaryPrimitives.ReadUInt64LittleEndian(body[^sizeof(ulong)..]) >> nodes % 64 != 0)
            throw Format.Bad(path, HeaderSize + body.Length - sizeof(ulong), $"a node beyond the {nodes} of the segment is marked.");

        for (int i = 0; i < body.Length; i += sizeof(ulong))
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(body[i..]);
            for (; word != 0; word &= word - 1)
                into.Kill(i * 8 + BitOperations.TrailingZeroCount(word), sequence: 0);
        }
    }

    private static int WordsOf(int nodes) => (int)((nodes + 63L) / 64);
}
