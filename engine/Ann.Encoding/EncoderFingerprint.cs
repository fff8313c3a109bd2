using System.Buffers.Binary;
using System.IO.Hashing;
using Ann.Core.Files;

namespace Ann.Encoding;

/// <summary>XxHash3 over everything that decides an encoder's rows, and nothing else: neither names nor places.</summary>
internal sealed class EncoderFingerprint
{
    private readonly XxHash3 _hash = new();

    /// <summary>Adds the content of a file. Lengths keep two files apart from one that is their sum.</summary>
    public EncoderFingerprint Add(ReadOnlySpan<byte> content)
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, content.Length);
        _hash.Append(length);
        _hash.Append(content);
        return this;
    }

    /// <summary>Adds a file of any length without holding it.</summary>
    public EncoderFingerprint Add(IFileSystem files, string path)
    {
        using Stream stream = files.OpenRead(path);
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, stream.Length);
        _hash.Append(length);
        _hash.Append(stream);
        return this;
    }

    /// <summary>Adds settings in their one canonical spelling.</summary>
    public EncoderFingerprint Add(string settings) => Add(System.Text.Encoding.UTF8.GetBytes(settings));

    /// <summary>The fingerprint of all that was added, in order.</summary>
    public ulong Value => _hash.GetCurrentHashAsUInt64();
}
