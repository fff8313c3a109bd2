using Microsoft.Win32.SafeHandles;

namespace Ann.Core.Files;

/// <summary>A file of the machine that grows at its end. Nothing is buffered: what was appended is the system's.</summary>
internal sealed class PhysicalAppendFile(SafeFileHandle file) : IAppendFile
{
    private long _length = RandomAccess.GetLength(file);

    public long Length => _length;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(file, bytes, _length);
        _length += bytes.Length;
    }

    public void Flush() => RandomAccess.FlushToDisk(file);

    public void Truncate(long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, RandomAccess.GetLength(file));
        RandomAccess.SetLength(file, length);
        _length = length;
    }

    public void Dispose() => file.Dispose();
}
