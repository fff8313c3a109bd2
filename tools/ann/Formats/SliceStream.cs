using Ann.Tool.Items;

namespace Ann.Tool.Formats;

/// <summary>Some of the bytes of a stream, forwards. The stream stays open.</summary>
/// <param name="inner">Seekable.</param>
/// <param name="start">The first byte.</param>
/// <param name="end">Behind the last one.</param>
internal sealed class SliceStream(Stream inner, long start, long end) : ForwardStream
{
    private long _at = start;

    public override int Read(Span<byte> buffer)
    {
        int most = (int)Math.Min(buffer.Length, end - _at);
        if (most <= 0)
            return 0;
        inner.Position = _at;
        int read = inner.Read(buffer[..most]);
        _at += read;
        return read;
    }
}
