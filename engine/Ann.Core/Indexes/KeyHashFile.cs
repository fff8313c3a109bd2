using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core.Files;

namespace Ann.Core.Indexes;

/// <summary>
/// A set of hashes of keys, ascending, as a file: the items whose last write a generation could not take, because their rows came from
/// another encoder.
/// </summary>
internal static class KeyHashFile
{
    /// <summary>Most hashes of one file: an array holds no more bytes.</summary>
    private const int MaxCount = (int.MaxValue - 1024) / sizeof(ulong);

    private const uint Version = 1;
    private const int HashOffset = 24;
    private const int HeaderSize = 32;
    private const string Section = "missed keys";

    private static ReadOnlySpan<byte> Magic => "ANNKEYS\n"u8;

    /// <summary>Writes a set. The file appears whole or not at all, and survives a power cut.</summary>
    /// <exception cref="IOException">The device refused it; the file is as it was.</exception>
    public static void Write(IFileSystem files, string path, IReadOnlyCollection<ulong> hashes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hashes.Count, MaxCount, nameof(hashes));
        ulong[] sorted = [.. hashes];
        Array.Sort(sorted);
        Span<byte> header = stackalloc byte[HeaderSize];
        header.Clear();
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], sorted.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[HashOffset..], HashOf(header, MemoryMarshal.AsBytes(sorted.AsSpan())));
        using AtomicFile file = new(files, path);
        file.Stream.Write(header);
        file.Stream.Write(MemoryMarshal.AsBytes(sorted.AsSpan()));
        file.Commit();
    }

    /// <summary>Reads a set.</summary>
    /// <exception cref="AnnException">
    /// Corrupt: names the byte. NotFound: no such file. InvalidArgument: of another version. Unavailable: it cannot be read.
    /// </exception>
    public static HashSet<ulong> Read(IFileSystem files, string path)
    {
        byte[] bytes = WholeFile.Read(files, path, Section, HeaderSize + (long)MaxCount * sizeof(ulong));
        if (bytes.Length < HeaderSize)
            throw Bad(path, bytes.Length, $"a header takes {HeaderSize} bytes; the file has {bytes.Length}.");
        ReadOnlySpan<byte> header = bytes.AsSpan(0, HeaderSize);
        ReadOnlySpan<byte> body = bytes.AsSpan(HeaderSize);
        if (!header[..Magic.Length].SequenceEqual(Magic))
            throw Bad(path, 0, "its first 8 bytes are not \"ANNKEYS\\n\".");
        ulong expected = BinaryPrimitives.ReadUInt64LittleEndian(header[HashOffset..]);
        ulong actual = HashOf(header, body);
        if (actual != expected)
            throw Bad(path, HashOffset, $"hash {actual:x16}; the file says {expected:x16}.");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (version != Version)
            throw AnnException.BadInput(path, "byte 8", $"format version {version}; this build reads version {Version}.");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) != 0)
            throw Bad(path, 12, "a reserved byte is not 0.");
        long count = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        if (count < 0 || count > MaxCount || count * sizeof(ulong) != body.Length)
            throw Bad(path, 16, $"{count} hashes; the file has {body.Length} bytes of them.");

        HashSet<ulong> hashes = new((int)count);
        ulong before = 0;
        for (int i = 0; i < (int)count; i++)
        {
            ulong hash = BinaryPrimitives.ReadUInt64LittleEndian(body[(i * sizeof(ulong))..]);
            if (i > 0 && hash <= before)
                throw Bad(path, HeaderSize + i * (long)sizeof(ulong), "the hashes do not ascend.");
            hashes.Add(hash);
            before = hash;
        }
        return hashes;
    }

    private static ulong HashOf(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        XxHash3 hash = new();
        hash.Append(header[..HashOffset]);
        hash.Append(body);
        return hash.GetCurrentHashAsUInt64();
    }

    private static AnnException Bad(string path, long offset, string what) => AnnException.Corrupt(path, Section, offset, what);
}
