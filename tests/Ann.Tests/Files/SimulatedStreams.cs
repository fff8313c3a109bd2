using Ann.Core.Files;

namespace Ann.Tests.Files;

/// <summary>Writes to a simulated file. Nothing is buffered: each write is an operation.</summary>
internal sealed class SimulatedStream(SimulatedFileSystem files, string path, SimulatedNode node) : Stream
{
    private int _position;

    public string Path => path;

    public SimulatedNode Node => node;

    public override bool CanRead => false;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => node.Length;

    public override long Position
    {
        get => _position;
        set => _position = (int)value;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        files.Write(path, node, _position, buffer);
        _position += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void WriteByte(byte value) => Write([value]);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    public override void SetLength(long value) => files.Truncate(path, node, value);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>Reads what a simulated file held when it was opened.</summary>
internal sealed class SimulatedReadStream(SimulatedFileSystem files, string path, ReadOnlyMemory<byte> content) : Stream
{
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => content.Length;

    public override long Position
    {
        get => _position;
        set => _position = (int)value;
    }

    public override int Read(Span<byte> buffer)
    {
        files.Reading(path);
        int count = Math.Min(buffer.Length, Math.Max(0, content.Length - _position));
        content.Span.Slice(Math.Min(_position, content.Length), count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>Appends to a simulated file.</summary>
internal sealed class SimulatedAppendFile(SimulatedFileSystem files, string path, SimulatedNode node) : IAppendFile
{
    // As the machine's: what a failed append wrote is behind the length, and overwritten.
    private int _length = node.Length;

    public long Length => _length;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        files.Write(path, node, _length, bytes);
        _length += bytes.Length;
    }

    public void Flush() => files.FlushNode(path, node);

    public void Truncate(long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, node.Length);
        files.Truncate(path, node, length);
        _length = (int)length;
    }

    public void Dispose()
    {
    }
}
