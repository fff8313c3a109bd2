using System.IO.Compression;
using Ann.Core;

namespace Ann.Tool.Items;

/// <summary>
/// The bytes of a text file or of standard input, unpacked where they begin as gzip does, whatever they are called, and without a byte
/// order mark. Reads forwards, and holds no more than a buffer of them.
/// </summary>
internal sealed class InputStream : ForwardStream
{
    private const int BufferSizeInBytes = 1 << 16;

    private readonly string _name;
    private readonly CountedStream _raw;
    private readonly Stream _content;
    private readonly bool _isGzip;
    private readonly long? _totalBytes;

    /// <param name="raw">The bytes as they are; owned from here on.</param>
    /// <param name="name">What they are called, for messages.</param>
    public InputStream(Stream raw, string name)
    {
        _name = name;
        _totalBytes = raw.CanSeek ? raw.Length : null;
        _raw = new CountedStream(raw);
        (byte[] start, Stream whole) = Begin(new BufferedStream(_raw, BufferSizeInBytes), 2);
        _isGzip = start is [0x1F, 0x8B];
        _content = _isGzip ? new GZipStream(whole, CompressionMode.Decompress) : whole;
        (start, whole) = Guarded(() => Begin(_content, ByteOrderMark.Length));
        if (!start.AsSpan().SequenceEqual(ByteOrderMark))
            _content = whole;
    }

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Bytes of the file that were read so far, packed ones where it is packed.</summary>
    public long BytesRead => _raw.Count;

    /// <summary>How much of the file was read, 0 to 1; null where nobody knows.</summary>
    public double? Fraction => _totalBytes is > 0 ? Math.Min(1, (double)BytesRead / _totalBytes.Value) : null;

    /// <exception cref="AnnException">InvalidArgument: what is packed is damaged or cut off.</exception>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return _content.Read(buffer);
        }
        catch (InvalidDataException e) when (_isGzip)
        {
            throw Damaged(e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _content.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The first bytes of a stream, and the stream with them before the rest.</summary>
    private static (byte[] Start, Stream Whole) Begin(Stream stream, int count)
    {
        byte[] start = new byte[count];
        int found = stream.ReadAtLeast(start, count, throwOnEndOfStream: false);
        return (start[..found], new RejoinedStream(start.AsMemory(0, found), stream));
    }

    private T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e) when (_isGzip)
        {
            throw Damaged(e);
        }
    }

    private AnnException Damaged(Exception e) => AnnException.BadInput(
        _name, $"byte {BytesRead} of the gzip data", "expected the rest of it; it is damaged or was cut off: " + e.Message, e);

    private sealed class CountedStream(Stream inner) : ForwardStream
    {
        private long _count;

        public long Count => Volatile.Read(ref _count); // who shows progress is on another thread

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer);
            Volatile.Write(ref _count, _count + read);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>Bytes that were taken from a stream, and the rest of it.</summary>
    private sealed class RejoinedStream(ReadOnlyMemory<byte> start, Stream rest) : ForwardStream
    {
        private ReadOnlyMemory<byte> _start = start;

        public override int Read(Span<byte> buffer)
        {
            if (_start.IsEmpty)
                return rest.Read(buffer);
            int count = Math.Min(buffer.Length, _start.Length);
            _start.Span[..count].CopyTo(buffer);
            _start = _start[count..];
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                rest.Dispose();
            base.Dispose(disposing);
        }
    }
}
