using System.Buffers.Binary;

namespace Ann.Core.Files.Formats;

/// <summary>Numbers of an index file of another engine, little-endian, one after another; each is held to its range.</summary>
/// <param name="stream">The file, seekable.</param>
/// <param name="path">For messages.</param>
/// <param name="position">Where it begins.</param>
internal sealed class IndexFileFields(Stream stream, string path, long position)
{
    private readonly byte[] _word = new byte[sizeof(ulong)];
    private long _last = position;

    /// <summary>Where the next one begins.</summary>
    public long Position { get; private set; } = position;

    /// <summary>The next number of some bytes without a sign, within its range.</summary>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="name">What it is.</param>
    /// <param name="least">Least.</param>
    /// <param name="most">Most.</param>
    public long Next(int size, string name, long least = 0, long most = long.MaxValue)
    {
        ulong value = Read(size, name);
        if (value > long.MaxValue || (long)value < least || (long)value > most)
            throw Fault($"{name} is {value}; expected {(most == long.MaxValue ? $"at least {least}" : $"{least} to {most}")}.");
        return (long)value;
    }

    /// <summary>The next number of 32 bits with a sign, within its range.</summary>
    public int NextInt32(string name, int least, int most)
    {
        int value = (int)Read(sizeof(int), name);
        return value >= least && value <= most ? value : throw Fault($"{name} is {value}; expected {least} to {most}.");
    }

    /// <summary>The bits of the next one.</summary>
    public ulong Read(int size, string name)
    {
        Array.Clear(_word);
        stream.Position = Position;
        if (stream.ReadAtLeast(_word.AsSpan(0, size), size, throwOnEndOfStream: false) < size)
            throw AnnException.BadInput(path, $"byte {Position}", $"expected {name}; the file ends after {stream.Length} bytes.");
        _last = Position;
        Position += size;
        return BinaryPrimitives.ReadUInt64LittleEndian(_word);
    }

    /// <summary>An error in the number read last.</summary>
    public AnnException Fault(string what) => AnnException.BadInput(path, $"byte {_last}", what);
}
