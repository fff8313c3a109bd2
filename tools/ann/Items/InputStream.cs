using System.IO.Compression;
using Ann.Core;
using ZstdSharp;

namespace Ann.Tool.Items;

/// <summary>
/// The bytes of a text file or of standard input, unpacked where they begin as gzip or Zstandard does, whatever they are called, and
/// without a byte order mark. Reads forwards, and holds no more than a buffer of them.
/// </summary>
internal sealed class InputStream : ForwardStream
{
    private const int BufferSizeInBytes = 1 << 16;

    private readonly string _name;
    private readonly CountedStream _raw;
    private readonly Stream _content;
    private readonly string? _packing;
    private readonly long? _totalBytes;

    /// <param name="raw">The bytes as they are; owned from here on.</param>
    /// <param name="name">What they are called, for messages.</param>
    /// <param name="leavesOpen">True where they are somebody else's.</param>
    public InputStream(Stream raw, string name, bool leavesOpen = false)
    {
        _name = name;
        _totalBytes = raw.CanSeek ? raw.Length : null;
        _raw = new CountedStream(raw, leavesOpen);
        (byte[] start, Stream whole) = Begin(new BufferedStream(_raw, BufferSizeInBytes), 4);
        _packing = start is [0x1F, 0x8B, ..] ? "gzip" : start is [0x28, 0xB5, 0x2F, 0xFD] ? "Zstandard" : null;
        _content = _packing switch
        {
            "gzip" => new GZipStream(whole, CompressionMode.Decompress),
            "Zstandard" => new DecompressionStream(whole, leaveOpen: false),
            _ => whole,
        };
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
        catch (Exception e) when (_packing is not null && e is InvalidDataException or ZstdException or EndOfStreamException)
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
        catch (Exception e) when (_packing is not null && e is InvalidDataException or ZstdException or EndOfStreamException)
        {
            throw Damaged(e);
        }
    }

    private AnnException Damaged(Exception e) => AnnException.BadInput(
        _name, $"byte {BytesRead} of the {_packing} data", "expected the rest of it; it is damaged or was cut off: " + e.Message, e);

    private sealed class CountedStream(Stream inner, bool leavesOpen) : ForwardStream
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
            if (disposing && !leavesOpen)
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
