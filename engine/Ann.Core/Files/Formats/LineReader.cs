using System.Buffers;

namespace Ann.Core.Files.Formats;

/// <summary>Lines of a UTF-8 text, without their ends (LF or CRLF) and without the byte order mark, through one pooled buffer.</summary>
internal sealed class LineReader(Stream stream, string path) : IDisposable
{
    /// <summary>Longest line: a vector of 65,536 components takes about 1 MB, a text far less.</summary>
    public const int MaxLineBytes = 16 << 20;

    private const int FirstBufferSizeInBytes = 1 << 16;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBufferSizeInBytes);
    private int _start;
    private int _end;
    private bool _streamEnded;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Number of the line read last, from 1; 0 before the first.</summary>
    public long Line { get; private set; }

    /// <summary>Reads the next line that holds more than blanks.</summary>
    /// <param name="line">Valid until the next call.</param>
    /// <returns>False at the end.</returns>
    public bool TryReadFilled(out ReadOnlySpan<byte> line)
    {
        while (TryRead(out line))
            if (line.ContainsAnyExcept(" \t\r\v\f"u8))
                return true;
        return false;
    }

    /// <summary>Goes back to the beginning.</summary>
    public void Rewind()
    {
        stream.Position = 0;
        _start = _end = 0;
        _streamEnded = false;
        Line = 0;
    }

    public void Dispose()
    {
        stream.Dispose();
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private bool TryRead(out ReadOnlySpan<byte> line)
    {
        int scanned = 0;
        while (true)
        {
            int length = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = Take(scanned + length, ending: 1);
                return true;
            }
            scanned = _end - _start;
            if (_streamEnded)
            {
                line = scanned > 0 ? Take(scanned, ending: 0) : default;
                return scanned > 0;
            }
            if (scanned > MaxLineBytes)
                throw AnnException.BadInput(path, $"line {Line + 1}", $"it is longer than {MaxLineBytes} bytes, the most that is read.");
            Fill();
        }
    }

    private ReadOnlySpan<byte> Take(int length, int ending)
    {
        ReadOnlySpan<byte> line = _buffer.AsSpan(_start, length);
        _start += length + ending;
        if (Line++ == 0 && line.StartsWith(ByteOrderMark))
            line = line[ByteOrderMark.Length..];
        return line.EndsWith("\r"u8) ? line[..^1] : line;
    }

    private void Fill()
    {
        int kept = _end - _start;
        if (kept == _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(_start, kept).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_start, kept).CopyTo(_buffer);
        }
        _start = 0;
        _end = kept + stream.Read(_buffer.AsSpan(kept));
        _streamEnded = _end == kept;
    }
}
