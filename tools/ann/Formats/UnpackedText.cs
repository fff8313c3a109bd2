using Ann.Tool.Items;

namespace Ann.Tool.Formats;

/// <summary>The text of a file, unpacked where it is packed, that can be read again from its beginning. Its length is not known.</summary>
/// <param name="raw">The file, seekable; owned from here on.</param>
/// <param name="name">What it is called, for messages.</param>
internal sealed class UnpackedText(Stream raw, string name) : ForwardStream
{
    private InputStream? _text;
    private long _position;

    public override bool CanSeek => true;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(value, 0);
            _text?.Dispose();
            _text = null;
            _position = 0;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        if (_text is null)
        {
            raw.Position = 0;
            _text = new InputStream(raw, name, leavesOpen: true);
        }
        int read = _text.Read(buffer);
        _position += read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _text?.Dispose();
            raw.Dispose();
        }
        base.Dispose(disposing);
    }
}
