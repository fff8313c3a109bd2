using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using Ann.Core.Files;

namespace Ann.Core.Segments;

/// <summary>Which nodes of a sealed segment are dead, as a file beside it: one bit a node.</summary>
internal static class TombstoneFile
{
    private const uint Version = 1;
    private const int HashOffset = 32;
    private const int HeaderSize = 40;
    private const string Section = "tombstones";

    private static ReadOnlySpan<byte> Magic => "ANNTOMB\n"u8;

    /// <summary>Writes the marks as they are now. The file appears whole or not at all, and survives a power cut.</summary>
    /// <param name="files">Where to.</param>
    /// <param name="path">The file.</param>
    /// <param name="dead">The marks. Those that are set while this runs may be in the file or not.</param>
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
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], nodes);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], count);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], segmentHash);
        BinaryPrimitives.WriteUInt64LittleEndian(header[HashOffset..], HashOf(header, MemoryMarshal.AsBytes(words.AsSpan())));
        using AtomicFile file = new(files, path);
        file.Stream.Write(header);
        file.Stream.Write(MemoryMarshal.AsBytes(words.AsSpan()));
        file.Commit();
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
        long length = HeaderSize + WordsOf(nodes) * (long)sizeof(ulong);
        byte[] bytes = WholeFile.Read(files, path, Section, length);
        if (bytes.Length < HeaderSize)
            throw Bad(path, bytes.Length, $"a header takes {HeaderSize} bytes; the file has {bytes.Length}.");
        ReadOnlySpan<byte> header = bytes.AsSpan(0, HeaderSize);
        ReadOnlySpan<byte> body = bytes.AsSpan(HeaderSize);
        if (!header[..Magic.Length].SequenceEqual(Magic))
            throw Bad(path, 0, "its first 8 bytes are not \"ANNTOMB\\n\".");
        ulong expected = BinaryPrimitives.ReadUInt64LittleEndian(header[HashOffset..]);
        ulong actual = HashOf(header, body);
        if (actual != expected)
            throw Bad(path, HashOffset, $"hash {actual:x16}; the file says {expected:x16}.");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (version != Version)
            throw AnnException.BadInput(path, "byte 8", $"format version {version}; this build reads version {Version}.");
        int found = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        if (found != nodes)
            throw Bad(path, 12, $"marks of {found} nodes; the segment has {nodes}.");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[20..]) != 0)
            throw Bad(path, 20, "a reserved byte is not 0.");
        ulong segment = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        if (segment != segmentHash)
            throw Bad(path, 24, $"marks of the segment {segment:x16}; this one is {segmentHash:x16}.");
        if (bytes.Length != length)
            throw Bad(path, bytes.Length, $"{bytes.Length} bytes; {length} were expected.");
        Mark(path, header, body, into, nodes);
    }

    private static void Mark(string path, ReadOnlySpan<byte> header, ReadOnlySpan<byte> body, Tombstones into, int nodes)
    {
        int count = 0;
        for (int i = 0; i < body.Length; i += sizeof(ulong))
            count += BitOperations.PopCount(BinaryPrimitives.ReadUInt64LittleEndian(body[i..]));
        int says = BinaryPrimitives.ReadInt32LittleEndian(header[16..]);
        if (count != says)
            throw Bad(path, 16, $"{count} nodes are marked; the header says {says}.");
        if (nodes % 64 != 0 && BinaryPrimitives.ReadUInt64LittleEndian(body[^sizeof(ulong)..]) >> nodes % 64 != 0)
            throw Bad(path, HeaderSize + body.Length - sizeof(ulong), $"a node beyond the {nodes} of the segment is marked.");

        for (int i = 0; i < body.Length; i += sizeof(ulong))
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(body[i..]);
            for (; word != 0; word &= word - 1)
                into.Kill(i * 8 + BitOperations.TrailingZeroCount(word), sequence: 0);
        }
    }

    private static int WordsOf(int nodes) => (int)((nodes + 63L) / 64);

    private static ulong HashOf(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        XxHash3 hash = new();
        hash.Append(header[..HashOffset]);
        hash.Append(body);
        return hash.GetCurrentHashAsUInt64();
    }

    private static AnnException Bad(string path, long offset, string what) => AnnException.Corrupt(path, Section, offset, what);
}
