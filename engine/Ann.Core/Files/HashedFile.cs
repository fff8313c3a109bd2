using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Ann.Core.Files;

/// <summary>
/// How a kind of file looks that is written and read at once: a header, which begins with 8 bytes that name the kind and a version (u32)
/// and ends with a hash (u64) of what is before it and of the body; then the body. What is between is the kind's own.
/// </summary>
/// <param name="magic">The first 8 bytes, in ASCII; the last is a line feed.</param>
/// <param name="headerBytes">Bytes of the header.</param>
/// <param name="section">What errors call the content.</param>
internal sealed class HashedFile(string magic, int headerBytes, string section)
{
    private const uint Version = 1;
    private const int VersionOffset = 8;

    private readonly byte[] _magic = Encoding.ASCII.GetBytes(magic);
    private readonly int _hashOffset = headerBytes - sizeof(ulong);

    /// <summary>Writes a file. It appears whole or not at all, and survives a power cut.</summary>
    /// <param name="files">Where to.</param>
    /// <param name="path">The file.</param>
    /// <param name="header">With the kind's own fields; completed here.</param>
    /// <param name="body">What follows.</param>
    /// <exception cref="IOException">The device refused it; the file is as it was.</exception>
    public void Write(IFileSystem files, string path, Span<byte> header, ReadOnlySpan<byte> body)
    {
        _magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[VersionOffset..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(header[_hashOffset..], HashOf(header, body));
        using AtomicFile file = new(files, path);
        file.Stream.Write(header);
        file.Stream.Write(body);
        file.Commit();
    }

    /// <summary>Reads a file, and checks what all kinds have in it.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">The file.</param>
    /// <param name="mostBodyBytes">A longer one is refused before memory is made for it.</param>
    /// <returns>Header and body.</returns>
    /// <exception cref="AnnException">
    /// Corrupt: names the byte. NotFound: no such file. InvalidArgument: of another version. Unavailable: it cannot be read.
    /// </exception>
    public ReadOnlySpan<byte> Read(IFileSystem files, string path, long mostBodyBytes)
    {
        ReadOnlySpan<byte> bytes = WholeFile.Read(files, path, section, headerBytes + mostBodyBytes);
        if (bytes.Length < headerBytes)
            throw Bad(path, bytes.Length, $"a header takes {headerBytes} bytes; the file has {bytes.Length}.");
        if (!bytes.StartsWith(_magic))
            throw Bad(path, 0, $"its first 8 bytes are not \"{magic.TrimEnd('\n')}\\n\".");
        ulong expected = BinaryPrimitives.ReadUInt64LittleEndian(bytes[_hashOffset..]);
        ulong actual = HashOf(bytes, bytes[headerBytes..]);
        if (actual != expected)
            throw Bad(path, _hashOffset, $"hash {actual:x16}; the file says {expected:x16}.");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[VersionOffset..]);
        return version == Version
            ? bytes
            : throw AnnException.BadInput(path, $"byte {VersionOffset}", $"format version {version}; this build reads version {Version}.");
    }

    /// <summary>The fault of a file.</summary>
    public AnnException Bad(string path, long offset, string what) => AnnException.Corrupt(path, section, offset, what);

    private ulong HashOf(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        XxHash3 hash = new();
        hash.Append(header[.._hashOffset]);
        hash.Append(body);
        return hash.GetCurrentHashAsUInt64();
    }
}
