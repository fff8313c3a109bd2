using System.Buffers.Binary;
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

    private const int HeaderSize = 32;

    private static readonly HashedFile Format = new("ANNKEYS\n", HeaderSize, "missed keys");

    /// <summary>Writes a set. The file appears whole or not at all, and survives a power cut.</summary>
    /// <exception cref="IOException">The device refused it; the file is as it was.</exception>
    public static void Write(IFileSystem files, string path, IReadOnlyCollection<ulong> hashes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hashes.Count, MaxCount, nameof(hashes));
        ulong[] sorted = [.. hashes];
        Array.Sort(sorted);
        Span<byte> header = stackalloc byte[HeaderSize];
        header.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], sorted.Length);
        Format.Write(files, path, header, MemoryMarshal.AsBytes(sorted.AsSpan()));
    }

    /// <summary>Reads a set.</summary>
    /// <exception cref="AnnException">
    /// Corrupt: names the byte. NotFound: no such file. InvalidArgument: of another version. Unavailable: it cannot be read.
    /// </exception>
    public static HashSet<ulong> Read(IFileSystem files, string path)
    {
        ReadOnlySpan<byte> header = Format.Read(files, path, (long)MaxCount * sizeof(ulong));
        ReadOnlySpan<byte> body = header[HeaderSize..];
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) != 0)
            throw Format.Bad(path, 12, "a reserved byte is not 0.");
        long count = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        if (count < 0 || count > MaxCount || count * sizeof(ulong) != body.Length)
            throw Format.Bad(path, 16, $"{count} hashes; the file has {body.Length} bytes of them.");

        HashSet<ulong> hashes = new((int)count);
        ulong before = 0;
        for (int i = 0; i < (int)count; i++)
        {
            ulong hash = BinaryPrimitives.ReadUInt64LittleEndian(body[(i * sizeof(ulong))..]);
            if (i > 0 && hash <= before)
                throw Format.Bad(path, HeaderSize + i * (long)sizeof(ulong), "the hashes do not ascend.");
            hashes.Add(hash);
            before = hash;
        }
        return hashes;
    }
}
